from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.hounsfield import as_hounsfield, sample


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
def test_whole_numbers_become_int16(small_hu, dtype):
    found = as_hounsfield(small_hu.astype(dtype), "ct")
    assert found.values.dtype == np.int16
    assert np.array_equal(found.values, small_hu)
    assert found.findings == ()


def test_int16_is_used_where_it_lies(small_hu):
    assert as_hounsfield(small_hu, "ct").values is small_hu


def test_whole_numbers_with_rounding_noise_are_whole(small_hu):
    assert np.array_equal(as_hounsfield(small_hu + 0.0004, "ct").values, small_hu)


@pytest.mark.parametrize("where", ["everywhere", "one voxel"])
def test_fractions_stay_and_are_said(small_hu, where):
    hu = small_hu.astype(np.float64)
    if where == "everywhere":
        hu += 0.25
    else:
        hu[7, 9, 11] += 0.25
    found = as_hounsfield(hu, "ct")
    assert found.values.dtype == np.float32
    assert [f.code for f in found.findings] == ["hu-fractional"]
    assert np.array_equal(found.values, hu.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_no_number_is_refused(small_hu, value):
    hu = small_hu.astype(np.float32)
    hu[3, 4, 5] = value
    with pytest.raises(UnusableInputError) as caught:
        as_hounsfield(hu, "ct")
    assert caught.value.code == "not-finite"


def a_labelmap() -> np.ndarray:
    labels = np.zeros((8, 10, 12), np.uint8)
    labels[2:5, 3:6, 3:6] = 20
    return labels


@pytest.mark.parametrize(
    "array",
    [
        a_labelmap(),
        a_labelmap().astype(np.int16) - 1,
        a_labelmap().astype(np.int16) * 30 - 500,
        np.random.default_rng(1).integers(0, 4096, (8, 10, 12)).astype(np.uint16),
        np.random.default_rng(1).normal(0, 1, (8, 10, 12)),
        np.random.default_rng(1).integers(-1024, 70000, (8, 10, 12)),
        np.random.default_rng(1).integers(-100000, 3000, (8, 10, 12)),
    ],
    ids=["labels", "labels below 0", "few values", "before rescale", "z-scores", "too high", "too low"],
)
def test_what_is_not_in_hounsfield_units_is_refused(array):
    with pytest.raises(
        UnusableInputError, match=r"^scan\.nrrd does not look like a CT in Hounsfield units: .+\.$"
    ) as e:
        as_hounsfield(array, "scan.nrrd")
    assert e.value.code == "not-hu"


@pytest.mark.parametrize(
    "hu",
    [
        np.random.default_rng(2).normal(30, 60, (6, 20, 20)).round(),
        np.where(a_labelmap() > 0, 400, np.where(np.arange(12) < 3, -1000, 40)),
    ],
    ids=["heart without lung", "three values, one of them air"],
)
def test_small_and_simple_scans_are_accepted(hu):
    assert np.array_equal(as_hounsfield(hu, "ct").values, hu)


def test_a_sample_is_regular_and_small():
    array = np.arange(64 * 512 * 300, dtype=np.int32).reshape(300, 512, 64)
    values = sample(array, 50_000)
    assert 20_000 < values.size < 100_000
    assert abs(values.mean() / array.mean() - 1) < 0.02
    assert sample(array[:2, :3, :4]).tolist() == array[:2, :3, :4].ravel().tolist()


def test_an_int16_volume_is_checked_without_copies():
    hu = np.random.default_rng(3).integers(-1024, 3000, (64, 256, 256)).astype(np.int16)
    tracemalloc.start()
    as_hounsfield(hu, "ct")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The sample is what it takes, 1 MB whatever the size of the volume.
    assert peak < hu.nbytes / 4
