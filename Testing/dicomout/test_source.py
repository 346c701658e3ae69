"""The instances of an image: headers of any kind give objects or one sentence."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_study import small_image, small_region

from CACBoneAxisLib.dicomout.source import slices_of_files, source_series
from CACBoneAxisLib.dicomout.storedreading import StoredReading
from CACBoneAxisLib.dicomout.write import write_objects
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

pytest.importorskip("highdicom", reason="highdicom is not installed")

VALUES = ("", "X", "Doe^Jane=\\=\\", "99999999", "2024-01-01", "1e400", "-5", "a" * 70, "ü", "\\\\", "NaN", "0.00.1")
KEYWORDS = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "SeriesInstanceUID", "StudyInstanceUID"),
    *("SpecificCharacterSet", "SliceThickness", "IssuerOfPatientID", "SOPInstanceUID"),
)


def stored(folder: Path, writer: ModuleType, **header: Any) -> Path:
    image = small_image()
    writer.write_series(folder, image.hu[:9], image.geometry, header={"FrameOfReferenceUID": "1.2.3", **header})
    return folder


def written(folder: Path, out: Path) -> list[Path]:
    image = read_ct(folder)
    result = analyze(StudyInputs(image, None, (small_region(),)))
    reading = StoredReading(Settings().to_mapping())
    return write_objects(out, result.to_dict(), reading, image, result.calcium_masks, result.bone_masks, b"%PDF")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.dictionaries(st.sampled_from(KEYWORDS), st.sampled_from(VALUES), min_size=1, max_size=2))
def test_any_header_gives_objects_or_one_sentence_without_its_values(
    dicom_writer: ModuleType, header: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as work:
        try:
            folder = stored(Path(work) / "ct", dicom_writer, **header)
        except (ValueError, OverflowError, TypeError, AttributeError):
            return  # pydicom itself does not write it
        (Path(work) / "out").mkdir()
        try:
            paths = written(folder, Path(work) / "out")
        except UnusableInputError as refused:
            assert "\n" not in str(refused)
            assert "Doe^Jane" not in str(refused)
        else:
            assert all(pydicom.dcmread(path).StudyInstanceUID for path in paths)


@pytest.mark.parametrize(
    ("keyword", "value", "copied"),
    [
        ("PatientSex", "X", ""),
        ("PatientBirthDate", "born long ago", ""),
        ("StudyTime", "noon", ""),
        ("PatientID", None, ""),
        ("PatientID", "4711 ", "4711"),
    ],
)
def test_what_may_not_be_copied_is_left_empty(
    dicom_writer: ModuleType, tmp_path: Path, keyword: str, value: str | None, copied: str
) -> None:
    folder = stored(tmp_path / "ct", dicom_writer, **{keyword: value})
    (tmp_path / "out").mkdir()
    for path in written(folder, tmp_path / "out"):
        assert str(pydicom.dcmread(path)[keyword].value or "") == copied


def test_series_are_numbered_after_the_cts_and_never_beyond_what_dicom_holds(
    dicom_writer: ModuleType, tmp_path: Path
) -> None:
    for number, first in ((7, 701), (2**31 - 1, 1), (-3, 1)):
        folder = stored(tmp_path / f"ct{number}", dicom_writer, SeriesNumber=number)
        (tmp_path / f"out{number}").mkdir()
        numbers = sorted(int(pydicom.dcmread(p).SeriesNumber) for p in written(folder, tmp_path / f"out{number}"))
        assert numbers == [first, first + 1, first + 2]


def test_an_image_that_was_changed_since_it_was_read_is_refused(dicom_writer: ModuleType, tmp_path: Path) -> None:
    image = read_ct(stored(tmp_path / "ct", dicom_writer))
    source_series(image)
    moved = replace(image.geometry, origin_mm=(0.0, 0.0, 0.0))
    cropped = replace(image.geometry, shape=(3, *image.geometry.shape[1:]))
    for geometry in (moved, cropped):
        with pytest.raises(UnusableInputError, match="moved, cropped or resampled"):
            source_series(replace(image, geometry=geometry))
    with pytest.raises(UnusableInputError, match="not read from DICOM files"):
        source_series(replace(image, slices=()))
    next((tmp_path / "ct").iterdir()).unlink()
    with pytest.raises(UnusableInputError, match="no longer there"):
        source_series(image)


def test_one_uid_of_two_images_is_referred_to_by_nothing(dicom_writer: ModuleType, tmp_path: Path) -> None:
    folder = stored(tmp_path / "ct", dicom_writer)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = "1.2.3"
        dicom_writer.save(dataset, path)
    with pytest.raises(UnusableInputError, match="one SOP Instance UID names several of its images"):
        source_series(read_ct(folder))


def test_the_files_of_a_series_say_their_slices(dicom_writer: ModuleType, tmp_path: Path) -> None:
    folder = stored(tmp_path / "ct", dicom_writer)
    assert sorted(slices_of_files(folder.iterdir())) == sorted(read_ct(folder).slices)


def test_masks_are_found_on_the_slices_that_hold_them(dicom_writer: ModuleType, tmp_path: Path) -> None:
    from CACBoneAxisLib.imaging.masks import Mask

    series = source_series(read_ct(stored(tmp_path / "ct", dicom_writer)))
    mask = Mask((1, 5, 7), np.ones((2, 3, 4), dtype=bool))
    assert list(series.planes(mask)) == [1, 2]
    labels = series.stored({9: mask})
    assert set(np.unique(labels)) == {0, 9}
    assert np.count_nonzero(labels) == mask.count
