"""What noise produces by chance, against drawn noise."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.noise import HEART_VOLUME_MM3, chance_peak_hu
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.imaging.aorta import BloodPool


def test_one_voxel_of_a_heart_of_noise_is_expected_above_the_limit() -> None:
    voxel_mm3 = 1.0
    limit = chance_peak_hu(BloodPool(40.0, 20.0, 1000, 10, "region"), voxel_mm3)
    rng = np.random.default_rng(1)
    above = [np.count_nonzero(rng.normal(40, 20, int(HEART_VOLUME_MM3)) >= limit) for _ in range(40)]
    # Poisson: 40 draws of mean 1 have a standard error of 0.16.
    assert np.mean(above) == pytest.approx(1.0, abs=4 * 0.16)


@pytest.mark.parametrize(("noise_hu", "flagged"), [(10.0, False), (30.0, True)])
def test_a_faint_lesion_is_flagged_where_noise_reaches_it(noise_hu: float, flagged: bool) -> None:
    image = make_image((3, 12, 12))
    image.hu[1, 3:6, 3:6] = 140
    blood = BloodPool(40.0, noise_hu, 1000, 10, "descending aorta")
    result = score_calcium(image, [seed_at(image, (1, 4, 4))], CalciumProtocol(), blood=blood)
    assert ("lesion-chance" in {f.code for f in result.findings}) is flagged
    assert result.total.agatston == pytest.approx(2.25)


def test_zero_says_what_it_rests_on() -> None:
    image = make_image((3, 12, 12))
    (finding,) = [f for f in score_calcium(image, [], CalciumProtocol()).findings if f.code == "zero-rests-on"]
    assert "130 HU" in finding.message
    assert "not measured" in finding.message
