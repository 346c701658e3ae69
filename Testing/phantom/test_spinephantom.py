"""The spine phantom is what it says: densities, sizes, rods."""

import numpy as np
import pytest

from CACBoneAxisLib.phantom.parameters import HU_PER_MG_HYDROXYAPATITE
from CACBoneAxisLib.phantom.spinephantom import (
    DEFAULT,
    HALF_DEPTH_MM,
    HALF_HEIGHT_MM,
    HALF_WIDTH_MM,
    ROD_MG_CM3,
    VERTEBRAE,
    make_spine_phantom,
)

COARSE = {"spacing_mm": 1.4, "slice_increment_mm": 3.0}


@pytest.fixture(scope="module")
def clean():
    return make_spine_phantom(noise_sd_hu=0.0, point_spread_fwhm_mm=0.0, **COARSE)


def test_the_middle_of_each_body_has_its_published_density(clean):
    assert list(clean.truth_mg_cm3.values()) == [50.0, 100.0, 200.0]
    for _, label, density, middle in VERTEBRAE:
        i, j, k = np.rint(clean.image.geometry.to_index([0.0, 0.0, middle])).astype(int)
        assert clean.image.hu[k, j, i] == pytest.approx(density * HU_PER_MG_HYDROXYAPATITE, abs=0.5)
        assert clean.vertebrae[k, j, i] == label


def test_the_labels_have_the_volume_of_the_bodies(clean):
    volume = np.pi * HALF_WIDTH_MM * HALF_DEPTH_MM * 2 * HALF_HEIGHT_MM
    for _, label, _, _ in VERTEBRAE:
        found = np.count_nonzero(clean.vertebrae == label) * clean.image.geometry.voxel_volume_mm3
        # Voxels of 3 mm along 25 mm: up to one layer of eight too many or too few.
        assert found == pytest.approx(volume, rel=0.13)


def test_the_rods_have_their_densities(clean):
    for number, density in enumerate(ROD_MG_CM3):
        i, j, k = np.rint(clean.image.geometry.to_index([30.0 * (number - 2), 68.0, 0.0])).astype(int)
        assert clean.image.hu[k, j, i] == pytest.approx(density * HU_PER_MG_HYDROXYAPATITE, abs=0.5)


def test_noise_has_its_sd_and_equal_parameters_give_equal_digits():
    made = [make_spine_phantom(DEFAULT, noise_sd_hu=20.0, **COARSE).image.hu for _ in range(2)]
    assert np.array_equal(*made)
    water = made[0][:, 60:70, 30:45].astype(float)
    # Slices are independent; within one, noise is correlated: 40 slices tell the SD to some per cent.
    assert water.std() == pytest.approx(20.0, rel=0.15)
