"""The labelled vertebrae that a reading rests on, as a segmentation and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import find_objects

from CACBoneAxisLib.bone.labels import label_boxes, level_numbers
from CACBoneAxisLib.dicomout.codes import level_code
from CACBoneAxisLib.dicomout.reading import Reading, Vertebrae
from CACBoneAxisLib.dicomout.segments import Segment
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.imaging.stored import clean_direction
from CACBoneAxisLib.report.segmentation import BONE_CATEGORY, level_color

VERTEBRAE_FILE = "vertebrae.dcm"


def vertebra_segments(labels: LabelImage, geometry: ImageGeometry, numbering: Any) -> list[Segment]:
    """Return a segment for each label, in the order of their values, on the CT's grid."""
    labels = labels.on_grid_of(geometry)
    if isinstance(numbering, Mapping):
        # JSON has texts for keys.
        numbering = {int(value): level for value, level in numbering.items()}
    known = {value: level for level, value in level_numbers(labels, label_boxes(labels.labels), numbering)[0].items()}
    segments = []
    for value, place in enumerate(find_objects(labels.labels.astype(np.int32, copy=False)), start=1):
        if place is None:
            continue
        z, y, x = (int(part.start) for part in place)
        level = known.get(value, "")
        name = (labels.names or {}).get(value) or level or f"label {value}"
        mask = Mask((z, y, x), labels.labels[place] == value)
        code, color = level_code(level), level_color(level)
        segments.append(Segment(f"vertebra {value}", name[:64], BONE_CATEGORY, code, None, color, mask, drawn=True))
    return segments


def described(labels: LabelImage, uid: str) -> Vertebrae:
    """Return what a reading keeps of its labels beside the segmentation with this SOP Instance UID."""
    values = tuple(int(v) for v in np.unique(labels.labels) if v)
    return Vertebrae(uid, values, labels.names, dict(labels.excluded))


def vertebrae_of(reading: Reading, folder: Path) -> LabelImage | None:
    """Return the labelled vertebrae of a reading, from the file written beside it; None where it has none.

    Raises
    ------
    UnusableInputError
        ``reading-vertebrae`` when the file is not there.
    """
    if reading.vertebrae is None:
        return None
    path = folder / VERTEBRAE_FILE
    if not path.is_file():
        raise refusal("reading-vertebrae", file=reading.name)
    return read_vertebrae(path, reading.vertebrae)


def read_vertebrae(path: Path, vertebrae: Vertebrae) -> LabelImage:
    """Return the labels that a reading rests on from the segmentation written with it.

    Raises
    ------
    UnusableInputError
        ``reading-vertebrae`` when the file is not that segmentation, or damaged.
    """
    import pydicom

    try:
        dataset = pydicom.dcmread(path)
        if str(dataset.SOPInstanceUID) != vertebrae.uid:
            raise ValueError
        return _labels(dataset, vertebrae)
    except Exception:  # pydicom raises whatever the damage leads to
        raise refusal("reading-vertebrae", file=path.name) from None


def _labels(dataset: Any, vertebrae: Vertebrae) -> LabelImage:
    shared = dataset.SharedFunctionalGroupsSequence[0]
    row, column = np.reshape([float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient], (2, 3))
    normal = np.cross(row, column)
    measures = shared.PixelMeasuresSequence[0]
    y, x = (float(v) for v in measures.PixelSpacing)
    z = float(measures.SpacingBetweenSlices)
    frames = dataset.PerFrameFunctionalGroupsSequence
    corners = np.array([[float(v) for v in f.PlanePositionSequence[0].ImagePositionPatient] for f in frames])
    heights = corners @ normal
    steps = np.rint((heights - heights.min()) / z).astype(int)
    pixels = np.asarray(dataset.pixel_array).reshape(len(frames), dataset.Rows, dataset.Columns)
    stored = np.zeros((int(steps.max()) + 1, *pixels.shape[1:]), dtype=np.uint16)
    for step, frame, plane in zip(steps, frames, pixels, strict=True):
        # One segment alone is named once for all frames.
        named = frame if "SegmentIdentificationSequence" in frame else shared
        number = int(named.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        stored[step][plane > 0] = vertebrae.values[number - 1]
    origin = corners[int(np.argmin(heights))]
    geometry = ImageGeometry(
        (int(stored.shape[0]), int(stored.shape[1]), int(stored.shape[2])),
        (round_spacing(x), round_spacing(y), round_spacing(z)),
        (float(origin[0]), float(origin[1]), float(origin[2])),
        clean_direction(np.stack([row, column, normal], axis=1)),
    )
    view, axial = to_axial(stored, geometry)
    names: Mapping[int, str] | None = vertebrae.names
    return LabelImage(view, axial, dict(names) if names else None, "vertebrae", None, dict(vertebrae.excluded))
