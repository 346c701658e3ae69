"""What noise produces by chance, against drawn noise."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.calcium.noise import HEART_VOLUME_MM3, chance_peak_hu
from CACBoneAxisLib.imaging.aorta import BloodPool


def test_one_voxel_of_a_heart_of_noise_is_expected_above_the_limit() -> None:
    voxel_mm3 = 1.0
    limit = chance_peak_hu(BloodPool(40.0, 20.0, 1000, 10, "region"), voxel_mm3)
    rng = np.random.default_rng(1)
    above = [np.count_nonzero(rng.normal(40, 20, int(HEART_VOLUME_MM3)) >= limit) for _ in range(40)]
    # Poisson: 40 draws of mean 1 have a standard error of 0.16.
    assert np.mean(above) == pytest.approx(1.0, abs=4 * 0.16)
