"""The DICOM instances of an image: their headers, and where its voxels lie in them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader, is_multiframe, read_header, slice_headers
from CACBoneAxisLib.imaging.dicom.stack import Stack, stack_slices
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.orient import to_axial

# Objects in the study of a CT must say which study, and where in the patient.
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID")
# What every object of a study has, if only empty; scans without names often lack it altogether.
MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "ReferringPhysicianName"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime"),
)
NAMESPACE = UUID("5f0c1d0e-6f1b-5d0a-9a52-4b1c3f6f7a10")
SAME_PLACE_MM, SAME_COSINE, SAME_SPACING = 0.01, 1e-4, 1e-4


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """The instances of one CT.

    Parameters
    ----------
    datasets : headers without pixels, one per file, in the order of the stack
    stack : slices in the order of their normal, one per file or frame
    """

    datasets: tuple[Any, ...]
    stack: Stack

    @property
    def enhanced(self) -> bool:
        """Whether all slices are frames of one multi-frame file."""
        return is_multiframe(self.datasets[0])

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return str(self.datasets[0].SeriesInstanceUID)

    def stored(self, masks: Mapping[int, Mask]) -> NDArray[np.uint16]:
        """Return a label volume in the stored order of slices, rows and columns.

        Parameters
        ----------
        masks : in the image's axial order, by label value

        Returns
        -------
        labels : (slices, rows, columns) as ``stack.slices``; 0 where there is no mask
        """
        labels = np.zeros(self.stack.geometry.shape, dtype=np.uint16)
        axial, _ = to_axial(labels, self.stack.geometry)
        for value, mask in masks.items():
            axial[mask.slices][mask.voxels] = value
        return labels

    def planes(self, mask: Mask) -> NDArray[np.intp]:
        """Return the stack slices that a mask of the axial image covers."""
        # Number the axes to recover the stored order without a volume.
        z, y, x = self.stack.geometry.shape
        numbers = np.broadcast_to(np.arange(z)[:, None, None], (z, y, x))
        axial, _ = to_axial(numbers, self.stack.geometry)
        return np.unique(axial[mask.slices][mask.voxels])

    def new_uid(self, *parts: str) -> str:
        """Derive a UID from this series and the parts; equal parts give equal UIDs."""
        return f"2.25.{uuid5(NAMESPACE, '|'.join((self.uid, *parts))).int}"


def source_series(image: CTImage) -> SourceSeries:
    """Return the instances that an image was read from.

    Raises
    ------
    UnusableInputError
        ``dicom-source`` when the image was not read from DICOM files, they are gone, they do
        not form this image's grid, or they lack what an object in their study must say.
    """
    if not image.slices:
        raise refusal("dicom-source", why="the image was not read from DICOM files")
    series = _series(image.slices)
    _check_grid(image.geometry, series.stack.geometry)
    return series


def slices_of_files(files: Iterable[str | Path]) -> tuple[tuple[Path, int], ...]:
    """Locate every slice's file and frame in one series, for an image that was loaded elsewhere."""
    return tuple((one.path, one.frame) for path in files for one in _headers(Path(path))[1])


def _headers(path: Path) -> tuple[Any, list[SliceHeader]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = read_header(path) if path.is_file() else None
        if header is None:
            raise refusal("dicom-source", why="a file that it was read from is no longer there")
        return header, slice_headers(header, path, None)


def _series(places: Sequence[tuple[Path, int]]) -> SourceSeries:
    found = {path: _headers(path) for path in dict.fromkeys(path for path, _ in places)}
    wanted = set(places)
    slices = [one for _, headers in found.values() for one in headers if (one.path, one.frame) in wanted]
    stack = stack_slices(slices, "the series")
    datasets = tuple(found[path][0] for path in dict.fromkeys(one.path for one in stack.slices))
    _check_needed(datasets)
    for dataset in datasets:
        for keyword in MAY_BE_EMPTY:
            if not _is_allowed(dataset, keyword):
                setattr(dataset, keyword, None)
        # What is copied is text by now, and is written in UTF-8 whatever the CT's is in.
        dataset.SpecificCharacterSet = "ISO_IR 192"
    return SourceSeries(datasets, stack)


def _is_allowed(dataset: Any, keyword: str) -> bool:
    """Return whether an element is present and valid enough to copy (a real date, a known sex)."""
    from pydicom.multival import MultiValue
    from pydicom.valuerep import DA, TM

    try:
        stored = dataset[keyword].value
        value = str(stored or "")
        if isinstance(stored, MultiValue):
            return False
        if keyword in ("PatientBirthDate", "StudyDate"):
            DA(value)
        elif keyword == "StudyTime":
            TM(value)
        elif keyword == "PatientSex":
            return value in ("M", "F", "O", "")
    except Exception:  # pydicom raises whatever the damage leads to
        return False
    return True


def _check_needed(datasets: Sequence[Any]) -> None:
    missing = [name for name in NEEDED if not all(isinstance(d.get(name), str) and d.get(name) for d in datasets)]
    if missing:
        raise refusal("dicom-source", why=f"its header lacks {', '.join(missing)}")
    if len({str(d.SOPInstanceUID) for d in datasets}) < len(datasets):
        raise refusal("dicom-source", why="one SOP Instance UID names several of its images")
    if len({str(d.SeriesInstanceUID) for d in datasets}) > 1:
        raise refusal("dicom-source", why="its slices are of several series")
    if is_multiframe(datasets[0]) and len(datasets) > 1:
        raise refusal("dicom-source", why="its frames are spread over several files")


def _check_grid(own: ImageGeometry, stored: ImageGeometry) -> None:
    _, axial = to_axial(np.broadcast_to(np.uint8(0), stored.shape), stored)
    same = (
        own.shape == axial.shape
        and np.allclose(own.spacing_mm, axial.spacing_mm, rtol=SAME_SPACING, atol=0)
        and np.allclose(own.direction, axial.direction, atol=SAME_COSINE)
        and np.allclose(own.origin_mm, axial.origin_mm, atol=SAME_PLACE_MM)
    )
    if not same:
        raise refusal("dicom-source", why="the image was moved, cropped or resampled since it was read")
