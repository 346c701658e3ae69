"""The same patient stored in all 48 axis orders and signs is the same image to the last byte, with the same score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from small_study import ORIGIN_MM, SPACING_MM, small_image, small_region, small_seeds
from storage import ORDERS, geometry_of, stored

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList
from CACBoneAxisLib.study import StudyInputs, analyze

SPACING = (0.6269531, 0.488, 2.5)
ORIGINS = [(-170.5, -324.5, -360.0), (11.25, 0.0, 1234.5)]
# NIfTI keeps the origin in single precision: 1234.5 mm has a last digit of 1.2e-4 mm.
SINGLE_PRECISION_MM = 2e-4


@pytest.fixture(scope="module")
def hu() -> np.ndarray:
    return np.random.default_rng(48).integers(-1024, 1500, (6, 7, 8)).astype(np.int16)


def assert_is_the_patient(image, hu, origin):
    assert image.hu.dtype == np.int16
    assert np.ascontiguousarray(image.hu).tobytes() == hu.tobytes()
    assert image.geometry.spacing_mm == SPACING
    assert image.geometry.direction == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert np.allclose(image.geometry.origin_mm, origin, atol=SINGLE_PRECISION_MM)


def test_48_different_storages_are_tested(hu):
    directions = {stored(hu, SPACING, ORIGINS[0], *one).GetDirection() for one in ORDERS}
    assert len(directions) == 48
    determinants = [np.linalg.det(np.reshape(one, (3, 3))) for one in directions]
    assert sum(d < 0 for d in determinants) == 24


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha"])
def test_files_of_any_order_are_one_patient(hu, tmp_path, suffix):
    for number, (order, flips) in enumerate(ORDERS):
        origin = ORIGINS[number % 2]
        path = tmp_path / f"{number}{suffix}"
        sitk.WriteImage(stored(hu, SPACING, origin, order, flips), str(path))
        assert_is_the_patient(read_ct(path), hu, origin)


def test_dicom_series_of_any_orientation_and_order_are_one_patient(hu, tmp_path, dicom_writer):
    for number, (order, flips) in enumerate(ORDERS):
        origin = ORIGINS[number % 2]
        image = stored(hu, SPACING, origin, order, flips)
        geometry = geometry_of(image)
        shuffled = np.random.default_rng(number).permutation(geometry.shape[0]).tolist()
        folder = tmp_path / str(number)
        dicom_writer.write_series(folder, sitk.GetArrayFromImage(image), geometry, instance_order=shuffled)
        assert_is_the_patient(read_ct(folder), hu, origin)


def answers(image: CTImage, moved_mm: np.ndarray) -> dict[str, Any]:
    """Return both answers for the small study, whose decisions have moved with the patient."""
    seeds = PointList(
        "seeds",
        tuple(ControlPoint(p.label, tuple(np.add(p.position_mm, moved_mm))) for p in small_seeds().points),
    )
    region = replace(small_region(), center_mm=tuple(np.add(small_region().center_mm, moved_mm)))
    result = analyze(StudyInputs(image, (seeds,), (region,))).to_dict()
    for lesion in result["calcium"]["lesions"]:
        # Where it is moved with the patient; what it measures may not.
        del lesion["seed_ras_mm"], lesion["center_ras_mm"]
        for one in lesion["slices"]:
            del one["position_mm"]
    for vertebra in result["bone"]["vertebrae"]:
        del vertebra["region"]["center_ras_mm"]
    return {"calcium": result["calcium"], "bone": result["bone"]}


@pytest.mark.parametrize("format_name", [".nrrd", ".nii.gz", "DICOM"])
def test_every_number_is_the_same_to_the_digit(tmp_path: Path, dicom_writer: Any, format_name: str) -> None:
    hu = small_image().hu
    expected = answers(small_image(), np.zeros(3))
    assert expected["calcium"]["total"]["agatston"]
    assert expected["bone"]["vertebrae"][0]["mean_hu"]
    for number, (order, flips) in enumerate(ORDERS):
        moved = np.array([0.0, 0.0, 0.0] if number % 2 else [123.25, -77.5, 1000.0])
        image = stored(hu, SPACING_MM, tuple(np.add(ORIGIN_MM, moved)), order, flips)
        path = tmp_path / f"{number}{format_name}"
        if format_name == "DICOM":
            dicom_writer.write_series(
                path,
                sitk.GetArrayFromImage(image),
                geometry_of(image),
                header=dict.fromkeys(("KVP", "PatientAge", "PatientBirthDate", "PatientSex")),
            )
        else:
            sitk.WriteImage(image, str(path))
        assert answers(read_ct(path), moved) == expected
