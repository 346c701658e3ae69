"""The same patient stored in all 48 axis orders and signs is the same image to the last byte.

The stored images are made by SimpleITK's PermuteAxes and Flip, which know nothing of the library.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.reading import read_ct

SPACING = (0.6269531, 0.488, 2.5)
ORIGINS = [(-170.5, -324.5, -360.0), (11.25, 0.0, 1234.5)]
# NIfTI keeps the origin in single precision: 1234.5 mm has a last digit of 1.2e-4 mm.
SINGLE_PRECISION_MM = 2e-4
ORDERS = [(order, flips) for order in permutations(range(3)) for flips in product([False, True], repeat=3)]


@pytest.fixture(scope="module")
def hu() -> np.ndarray:
    return np.random.default_rng(48).integers(-1024, 1500, (6, 7, 8)).astype(np.int16)


def stored(hu: np.ndarray, origin, order, flips) -> sitk.Image:
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(SPACING)
    image.SetOrigin(origin)
    return sitk.Flip(sitk.PermuteAxes(image, order), flips, False)


def assert_is_the_patient(image, hu, origin):
    assert image.hu.dtype == np.int16
    assert np.ascontiguousarray(image.hu).tobytes() == hu.tobytes()
    assert image.geometry.spacing_mm == SPACING
    assert image.geometry.direction == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert np.allclose(image.geometry.origin_mm, origin, atol=SINGLE_PRECISION_MM)


def test_48_different_storages_are_tested(hu):
    directions = {stored(hu, ORIGINS[0], *one).GetDirection() for one in ORDERS}
    assert len(directions) == 48
    determinants = [np.linalg.det(np.reshape(one, (3, 3))) for one in directions]
    assert sum(d < 0 for d in determinants) == 24


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha"])
def test_files_of_any_order_are_one_patient(hu, tmp_path, suffix):
    for number, (order, flips) in enumerate(ORDERS):
        origin = ORIGINS[number % 2]
        path = tmp_path / f"{number}{suffix}"
        sitk.WriteImage(stored(hu, origin, order, flips), str(path))
        assert_is_the_patient(read_ct(path), hu, origin)


def test_dicom_series_of_any_orientation_and_order_are_one_patient(hu, tmp_path, dicom_writer):
    for number, (order, flips) in enumerate(ORDERS):
        origin = ORIGINS[number % 2]
        image = stored(hu, origin, order, flips)
        x, y, z = image.GetSize()
        rows = tuple(map(tuple, np.reshape(image.GetDirection(), (3, 3)).tolist()))
        geometry = ImageGeometry((z, y, x), image.GetSpacing(), image.GetOrigin(), rows)
        shuffled = np.random.default_rng(number).permutation(z).tolist()
        folder = tmp_path / str(number)
        dicom_writer.write_series(folder, sitk.GetArrayFromImage(image), geometry, instance_order=shuffled)
        assert_is_the_patient(read_ct(folder), hu, origin)
