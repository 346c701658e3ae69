from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.attenuation import Attenuation
from CACBoneAxisLib.imaging.load import read_ct

# Median of 25,000 and more voxels of air with 15 HU noise, rounded to whole HU.
MEDIAN_HU = 2.0


def a_scan(air=-1000.0, noise=15.0, seed=0) -> np.ndarray:
    """Air around soft tissue with lung, bone and a little calcium; 40 % air."""
    generator = np.random.default_rng(seed)
    hu = np.full((20, 60, 60), 40.0)
    hu[:, :24] = air
    hu[:, 30:40, 5:25] = -850
    hu[:, 45:50, 20:40] = generator.uniform(100, 1200, (20, 5, 20))
    return np.clip(np.rint(hu + generator.normal(0, noise, hu.shape)), -1100, None).astype(np.int16)


@pytest.mark.parametrize("air", [-1045.0, -1000.0, -985.0, -950.0])
def test_the_air_around_the_patient_is_measured(air):
    assert Attenuation.of(a_scan(air)).air_hu == pytest.approx(air, abs=MEDIAN_HU)


def test_air_cut_at_minus_1024_is_still_measured():
    # What noise took below -1024 (one voxel in ten at 20 HU noise) lies at -1024.
    assert Attenuation.of(np.maximum(a_scan(noise=20), -1024)).air_hu == pytest.approx(-1000, abs=6)


def test_air_without_noise_is_its_value():
    assert Attenuation.of(a_scan(air=-964, noise=0)).air_hu == -964


def test_padding_outside_the_scan_field_is_not_air():
    hu = a_scan()
    hu[:, :10] = -3024
    assert Attenuation.of(hu).air_hu == pytest.approx(-1000, abs=MEDIAN_HU)


def test_lung_alone_is_not_air():
    hu = a_scan()
    hu[:, :24] = np.random.default_rng(1).normal(-870, 40, (20, 24, 60)).astype(np.int16)
    assert Attenuation.of(hu).air_hu is None
    assert Attenuation.of(np.full((4, 4, 4), 40, np.int16)).air_hu is None


@pytest.mark.parametrize(("air", "expected"), [((-940, -938), -939), ((-1150, -890), None)])
def test_a_little_air_is_measured_where_it_has_one_density(air, expected):
    hu = np.full((20, 40, 40), 40, np.int16)
    # 0.625 % of the scan, spread evenly: the median is the middle; over 260 HU there is no peak.
    hu[:, 0, :10] = np.rint(np.linspace(*air, 200)).reshape(20, 10)
    assert Attenuation.of(hu).air_hu == expected


@pytest.mark.parametrize("top", [240, 400, 800])
def test_a_cut_from_above_is_seen(top):
    hu = np.minimum(a_scan(), top)
    value, part = Attenuation.of(hu).cut_at_hu
    assert value == top
    assert part == pytest.approx(np.mean(hu == top), rel=0.05)


def test_a_natural_maximum_and_metal_at_full_scale_are_no_cut():
    assert Attenuation.of(a_scan()).cut_at_hu is None
    metal = a_scan()
    metal[:, 50:55, 50:55] = 3071
    assert Attenuation.of(metal).cut_at_hu is None


def test_a_phantom_of_constant_values_is_not_cut():
    hu = np.full((10, 40, 40), -1000, np.int16)
    hu[:, 10:30, 10:30] = 40
    hu[4:6, 15:20, 15:20] = 400
    assert Attenuation.of(hu).cut_at_hu is None


def test_fractions_are_seen():
    assert not Attenuation.of(a_scan().astype(np.float32)).fractional
    assert Attenuation.of(a_scan() + 0.5).fractional


@pytest.mark.parametrize("name", ["chest/ct.nrrd", "spine/ct.nii.gz", "dicom/contrast_series"])
def test_real_scans_have_air_near_minus_1000_and_no_cut(shared_data, name):
    found = Attenuation.of(read_ct(shared_data / name).hu)
    assert found.air_hu == pytest.approx(-1000, abs=5)
    assert found.cut_at_hu is None


@pytest.mark.parametrize("offset", [60, -50])
def test_an_offset_of_a_real_scan_is_measured(shared_data, offset):
    hu = read_ct(shared_data / "chest" / "ct.nrrd").hu
    assert Attenuation.of(hu + np.int16(offset)).air_hu == pytest.approx(-1000 + offset, abs=5)


@pytest.mark.parametrize("top", [240, 400, 1000])
def test_a_cut_of_a_real_scan_is_seen(shared_data, top):
    hu = read_ct(shared_data / "chest" / "ct.nrrd").hu
    assert Attenuation.of(np.minimum(hu, top)).cut_at_hu[0] == top
