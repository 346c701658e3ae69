"""Labelmaps and Slicer segmentations (``.seg.nrrd``), in axial order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.imagefile import read_stored
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.orient import to_axial

# Of a voxel: formats that keep seven digits of origin and direction stay well below, half a voxel well above.
GRID_TOLERANCE_VOXELS = 0.1
SAME_SPACING = 1e-4
SAME_COSINE = 1e-3
SEGMENT = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer|Tags)$")
# A segment with this tag is left out by its reader; the tag's value is the reason.
EXCLUDED_TAG = "CACBoneAxis.Excluded"


@dataclass(frozen=True, eq=False)
class LabelImage:
    """Labels of voxels in axial order.

    Parameters
    ----------
    labels : unsigned integers (z, y, x)
        0 where there is no label; may be a view with negative strides.
    geometry : ImageGeometry of ``labels``
    names : name by label value where the file has any, else None
    name : file name, without its folder
    sha256 : of the file
    excluded : reason by label value, of segments that their reader left out
    """

    labels: NDArray[np.integer]
    geometry: ImageGeometry
    names: dict[int, str] | None = None
    name: str = "labels"
    sha256: str | None = None
    excluded: dict[int, str] = field(default_factory=dict)

    def on_grid_of(self, geometry: ImageGeometry) -> LabelImage:
        """Return the labels on a CT's grid: what a cropped file left out is 0, nothing is resampled.

        Raises
        ------
        UnusableInputError
            ``labels-grid`` when voxel sizes or axes differ, when the voxel centres do not
            coincide within a tenth of a voxel, or when labels lie outside the CT.
        """
        shift = self._shift_zyx(geometry)
        if shift == (0, 0, 0) and self.geometry.shape == geometry.shape:
            return replace(self, geometry=geometry)
        source, target = [], []
        for offset, own, whole in zip(shift, self.geometry.shape, geometry.shape, strict=True):
            start, stop = max(0, -offset), min(own, whole - offset)
            source.append(slice(start, max(start, stop)))
            target.append(slice(start + offset, max(start, stop) + offset))
        inside = self.labels[tuple(source)]
        outside = np.count_nonzero(self.labels) - np.count_nonzero(inside)
        if outside:
            raise refusal("labels-grid", file=self.name, why=f"{outside} of its labelled voxels lie outside the CT")
        whole_labels = np.zeros(geometry.shape, dtype=self.labels.dtype)
        if inside.size:
            whole_labels[tuple(target)] = inside
        return replace(self, labels=whole_labels, geometry=geometry)

    def _shift_zyx(self, geometry: ImageGeometry) -> tuple[int, int, int]:
        """Return where in the CT (z, y, x) the first voxel of the labels lies."""
        own = self.geometry
        if not np.allclose(own.spacing_mm, geometry.spacing_mm, rtol=SAME_SPACING, atol=0):
            sizes = [" x ".join(f"{s:g}" for s in one.spacing_mm) for one in (own, geometry)]
            raise refusal("labels-grid", file=self.name, why=f"its voxels are {sizes[0]} mm, the CT's {sizes[1]} mm")
        if not np.allclose(own.direction, geometry.direction, atol=SAME_COSINE):
            raise refusal("labels-grid", file=self.name, why="its axes point elsewhere")
        last = np.asarray(own.shape[::-1]) - 1
        ends = geometry.to_index(own.to_lps([np.zeros(3), last]))
        offset = np.rint(ends[0])
        apart = np.abs(ends - [offset, offset + last]).max()
        if apart > GRID_TOLERANCE_VOXELS:
            raise refusal("labels-grid", file=self.name, why=f"its voxels lie up to {apart:.2f} voxels beside the CT's")
        return int(offset[2]), int(offset[1]), int(offset[0])


def read_labels(path: str | Path) -> LabelImage:
    """Read a labelmap (NRRD, NIfTI) or a Slicer segmentation (``.seg.nrrd``).

    Of a segmentation the segments' names come along. Where segments overlap they are kept
    in layers; here they get numbers of their own, and a voxel that several segments share
    belongs to the last one.

    Raises
    ------
    UnusableInputError
        ``file-missing``, ``file-unreadable``, ``dimensions``, ``too-large``,
        ``labels-values`` when the values are not whole numbers from 0 to 65535.
    """
    path = Path(path)
    stored = read_stored(path, layers=True)
    segments = _segments(stored.metadata)
    array = stored.array
    if array.ndim == 4 and not segments:
        raise refusal("dimensions", file=path.name, dimensions=f"{array.shape[-1]} values per voxel")
    for layer in np.moveaxis(array, -1, 0) if array.ndim == 4 else [array]:
        _check_values(layer, path.name)
    if array.ndim == 4:
        labels, segments = _flattened(array, segments)
    else:
        labels = _compact(array)
    names = {segment.value: segment.name for segment in segments} or None
    excluded = {segment.value: segment.excluded for segment in segments if segment.excluded is not None}
    view, geometry = to_axial(labels, stored.geometry)
    return LabelImage(view, geometry, names, path.name, content_sha256([path]), excluded)


def write_labels(path: str | Path, labels: LabelImage) -> None:
    """Write a label image as a compressed ``.seg.nrrd`` whose segments have its names; :func:`read_labels` reads it."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(labels.labels))
    image.SetSpacing(labels.geometry.spacing_mm)
    image.SetOrigin(labels.geometry.origin_mm)
    image.SetDirection([value for row in labels.geometry.direction for value in row])
    for number, (value, name) in enumerate(sorted((labels.names or {}).items())):
        for key, text in (("ID", f"Segment_{value}"), ("Name", name), ("LabelValue", str(value)), ("Layer", "0")):
            image.SetMetaData(f"Segment{number}_{key}", text)
        if value in labels.excluded:
            image.SetMetaData(f"Segment{number}_Tags", f"{EXCLUDED_TAG}:{tag_text(labels.excluded[value])}|")
    SimpleITK.WriteImage(image, str(path), useCompression=True)


def tag_text(text: str) -> str:
    """Return a text as it can stand in a segment's tag: on one line, without the sign that ends a tag."""
    return " ".join(text.replace("|", "/").split())


@dataclass(frozen=True)
class _Segment:
    name: str
    value: int
    layer: int
    excluded: str | None = None


def _segments(metadata: Mapping[str, str]) -> list[_Segment]:
    fields: dict[int, dict[str, str]] = {}
    for key, value in metadata.items():
        match = SEGMENT.search(key)
        if match:
            fields.setdefault(int(match.group(1)), {})[match.group(2)] = value.strip()
    return [
        _Segment(
            entry.get("Name", f"Segment {number}"),
            _int(entry.get("LabelValue"), 1),
            _int(entry.get("Layer"), 0),
            _excluded(entry.get("Tags", "")),
        )
        for number, entry in sorted(fields.items())
    ]


def _excluded(tags: str) -> str | None:
    """Return the reason in a segment's tags (``key:value|key:value|``), None where it was not left out."""
    pairs = (tag.partition(":") for tag in tags.split("|"))
    return next((value or "no reason given" for key, _, value in pairs if key.strip() == EXCLUDED_TAG), None)


def _int(value: str | None, otherwise: int) -> int:
    return int(value) if value is not None and value.isdigit() else otherwise


def _check_values(layer: NDArray, name: str) -> None:
    low, high = layer.min(), layer.max()
    whole = np.issubdtype(layer.dtype, np.integer) or all(np.array_equal(p, np.rint(p)) for p in layer)
    if not whole or not (low >= 0 and high <= np.iinfo(np.uint16).max):
        raise refusal("labels-values", file=name, smallest=f"{low:g}", largest=f"{high:g}")


def _compact(array: NDArray) -> NDArray[np.integer]:
    return array.astype(np.uint8 if array.max() <= np.iinfo(np.uint8).max else np.uint16, copy=False)


def _flattened(array: NDArray, segments: list[_Segment]) -> tuple[NDArray[np.integer], list[_Segment]]:
    labels = np.zeros(array.shape[:-1], dtype=np.uint8 if len(segments) < 256 else np.uint16)
    for number, segment in enumerate(segments, start=1):
        if segment.layer < array.shape[-1]:
            labels[array[..., segment.layer] == segment.value] = number
    return labels, [replace(segment, value=number) for number, segment in enumerate(segments, start=1)]
