import statistics

import numpy as np
import pytest

from CACBoneAxisLib.bone.hustatistics import measure
from CACBoneAxisLib.imaging.masks import Mask


def test_a_worked_example():
    # 1 2 3 4 10: mean 4, median 3, squared deviations 9 + 4 + 1 + 0 + 36 = 50, SD sqrt(50 / 4).
    # 10th percentile at rank 0.4: 1.4; 90th at rank 3.6: 4 + 0.6 x 6 = 7.6.
    found = measure(np.array([10, 1, 3, 2, 4], dtype=np.int16), 0.5)
    assert (found.mean_hu, found.median_hu, found.voxels, found.volume_mm3) == (4.0, 3.0, 5, 2.5)
    assert found.sd_hu == pytest.approx((50 / 4) ** 0.5, rel=1e-15)
    assert (found.p10_hu, found.p90_hu) == (pytest.approx(1.4, rel=1e-15), pytest.approx(7.6, rel=1e-15))


def test_whole_numbers_agree_with_exact_fractions():
    values = np.random.default_rng(3).integers(-1024, 3071, 4001).astype(np.int16)
    found = measure(values, 1.0)
    whole = [int(v) for v in values]
    assert found.mean_hu == statistics.mean(whole)
    assert found.sd_hu == pytest.approx(statistics.stdev(whole), rel=1e-15)
    assert found.median_hu == statistics.median(whole)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_the_digits_do_not_depend_on_the_order_of_the_voxels(dtype):
    rng = np.random.default_rng(4)
    values = rng.normal(120, 45, 3000).astype(dtype)
    assert measure(values, 1.0) == measure(rng.permutation(values), 1.0) == measure(values[::-1], 1.0)


def test_a_large_region_of_int16_does_not_overflow():
    assert measure(np.full(200_000, 3000, dtype=np.int16), 1.0).mean_hu == 3000.0


def test_one_voxel_has_no_standard_deviation_and_none_no_measurement():
    assert measure(np.array([7], dtype=np.int16), 1.0).sd_hu is None
    with pytest.raises(ValueError, match="no values"):
        measure(np.array([], dtype=np.int16), 1.0)


def test_a_mask_measures_its_own_voxels():
    hu = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    mask = Mask.from_indices(np.array([[0, 0, 0], [2, 2, 2]]))
    assert measure(mask.values(hu), 1.0).mean_hu == 13.0
