from __future__ import annotations

import numpy as np

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage


def test_an_image_made_of_an_array_knows_nothing_else():
    image = CTImage(np.zeros((2, 2, 2), np.int16), ImageGeometry((2, 2, 2), (1, 1, 1), (0, 0, 0)))
    assert (image.acquisition.kvp, image.source.format, image.source.sha256, image.findings) == (
        None,
        "memory",
        None,
        (),
    )
