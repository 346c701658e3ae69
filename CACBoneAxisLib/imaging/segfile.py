"""The segments of a Slicer segmentation file (``.seg.nrrd``), as Slicer's own reader takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.labels import EXCLUDED_TAG

SEGMENT = re.compile(r"Segment(\d+)_(ID|Name|LabelValue|Layer|Tags)$")
SNOMED_CODE = re.compile(r"\bSCT\^([^^~|]+)\^")


@dataclass(frozen=True)
class Segment:
    """A segment as the header has it, with the SNOMED CT codes of its terminology entry.

    ``value`` is None where any value but 0 in its own layer is the segment.
    """

    name: str
    value: int | None
    layer: int
    excluded: str | None = None
    codes: tuple[str, ...] = ()


def segments_of(metadata: Mapping[str, str], layers: int, file: str) -> list[Segment]:
    """Return the segments that a header names, with the layer and the value of each.

    As Slicer reads them (vtkMRMLSegmentationStorageNode): a segment without ``Layer`` lies in the layer of
    its own number, one without ``LabelValue`` has 1. A file from before Slicer 4.11 has neither,
    and a layer for each segment.

    Raises
    ------
    UnusableInputError
        ``segments-unclear`` when a segment's layer is not in the file, or two have the same voxels.
    """
    fields: dict[int, dict[str, str]] = {}
    for key, text in metadata.items():
        match = SEGMENT.search(key)
        if match:
            fields.setdefault(int(match.group(1)), {})[match.group(2)] = text.strip()
    segments = []
    for number, entry in sorted(fields.items()):
        layer = _number(entry.get("Layer"), number)
        alone = "Layer" not in entry and layers > 1
        value = None if alone and "LabelValue" not in entry else _number(entry.get("LabelValue"), 1)
        name = entry.get("Name") or entry.get("ID") or f"Segment {number}"
        tags = entry.get("Tags", "")
        segments.append(Segment(name, value, layer, _excluded(tags), tuple(SNOMED_CODE.findall(tags))))
    places = [(one.layer, one.value) for one in segments]
    if any(not 0 <= one.layer < layers for one in segments) or len(set(places)) < len(places):
        raise refusal("segments-unclear", file=file)
    return segments


def flattened(layers: NDArray, segments: Sequence[Segment]) -> tuple[NDArray[np.integer], list[Segment]]:
    """Return layers (z, y, x, n) as one labelmap of the segments' numbers; of two in a voxel the later stays."""
    labels = np.zeros(layers.shape[:-1], dtype=np.uint8 if len(segments) < 256 else np.uint16)
    for number, segment in enumerate(segments, start=1):
        layer = layers[..., segment.layer]
        labels[layer > 0 if segment.value is None else layer == segment.value] = number
    return labels, [replace(segment, value=number) for number, segment in enumerate(segments, start=1)]


def _excluded(tags: str) -> str | None:
    """Return the reason in a segment's tags (``key:value|key:value|``), None where it was not left out."""
    pairs = (tag.partition(":") for tag in tags.split("|"))
    return next((value or "no reason given" for key, _, value in pairs if key.strip() == EXCLUDED_TAG), None)


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value is not None and value.isdigit() else otherwise
