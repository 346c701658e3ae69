"""Icons that differ in shape, not in colour alone."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from CACBoneAxisLib.calcium.territories import territories


def test_every_artery_has_a_shape_of_its_own_without_its_colour(host):
    from CACBoneAxisLib.panel.icons import draw_territory

    shapes = {code: np.asarray(draw_territory(code, (128, 128, 128)))[..., 3] > 127 for code in territories()}
    for one, shape in shapes.items():
        for other, another in shapes.items():
            # A tenth of the picture and more differs.
            assert one == other or np.mean(shape != another) > 0.05, (one, other)


def test_the_buttons_carry_them(host):
    ui = host.open().ui
    for name in [f"territory{code}Button" for code in territories()] + ["levelT12Button", "levelL1Button"]:
        assert not getattr(ui, name).icon.isNull()


def test_the_colour_is_the_artery_s(host):
    from CACBoneAxisLib.panel.icons import SIZE_PIXELS, draw_territory

    middle = np.asarray(draw_territory("LAD", (240, 220, 40)))[SIZE_PIXELS // 2, SIZE_PIXELS // 2]
    assert tuple(middle) == (240, 220, 40, 255)
