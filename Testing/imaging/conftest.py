"""A small scan that the tests of reading store in every way."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry


@pytest.fixture
def small_hu() -> np.ndarray:
    """8 slices of 10 rows and 12 columns, from air to cortex, no two alike."""
    return np.random.default_rng(7).integers(-1024, 1300, (8, 10, 12)).astype(np.int16)


@pytest.fixture
def small_geometry() -> ImageGeometry:
    return ImageGeometry((8, 10, 12), (0.6269531, 0.71, 2.5), (-40.25, -101.5, 33.75))
