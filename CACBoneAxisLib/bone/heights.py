"""Six-point heights of labelled vertebral bodies, and the Genant grade that they suggest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.bodies import BodyFrame, body_frame, vertebral_body
from CACBoneAxisLib.bone.labels import Box
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry

# Heights are medians over lines within this much of the midline and this part of the depth, whose middles lie at
# these parts of it from the front: the rims are rounded, so that the outermost tenth says little.
MIDLINE_MM = 5.0
LINES, STEP_MM = 7, 0.1
# The mildest grade is a loss of 20 %, 5 mm of a body of 25. At increments of 5 mm labels, which end at whole
# slices, are up to that far off and endplates followed in the scan nearly; at 3 mm up to half of it (docs/bone.md).
LARGEST_INCREMENT_MM = 3.0
# In floating point 1 - 80 / 100 is slightly below 0.2.
ROUNDING = 1e-9
PART_OF_DEPTH = 0.14
PLACES = {"anterior": 0.17, "middle": 0.5, "posterior": 0.83}


@dataclass(frozen=True)
class Heights:
    """Heights between the endplates in the midsagittal plane, mm, and three measures of height loss.

    ``wedge`` is 1 - anterior / posterior, ``biconcave`` 1 - middle / posterior, ``crush``
    1 - posterior / mean posterior height of the neighbours above and below (None where
    either is not there). ``grade`` 0 to 3 and ``deformity`` follow the largest of them.
    """

    anterior_mm: float
    middle_mm: float
    posterior_mm: float
    crush: float | None = None

    @property
    def wedge(self) -> float:
        """Loss of anterior against posterior height."""
        return 1 - self.anterior_mm / self.posterior_mm

    @property
    def biconcave(self) -> float:
        """Loss of middle against posterior height."""
        return 1 - self.middle_mm / self.posterior_mm

    @property
    def loss(self) -> tuple[float, str]:
        """The largest loss, and which of the three it is."""
        losses = [(self.wedge, "wedge"), (self.biconcave, "biconcave"), (self.crush or 0.0, "crush")]
        return max(losses)

    @property
    def grade(self) -> int:
        """Genant grade suggested by the largest loss, 0 for none."""
        return max(
            (row["grade"] for row in load_table("genant")["grades"] if self.loss[0] >= row["from_loss"] - ROUNDING),
            default=0,
        )

    def to_mapping(self) -> dict[str, Any]:
        """Return the heights as in the result file."""
        return {
            "anterior_mm": self.anterior_mm,
            "middle_mm": self.middle_mm,
            "posterior_mm": self.posterior_mm,
            "wedge": self.wedge,
            "biconcave": self.biconcave,
            "crush": self.crush,
            "genant_grade": self.grade,
            "deformity": self.loss[1] if self.grade else None,
            "source": load_table("genant")["source"],
        }

    def findings(self, level: str) -> tuple[Finding, ...]:
        """Return the finding that suggests a look at a deformity, if any."""
        if not self.grade:
            return ()
        table = load_table("genant")
        name = next(row["name"] for row in table["grades"] if row["grade"] == self.grade)
        loss, kind = self.loss
        normal = f"{100 * table['normal_wedging']:.0f}"
        findings = finding(
            "height-loss",
            level=level,
            percent=f"{100 * loss:.0f}",
            kind=kind,
            grade=self.grade,
            name=name,
            normal=normal,
        )
        return (findings,)


def labelled_heights(
    labels: NDArray[np.integer], numbers: Mapping[str, int], boxes: Mapping[int, Box], geometry: ImageGeometry
) -> dict[str, Heights]:
    """Measure every labelled vertebra that lies entirely in the scan, by level; none on thick slices.

    ``crush`` is left to ``with_crush``.

    Parameters
    ----------
    labels : int array (z, y, x)
    numbers : label by level
    boxes : block of each label
    geometry : of the labels
    """
    found: dict[str, Heights] = {}
    if geometry.slice_increment_mm > LARGEST_INCREMENT_MM:
        return found
    for level, number in numbers.items():
        box = boxes[number]
        if any(s.start == 0 or s.stop == n for s, n in zip(box, labels.shape, strict=True)):
            continue
        body, _ = vertebral_body(labels[box] == number, geometry.spacing_mm)
        offset = (box[0].start, box[1].start, box[2].start)
        frame = body_frame(body, offset, geometry)
        heights = None if frame is None else six_points(body, offset, geometry, frame)
        if heights is not None:
            found[level] = heights
    return found


def with_crush(heights: Mapping[str, Heights]) -> dict[str, Heights]:
    """Add the loss of posterior height relative to the neighbours, where both are measured."""
    found = dict(heights)
    order = {levels()[level].order: level for level in found}
    for place, level in order.items():
        above, below = order.get(place - 1), order.get(place + 1)
        if above and below:
            usual = (found[above].posterior_mm + found[below].posterior_mm) / 2
            found[level] = replace(found[level], crush=1 - found[level].posterior_mm / usual)
    return found


def six_points(
    body: NDArray[np.bool_], offset: tuple[int, int, int], geometry: ImageGeometry, frame: BodyFrame
) -> Heights | None:
    """Return anterior, middle and posterior height of a body, None where one cannot be measured.

    The mask is interpolated linearly along lines parallel to the body's axis; a height is the
    distance between the first and last crossing of one half, the median over the lines of its place.
    """
    # A margin of zeros, so that the outermost voxels extend half way out.
    padded = np.pad(body, 1).astype(np.float32)
    reach = frame.height_mm
    w = np.arange(-reach, reach + STEP_MM / 2, STEP_MM)
    u = np.linspace(-MIDLINE_MM, MIDLINE_MM, LINES)
    found = []
    for place in PLACES.values():
        v = (np.linspace(-0.5, 0.5, LINES) * PART_OF_DEPTH + place - 0.5) * frame.depth_mm
        local = np.stack(np.meshgrid(u, v, w, indexing="ij"), axis=-1)
        index = geometry.to_index(frame.center_mm + local @ frame.axes.T)[..., ::-1] - np.asarray(offset) + 1
        inside = ndimage.map_coordinates(padded, np.moveaxis(index, -1, 0), order=1) >= 0.5
        if not inside.any(axis=-1).all():
            return None
        lengths = inside.shape[-1] - inside[..., ::-1].argmax(axis=-1) - inside.argmax(axis=-1)
        found.append(float(np.median(lengths)) * STEP_MM)
    return Heights(*found)


def heights_findings(without: Mapping[str, str], increment_mm: float) -> tuple[Finding, ...]:
    """Return the findings on why vertebrae have no heights.

    Parameters
    ----------
    without : the source (``roi``, ``labelmap``, ``point``) of each level that has none
    increment_mm : of the slices
    """
    placed = [level for level, source in without.items() if source == "roi"]
    bodies = [level for level, source in without.items() if source != "roi"]
    findings = []
    if placed:
        findings.append(finding("heights-region", levels=", ".join(placed)))
    if bodies and increment_mm > LARGEST_INCREMENT_MM:
        findings.append(finding("heights-thick", increment=f"{increment_mm:g}"))
    elif bodies:
        findings.append(finding("heights-unresolved", levels=", ".join(bodies)))
    return tuple(findings)
