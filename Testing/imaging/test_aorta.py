"""The descending aorta is found in the torso and on real scans, and nothing is taken for it where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CACBoneAxisLib.imaging.aorta import blood_in_region, discs_in_slice, find_blood
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.heart import AORTA_HIGH


def torso(blood_hu: float, noise_hu: float = 14.0) -> CTImage:
    # Coarse slices of the whole chest: what the search needs, and quick to make.
    return make_torso(
        TorsoParameters(spacing_mm=1.4, slice_increment_mm=6.0, blood_hu=blood_hu, noise_sd_hu=noise_hu)
    ).image


@pytest.mark.parametrize("blood_hu", [40.0, 90.0, 150.0, 350.0])
def test_blood_of_the_torso_measures_what_it_was_made_of(blood_hu: float) -> None:
    image = torso(blood_hu)
    blood = find_blood(image)
    assert blood is not None
    # Noise of 14 HU over thousands of voxels, and fractions of the wall: far below what decides (100 HU).
    assert blood.hu == pytest.approx(blood_hu, abs=3)
    assert blood.noise_hu == pytest.approx(14, rel=0.2)
    path = AORTA_HIGH.point(np.linspace(0, 1, 400))
    for disc in blood.discs:
        center = image.geometry.to_lps([disc.x, disc.y, disc.z])
        # Two pixels of the search's grid; above, in the arch, a slice shows no disc.
        assert center[2] > 225 or np.min(np.linalg.norm(path - center, axis=1)) < 2 * 2.8


@pytest.mark.parametrize("noise_hu", [5.0, 25.0])
def test_noise_is_measured_as_it_was_made(noise_hu: float) -> None:
    blood = find_blood(torso(40.0, noise_hu))
    assert blood is not None
    assert blood.noise_hu == pytest.approx(noise_hu, rel=0.2)


def test_an_image_without_a_chest_has_no_aorta(shared_data: Path) -> None:
    assert find_blood(read_ct(shared_data / "qrm_cci" / "qrm_cci_crop.nrrd")) is None


def test_muscle_beside_the_lumbar_spine_is_not_taken_for_an_aorta(shared_data: Path) -> None:
    assert find_blood(read_ct(shared_data / "spine" / "ct.nii.gz")) is None


def test_an_enhanced_aorta_is_seen_on_a_real_scan(shared_data: Path) -> None:
    blood = find_blood(read_ct(shared_data / "dicom" / "contrast_series"))
    assert blood is not None
    assert blood.hu > 100


def test_pixels_that_differ_by_the_digits_of_a_file_are_square() -> None:
    image = torso(40.0)
    dx, _, dz = image.geometry.spacing_mm
    uneven = replace(image, geometry=replace(image.geometry, spacing_mm=(dx, dx + 1.4e-6, dz)))
    first, second = find_blood(image), find_blood(uneven)
    assert first is not None and second is not None
    assert (second.hu, second.noise_hu, second.voxels) == (first.hu, first.noise_hu, first.voxels)


@pytest.mark.parametrize("axis", [1, 2])
def test_blood_is_found_where_rows_and_columns_lie_differently_apart(axis: int) -> None:
    image = torso(150.0)
    dx, dy, dz = image.geometry.spacing_mm
    # Every other row or column left out: the same patient on pixels of 1.4 x 2.8 mm.
    hu = np.ascontiguousarray(image.hu[:, ::2] if axis == 1 else image.hu[:, :, ::2])
    spacing = (dx, 2 * dy, dz) if axis == 1 else (2 * dx, dy, dz)
    first = find_blood(image)
    second = find_blood(replace(image, hu=hu, geometry=replace(image.geometry, shape=hu.shape, spacing_mm=spacing)))
    assert first is not None and second is not None
    # Within a pixel of the search's grid the same vessel, whose blood is 150 HU.
    assert second.hu == pytest.approx(150, abs=3)
    centers = {disc.z: (disc.y * dy, disc.x * dx) for disc in first.discs}
    apart = [
        np.hypot(disc.y * spacing[1] - centers[disc.z][0], disc.x * spacing[0] - centers[disc.z][1])
        for disc in second.discs
        if disc.z in centers
    ]
    assert len(apart) >= 5 and max(apart) < 2 * 2.8


def test_a_region_of_the_reader_is_measured_as_it_is() -> None:
    image = torso(40.0)
    found = find_blood(image)
    assert found is not None
    disc = found.discs[len(found.discs) // 2]
    left, posterior, superior = (float(v) for v in image.geometry.to_lps([disc.x, disc.y, disc.z]))
    blood = blood_in_region(image, Box("aorta", (left, posterior, superior), (14.0, 14.0, 12.0)))
    assert blood is not None
    assert (blood.where, blood.hu) == ("region", pytest.approx(40, abs=4))
    assert blood_in_region(image, Box("aorta", (left, posterior, superior), (1.0, 1.0, 1.0))) is None


def test_of_many_discs_in_a_slice_the_six_that_fit_best_are_kept() -> None:
    y, x = np.mgrid[:300, :300].astype(float)
    hu = np.full((1, 300, 300), -800, dtype=np.int16)
    hu[0, :6] = hu[0, -6:] = hu[0, :, :6] = hu[0, :, -6:] = 40  # the chest's wall
    centers = [(row, column) for row in (125, 170, 215, 260) for column in (135, 170, 205)]
    for row, column in centers:
        hu[0, np.hypot(y - row, x - column) <= 13] = 40
        hu[0, np.hypot(y - row - 22, x - column) <= 4] = 300  # bone behind each
    found = discs_in_slice(CTImage(hu, ImageGeometry(hu.shape, (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))), 0)
    assert len(found) == 6
    assert [disc.score for disc in found] == sorted((disc.score for disc in found), reverse=True)
    for disc in found:
        assert min(np.hypot(disc.y - row, disc.x - column) for row, column in centers) < 5
