"""Read any DICOM segmentation object as labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing
from CACBoneAxisLib.imaging.imagefile import clean_direction
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.orient import to_axial

SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
# Relative to the slice spacing: frames of one grid are whole steps apart.
STEP_TOLERANCE = 0.02


def is_segmentation(path: Path) -> bool:
    """Return whether a DICOM file is a segmentation."""
    try:
        return str(pydicom.dcmread(path, specific_tags=["SOPClassUID"]).SOPClassUID) in SEGMENTATION_CLASSES
    except Exception:  # pydicom raises whatever the damage leads to
        return False


def read_segmentation(path: Path) -> LabelImage:
    """Read a DICOM segmentation: each segment becomes a label with its number, name and codes.

    Where segments overlap, the higher number wins. In a fractional segmentation, a voxel of half
    or more belongs to the segment.

    Raises
    ------
    UnusableInputError
        ``not-segmentation`` for another DICOM object, ``segmentation-damaged``.
    """
    if not is_segmentation(path):
        raise refusal("not-segmentation", file=path.name)
    try:
        dataset = pydicom.dcmread(path)
        labels, geometry, shared = segmentation_volume(dataset)
        rows = {int(row.SegmentNumber): row for row in dataset.SegmentSequence}
        names = {n: str(row.get("SegmentLabel") or row.get("SegmentDescription") or "") for n, row in rows.items()}
        codes = {n: _codes(row) for n, row in rows.items()}
    except Exception:  # pydicom raises whatever the damage leads to
        raise refusal("segmentation-damaged", file=path.name) from None
    view, axial = to_axial(labels, geometry)
    empty = [str(n) for n in rows if not np.any(labels == n)]
    said = [finding("segments-empty", places=", ".join(empty), count=len(rows))] if empty else []
    said += [finding("masks-overlap", voxels=shared)] if shared else []
    return LabelImage(
        view,
        axial,
        {n: name for n, name in names.items() if name} or None,
        path.name,
        content_sha256([path]),
        named_by="the segments of the DICOM object",
        codes=codes,
        findings=tuple(said),
    )


def segmentation_volume(dataset: Any) -> tuple[NDArray[np.integer], ImageGeometry, int]:
    """Return segment numbers (z, y, x), the grid, and the number of voxels that segments share.

    Raises
    ------
    Exception
        Any exception for a damaged object; ValueError where the frames are no regular stack.
    """
    shared = dataset.SharedFunctionalGroupsSequence[0]
    frames = list(dataset.PerFrameFunctionalGroupsSequence)
    row, column = np.reshape(
        [float(v) for v in _of(frames[0], shared, "PlaneOrientationSequence").ImageOrientationPatient], (2, 3)
    )
    measures = _of(frames[0], shared, "PixelMeasuresSequence")
    y, x = (float(v) for v in measures.PixelSpacing)
    normal = np.cross(row, column)
    corners = np.array(
        [[float(v) for v in _of(f, shared, "PlanePositionSequence").ImagePositionPatient] for f in frames]
    )
    heights = corners @ normal
    z = _step(np.unique(np.round(heights, 4)), measures)
    steps = (heights - heights.min()) / z
    if np.abs(steps - np.rint(steps)).max() > STEP_TOLERANCE:
        raise ValueError("frames are not whole steps apart")
    steps = np.rint(steps).astype(int)
    pixels = np.asarray(dataset.pixel_array).reshape(len(frames), dataset.Rows, dataset.Columns)
    kind = str(dataset.get("SegmentationType", "BINARY")).upper()
    half = float(dataset.get("MaximumFractionalValue", 1)) / 2 if kind == "FRACTIONAL" else 0.5
    labels = np.zeros((int(steps.max()) + 1, *pixels.shape[1:]), dtype=np.uint16)
    doubled = 0
    if kind == "LABELMAP":
        for step, plane in zip(steps, pixels, strict=True):
            labels[step] = np.maximum(labels[step], plane)
    else:
        for k in sorted(range(len(frames)), key=lambda k: _number(frames[k], shared)):
            inside = pixels[k] >= half
            doubled += int(np.count_nonzero(labels[steps[k]][inside]))
            labels[steps[k]][inside] = _number(frames[k], shared)
    origin = corners[int(np.argmin(heights))]
    geometry = ImageGeometry(
        (int(labels.shape[0]), int(labels.shape[1]), int(labels.shape[2])),
        (round_spacing(x), round_spacing(y), round_spacing(z)),
        (float(origin[0]), float(origin[1]), float(origin[2])),
        clean_direction(np.stack([row, column, normal], axis=1)),
    )
    return labels, geometry, doubled


def _of(frame: Any, shared: Any, name: str) -> Any:
    return (frame if name in frame else shared)[name].value[0]


def _number(frame: Any, shared: Any) -> int:
    return int(_of(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)


def _step(heights: NDArray[np.float64], measures: Any) -> float:
    """Return the slice spacing: as stated where frame positions agree with it, else their smallest distance."""
    stated = measures.get("SpacingBetweenSlices")
    if stated:
        steps = np.diff(heights) / float(stated)
        if np.all(np.abs(steps - np.rint(steps)) <= STEP_TOLERANCE):
            return float(stated)
    if len(heights) > 1:
        return float(np.diff(heights).min())
    return float(stated or measures.SliceThickness)


def _codes(row: Any) -> tuple[str, ...]:
    """Return the SNOMED CT codes of a segment's property type and anatomic region."""
    names = ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence")
    items = [item for name in names for item in row.get(name) or ()]
    return tuple(str(item.get("CodeValue") or "") for item in items if item.get("CodingSchemeDesignator") == "SCT")
