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


def a_body(scale=lambda hu: hu, padding=None, air=True):
    generator = np.random.default_rng(11)
    hu = generator.normal(40, 15, (12, 60, 60))
    if air:
        hu[:, :20] = generator.normal(-1000, 12, (12, 20, 60))
        hu[:, 30:40, 10:30] = generator.normal(-850, 60, (12, 10, 20))
    hu[:, 45:50, 20:30] = 300
    hu = scale(hu)
    if padding is not None:
        hu[:, :, :8] = padding
    return hu.round().astype(np.int16)


@pytest.mark.parametrize("air", [True, False])
@pytest.mark.parametrize("padding", [-2000, -3024, -1024])
def test_raw_values_are_refused_whatever_pads_them(air, padding):
    with pytest.raises(
        UnusableInputError, match=r"soft tissue does in raw values|air measures|neither air nor tissue"
    ) as caught:
        as_hounsfield(a_body(lambda hu: hu + 1024, padding, air), "scan")
    assert caught.value.code == "not-hu"


@pytest.mark.parametrize(
    "scale",
    [lambda hu: hu * 0.5, lambda hu: hu * 2, lambda hu: hu - 1000],
    ids=["half the slope", "twice the slope", "intercept 1000 too low"],
)
def test_air_far_from_minus_1000_is_refused(scale):
    with pytest.raises(UnusableInputError) as caught:
        as_hounsfield(a_body(scale), "scan")
    assert caught.value.code == "not-hu"


@pytest.mark.parametrize("padding", [None, -2000, -3024, -1024])
def test_a_body_in_hounsfield_units_is_read_with_and_without_padding_and_air(padding):
    for air in (True, False):
        if air or padding is not None:
            assert as_hounsfield(a_body(padding=padding, air=air), "scan").findings == ()
