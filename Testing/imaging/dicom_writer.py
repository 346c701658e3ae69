"""Writes an array as a classic single-frame CT series, with every fault a test may want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import radians, tan
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def decimal(value: float) -> str:
    """A number in the 16 characters that DICOM allows."""
    return next(text for digits in range(15, 3, -1) if len(text := f"{float(value):.{digits}g}") <= 16)


def write_series(
    folder: Path,
    hu: np.ndarray,
    geometry: Any,
    *,
    skip: Sequence[int] = (),
    duplicate: Mapping[int, int] | None = None,
    shift_mm: Mapping[int, float] | None = None,
    tilt_degrees: float = 0.0,
    instance_order: Sequence[int] | None = None,
    slope: float | None = 1.0,
    intercept: float | None = -1024.0,
    series_uid: str | None = None,
    study_uid: str | None = None,
    prefix: str = "IM",
    header: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write slices k of ``hu`` (z, y, x), whatever way ``geometry`` says they lie, and return the files.

    skip: slices left out; duplicate: slice written again at the place of another (new instance);
    shift_mm: slices moved along the normal; tilt_degrees: slices sheared along their columns;
    instance_order: the InstanceNumber of each slice; slope, intercept: None leaves the tag out;
    header: keywords set on every file, by a function of the slice where one is given; None removes one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series_uid = series_uid or generate_uid()
    study_uid = study_uid or generate_uid()
    axes = np.asarray(geometry.direction)
    places = {k: (k, k) for k in range(len(hu)) if k not in skip}
    for number, (source, at) in enumerate((duplicate or {}).items()):
        places[len(hu) + number] = (source, at)
    paths = []
    for number, (source, at) in places.items():
        position = np.array(geometry.to_lps([0, 0, at]))
        position += axes[:, 2] * (shift_mm or {}).get(at, 0.0)
        position += axes[:, 1] * at * geometry.spacing_mm[2] * tan(radians(tilt_degrees))
        dataset = _dataset(hu[source], geometry, position, slope, intercept)
        dataset.SeriesInstanceUID = series_uid
        dataset.StudyInstanceUID = study_uid
        dataset.InstanceNumber = (instance_order[number] if instance_order else number) + 1
        for keyword, value in (header or {}).items():
            if callable(value):
                value = value(source)
            if value is None and keyword in dataset:
                delattr(dataset, keyword)
            elif value is not None:
                setattr(dataset, keyword, value)
        path = folder / f"{prefix}{dataset.InstanceNumber:04d}.dcm"
        save(dataset, path)
        paths.append(path)
    return paths


def _dataset(pixels: np.ndarray, geometry: Any, position: np.ndarray, slope: Any, intercept: Any) -> Dataset:
    axes = np.asarray(geometry.direction)
    dataset = Dataset()
    dataset.SOPClassUID = CT_IMAGE_STORAGE
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName = "Doe^Jane"
    dataset.PatientID = "SECRET-4711"
    dataset.PatientBirthDate = "19600229"
    dataset.StudyDate = "20240301"
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = "CaScore 3.0"
    dataset.KVP = "120"
    dataset.SliceThickness = decimal(geometry.spacing_mm[2])
    dataset.ImagePositionPatient = [decimal(v) for v in position]
    dataset.ImageOrientationPatient = [decimal(v) for v in [*axes[:, 0], *axes[:, 1]]]
    dataset.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[0])]
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    if slope is not None:
        dataset.RescaleSlope = decimal(slope)
    if intercept is not None:
        dataset.RescaleIntercept = decimal(intercept)
    stored = np.rint((pixels - (intercept or 0.0)) / (slope or 1.0)).astype("<i2")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def save(dataset: Dataset, path: Path) -> None:
    """Write a dataset as an explicit little endian file with pydicom 2.4 or 3."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT_IMAGE_STORAGE)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", generate_uid())
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
    if pydicom.__version_info__[0] == "2":
        file.is_little_endian, file.is_implicit_VR = True, False
        file.save_as(path, write_like_original=False)
    else:
        file.save_as(path, enforce_file_format=True)
