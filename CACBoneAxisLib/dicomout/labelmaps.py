"""Store the labelled vertebrae and heart of a reading as segmentations, and read them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.numbering import level_numbers
from CACBoneAxisLib.dicomout.codes import level_code
from CACBoneAxisLib.dicomout.segments import Segment
from CACBoneAxisLib.dicomout.storedreading import Labelled, StoredReading
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.imaging.segobject import segmentation_volume
from CACBoneAxisLib.report.segmentation import BONE_CATEGORY, OTHER_COLOR, level_color

LABEL_FILES = {"vertebrae": "vertebrae.dcm", "heart": "heart.dcm"}
HEART = ("SCT", "80891009", "Heart")


def vertebra_segments(labels: LabelImage, geometry: ImageGeometry, numbering: Any) -> list[Segment]:
    """Return a segment per vertebra label, ordered by label value, on the CT's grid."""
    labels = labels.on_grid_of(geometry)
    if isinstance(numbering, Mapping):
        # JSON has texts for keys.
        numbering = {int(value): level for value, level in numbering.items()}
    known = {value: level for level, value in level_numbers(labels, numbering)[0].items()}
    segments = []
    for value, place in label_boxes(labels.labels).items():
        z, y, x = (int(part.start) for part in place)
        level = known.get(value, "")
        name = (labels.names or {}).get(value) or level or f"label {value}"
        mask = Mask((z, y, x), labels.labels[place] == value)
        code, color = level_code(level), level_color(level)
        segments.append(Segment(f"vertebra {value}", name[:64], BONE_CATEGORY, code, None, color, mask, drawn=True))
    return segments


def heart_segments(labels: LabelImage, geometry: ImageGeometry) -> list[Segment]:
    """Return a segment per heart label, ordered by label value, on the CT's grid."""
    labels = labels.on_grid_of(geometry)
    segments = []
    for value, place in label_boxes(labels.labels).items():
        z, y, x = (int(part.start) for part in place)
        name = (labels.names or {}).get(value) or f"label {value}"
        mask = Mask((z, y, x), labels.labels[place] == value)
        key = f"heart {value}"
        segments.append(Segment(key, name[:64], BONE_CATEGORY, HEART, None, OTHER_COLOR, mask, drawn=True))
    return segments


def described(labels: LabelImage, uid: str) -> Labelled:
    """Return the label metadata that a reading keeps for the segmentation with this SOP Instance UID."""
    values = tuple(int(v) for v in np.unique(labels.labels) if v)
    return Labelled(uid, values, labels.names, dict(labels.excluded))


def labels_of(
    reading: StoredReading, part: str, folder: Path, elsewhere: Callable[[str], str] | None = None
) -> LabelImage | None:
    """Read a reading's labelled vertebrae or heart from the file beside it; None if it has none.

    Parameters
    ----------
    part : ``vertebrae`` or ``heart``
    folder : that the reading is in
    elsewhere : where the segmentation with a SOP Instance UID is, when it is not in the folder

    Raises
    ------
    UnusableInputError
        ``reading-labels`` when the file is not there, not the one, or damaged.
    """
    import pydicom

    kept: Labelled | None = getattr(reading, part)
    if kept is None:
        return None
    path = folder / LABEL_FILES[part]
    if not path.is_file() and elsewhere is not None:
        path = Path(elsewhere(kept.uid) or path)
    try:
        dataset = pydicom.dcmread(path)
        if str(dataset.SOPInstanceUID) != kept.uid:
            raise ValueError
        return replace(_labels(dataset, kept), name=part)
    except Exception:  # pydicom raises whatever the damage leads to
        raise refusal("reading-labels", file=reading.name, what=part) from None


def _labels(dataset: Any, kept: Labelled) -> LabelImage:
    numbers, geometry, _ = segmentation_volume(dataset)
    # Segment numbers count the labels' values.
    values = np.array([0, *kept.values], dtype=np.uint16)
    view, axial = to_axial(values[numbers], geometry)
    names: Mapping[int, str] | None = kept.names
    return LabelImage(view, axial, dict(names) if names else None, excluded=dict(kept.excluded))
