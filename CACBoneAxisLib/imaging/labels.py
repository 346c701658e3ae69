"""Labels of voxels in axial order, and how they come to lie on a CT's grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import Finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry

# Of a voxel: formats that keep seven digits of origin and direction stay well below, half a voxel well above.
GRID_TOLERANCE_VOXELS = 0.1
SAME_SPACING = 1e-4
SAME_COSINE = 1e-3
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
    named_by : what the names come from, in words; empty without names
    hint : a scheme of ``data/label_schemes.json`` that the file's name claims, None where it claims none
    codes : SNOMED CT codes by label value, of segments that have any
    findings : what the file leaves open
    """

    labels: NDArray[np.integer]
    geometry: ImageGeometry
    names: dict[int, str] | None = None
    name: str = "labels"
    sha256: str | None = None
    excluded: dict[int, str] = field(default_factory=dict)
    named_by: str = ""
    hint: str | None = None
    codes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

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
    """Return a text escaped for a segment tag: one line, no tag separator."""
    return " ".join(text.replace("|", "/").split())
