"""Pictures of the report as pictures in the panel: every pixel, and none where there is nothing to show."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from PIL import Image  # noqa: E402


@pytest.fixture
def label(host):
    import qt

    return qt.QLabel()


def pixels(label) -> np.ndarray:
    image = label.pixmap.toImage()
    colors = [[image.pixelColor(x, y).getRgb()[:3] for x in range(image.width())] for y in range(image.height())]
    return np.array(colors)


def noise(height=6, width=9) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_every_pixel_arrives_from_a_picture_and_from_a_file(label):
    from CACBoneAxisLib.panel.pictures import show_picture

    picture = Image.fromarray(noise())
    file = BytesIO()
    picture.save(file, "PNG")
    for given in (picture, file.getvalue()):
        show_picture(label, given, "what it is")
        assert np.array_equal(pixels(label), noise())
        assert label.toolTip == "what it is"
        assert label.minimumHeight == 6


def test_a_picture_that_is_too_wide_is_made_narrower_in_shape(label):
    from CACBoneAxisLib.panel.pictures import show_picture

    show_picture(label, Image.new("RGB", (900, 300), (10, 20, 30)), width=300)
    assert pixels(label).shape == (100, 300, 3)
    assert np.all(pixels(label) == (10, 20, 30))


def test_nothing_to_show_is_no_label(label):
    from CACBoneAxisLib.panel.pictures import show_picture

    show_picture(label, None)
    assert label.isHidden()
