"""Locate a vertebral body from one point inside it: endplates, axis, wall and spinal canal.

From the point, the endplates are searched along columns of bone (``bone/endplates.py``), then the wall
in the cross-section at mid-height (``bone/walls.py``); the point is moved to the middle, the axes are
turned, and both are searched again. The canal behind, surrounded by bone, confirms a vertebra. In
thick slices, which blur a disc and its endplates into one band, the axis is restrained to the course
of the spine (``bone/course.py``), and two neighbouring starts must find the same body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from CACBoneAxisLib.bone.bodies import BodyFrame
from CACBoneAxisLib.bone.course import spine_course
from CACBoneAxisLib.bone.endplates import FIRST, Ends, find_ends, fine, wide
from CACBoneAxisLib.bone.oblique import Block, block_around
from CACBoneAxisLib.bone.walls import (
    Canal,
    Wall,
    cross_section_axes,
    find_canal,
    find_wall,
    with_posterior_wall,
)
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import as_point, as_ras
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.regions import Region

# Extent to the right, left, front, back, feet and head of the point, mm.
REACH_MM = (58.0, 58.0, 52.0, 78.0, 48.0, 48.0)
METAL_REACH_MM = 25.0
# Metal so near to a body touches it; an endograft lies farther away.
METAL_TOUCHES_MM = 2.0
FIRST_PATCH_MM = (7.0, 6.0)
# The patch of columns covers this fraction of the body, where endplates are nearly flat.
PART_OF_BODY = 0.6
TURNS = 4
# Further starts: the point, and points in front of it to the left and right; farther apart in thick slices.
STARTS_MM = ((0.0, 0.0), (5.0, -5.0), (-5.0, -5.0))
LEAST_STARTS = 3
THICK_STARTS_MM = (*STARTS_MM, (0.0, -8.0), (8.0, 0.0), (-8.0, 0.0))
AGREED_MM, AGREED_DEGREES = 3.0, 8.0
# In thin slices one start of good quality is accepted, and one of fair quality if the others find nothing; below
# the minimum quality a start is rejected.
GOOD, FAIR, LEAST, THICK_MM = 0.75, 0.65, 0.45, 3.5
# Minimum visible fraction of the wall for full score.
WALL_SEEN = 0.6
# This near to the first or last slice, the next endplate may lie outside the scan.
HALF_BODY_MM = 15.0
# Below this fraction of the root of width times depth, a body has lost height or an endplate was missed.
FLAT = 0.55


@dataclass(frozen=True, eq=False)
class LocatedVertebra:
    """A vertebra located from a point; ``frame`` is None where it was refused, with findings.

    Parameters
    ----------
    level : as named by the reader; a point does not tell
    point_mm : LPS
    frame : of the body, None where it was not found
    canal_mm : centre of the spinal canal at mid-height, LPS
    confidence : 0 to 1: visibility of endplates, wall and canal
    findings
    """

    level: str
    point_mm: tuple[float, float, float]
    frame: BodyFrame | None = None
    canal_mm: tuple[float, float, float] | None = None
    confidence: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def tilt_degrees(self) -> float | None:
        """Angle between the body's axis and the patient's long axis."""
        return None if self.frame is None else float(np.degrees(np.arccos(min(1.0, self.frame.axes[2, 2]))))

    def to_mapping(self) -> dict[str, Any]:
        """Return the content of the result file, RAS."""
        frame, canal = self.frame, self.canal_mm
        return {
            "point_ras_mm": as_ras(self.point_mm),
            "confidence": self.confidence,
            "center_ras_mm": None if frame is None else as_ras(frame.center_mm),
            "width_mm": None if frame is None else frame.width_mm,
            "depth_mm": None if frame is None else frame.depth_mm,
            "height_mm": None if frame is None else frame.height_mm,
            "tilt_degrees": self.tilt_degrees,
            "canal_ras_mm": None if canal is None else as_ras(canal),
        }


def locate_vertebra(image: CTImage, level: str, point_mm: ArrayLike, metal_hu: float = 2000.0) -> LocatedVertebra:
    """Return the vertebral body around a point of a CT.

    Reads a block of about 12 x 13 x 10 cm around the point, so that its time does not grow with the
    scan. docs/bone.md gives its error on phantoms and on two real scans.

    Parameters
    ----------
    image : CTImage
    level : ``T1`` to ``L5``, for the messages
    point_mm : LPS, anywhere inside the body
    metal_hu : HU that counts as metal; a body that it touches is not measured
    """
    point = np.asarray(point_mm, dtype=float)
    place = as_point(point)
    if not np.all(np.isfinite(point)):
        return LocatedVertebra(level, place, findings=(finding("locate-outside", level=level),))
    near = block_around(image.hu, image.geometry, point, (METAL_REACH_MM,) * 6)
    block = block_around(image.hu, image.geometry, point, REACH_MM)
    if near is None or block is None:
        return LocatedVertebra(level, place, findings=(finding("locate-outside", level=level),))
    metal = near.maximum_hu >= metal_hu
    refused = LocatedVertebra(
        level, place, findings=(finding("locate-metal", level=level, maximum=f"{near.maximum_hu:.0f}"),)
    )
    found, code = _agreed(_traces(block, point, image.geometry.slice_increment_mm), image.geometry.slice_increment_mm)
    if found is None and metal:
        return refused
    if found is None:
        slices = float(image.geometry.to_index(point)[2])
        beyond = min(slices, image.geometry.shape[0] - 1 - slices) * image.geometry.slice_increment_mm
        code = "locate-border" if code == "locate-unsure" and beyond < HALF_BODY_MM else code
        return LocatedVertebra(level, place, findings=(finding(code, level=level),))
    wall, axes = found.wall, found.axes
    frame = BodyFrame(found.center_mm, axes, 2 * wall.half_width_mm, 2 * wall.half_depth_mm, found.ends.height_mm)
    if metal and _touches_metal(image, frame, metal_hu):
        return refused
    canal = None
    if found.canal is not None:
        canal = as_point(found.center_mm + axes[:, 0] * found.canal.left_mm + axes[:, 1] * found.canal.back_mm)
    located = LocatedVertebra(level, place, frame, canal, found.quality)
    words = {
        "width": f"{frame.width_mm:.0f}",
        "depth": f"{frame.depth_mm:.0f}",
        "height": f"{frame.height_mm:.0f}",
        "tilt": f"{located.tilt_degrees:.0f}",
        "confidence": f"{found.quality:.2f}",
    }
    findings = [finding("located", level=level, **words)]
    if frame.height_mm < FLAT * np.sqrt(frame.width_mm * frame.depth_mm):
        findings.append(finding("locate-flat", level=level, height=words["height"]))
    return replace(located, findings=tuple(findings))


def _touches_metal(image: CTImage, frame: BodyFrame, metal_hu: float) -> bool:
    """Return whether a voxel of metal lies in a body or touches it."""
    size = (frame.width_mm + 2 * METAL_TOUCHES_MM, frame.depth_mm + 2 * METAL_TOUCHES_MM, frame.height_mm)
    center = tuple(float(v) for v in frame.center_mm)
    axes = tuple((float(row[0]), float(row[1]), float(row[2])) for row in frame.axes)
    around = Region((center[0], center[1], center[2]), size, axes).voxels(image.geometry).mask
    return around is not None and bool(around.values(image.hu).max() >= metal_hu)


@dataclass(frozen=True, eq=False)
class _Trace:
    """Result of one start: the body, and the quality of each part."""

    center_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    ends: Ends
    wall: Wall
    canal: Canal | None
    point_mm: NDArray[np.float64]
    # Distance beyond an endplate that must lie in the scan.
    beyond_mm: float

    @property
    def quality(self) -> float:
        """Combined quality of endplates, wall and canal, 0 to 1."""
        canal = self.canal.enclosed if self.canal else 0.0
        return float(self.ends.explained * min(1.0, self.wall.seen / WALL_SEEN) * canal)

    @property
    def objection(self) -> str | None:
        """The finding that rejects this result, None where none does."""
        u, v, w = (self.point_mm - self.center_mm) @ self.axes
        half = self.ends.height_mm / 2
        low, high = self.ends.known_mm
        if -half - self.beyond_mm < low or half + self.beyond_mm > high:
            return "locate-border"
        if self.quality < LEAST:
            return "locate-unsure"
        if abs(w) > half + 1.5:
            return "locate-disc"
        within = (u / self.wall.half_width_mm) ** 2 + (v / self.wall.half_depth_mm) ** 2 <= 1.2
        return None if within else "locate-beside"

    def agrees(self, other: _Trace) -> bool:
        """Return whether two traces found the same body."""
        apart = float(np.linalg.norm(self.center_mm - other.center_mm))
        return apart <= AGREED_MM and bool(self.axes[:, 2] @ other.axes[:, 2] >= np.cos(np.radians(AGREED_DEGREES)))


def _agreed(traces: Iterator[_Trace | None], increment_mm: float) -> tuple[_Trace | None, str]:
    """Return the accepted body, or None with the finding that says why."""
    kept: list[list[_Trace]] = []
    against: list[tuple[float, str]] = [(0.0, "locate-unsure")]
    thin = increment_mm <= THICK_MM
    for number, found in enumerate(traces, 1):
        code = None if found is None else found.objection
        if found is not None and code is not None:
            against.append((found.quality, code))
        elif found is not None:
            if thin and found.quality >= GOOD:
                return found, ""
            same = [one for one in kept if any(found.agrees(other) for other in one)]
            kept = [one for one in kept if one not in same]
            alike = [found, *(other for one in same for other in one)]
            kept.append(sorted(alike, key=lambda one: one.quality, reverse=True))
            if thin and same:
                return kept[-1][0], ""
        # In thick slices half a body, between an endplate and a dense band at mid-height, fits too, but less well.
        if not thin and number >= LEAST_STARTS and kept:
            first = max(kept, key=lambda one: one[0].quality)
            if len(first) >= 2 and len(first) == max(map(len, kept)):
                return first[0], ""
    if thin and len(kept) == 1 and kept[0][0].quality >= FAIR:
        return kept[0][0], ""
    return None, "locate-unsure" if kept else max(against)[1]


def _traces(block: Block, point: NDArray[np.floating], increment_mm: float) -> Iterator[_Trace | None]:
    thick = increment_mm > THICK_MM
    course = spine_course(block, point, increment_mm) if thick else None
    for left, back in THICK_STARTS_MM if thick else STARTS_MM:
        yield _trace(block, point, point + np.array([left, back, 0.0]), increment_mm, course)


def _trace(
    block: Block,
    point: NDArray[np.floating],
    start: NDArray[np.floating],
    increment_mm: float,
    course: NDArray[np.float64] | None,
) -> _Trace | None:
    """Locate a body from one start; None without one."""
    center, size = np.asarray(start, dtype=np.float64), None
    axes = np.eye(3) if course is None else _upon(course, np.eye(3))
    patch, choices = FIRST_PATCH_MM, FIRST
    u, v = cross_section_axes()
    ends: Ends | None = None
    wall: Wall | None = None
    for turn in range(TURNS):
        ends = find_ends(block, center, axes, patch, choices, increment_mm, size, course)
        if ends is None:
            return None
        axes = _turned(ends, axes)
        center = center + axes[:, 2] * ends.middle_mm
        section = block.grid(center, axes, u, v, np.linspace(-0.2, 0.2, 5) * ends.height_mm).mean(axis=2)
        wall = find_wall(section, 12.0 if turn == 0 else 5.0)
        if wall is None:
            return None
        center = center + axes[:, 0] * wall.left_mm + axes[:, 1] * wall.back_mm
        patch = (PART_OF_BODY * wall.half_width_mm, PART_OF_BODY * wall.half_depth_mm)
        size = 2 * float(np.sqrt(wall.half_width_mm * wall.half_depth_mm))
        choices = wide(size) if turn == 0 else fine(ends, 0.03)
    if ends is None or wall is None:
        return None
    known = (ends.known_mm[0] - ends.middle_mm, ends.known_mm[1] - ends.middle_mm)
    ends = replace(ends, middle_mm=0.0, known_mm=known)
    wall = replace(wall, left_mm=0.0, back_mm=0.0)
    slab = block.grid(center, axes, u, v, np.linspace(-0.5, 0.5, 9) * ends.height_mm)
    canal = find_canal(slab, wall)
    if canal is not None:
        wall = with_posterior_wall(slab[:, :, 3:6].mean(axis=2), wall, canal)
        center = center + axes[:, 1] * wall.back_mm
        canal = replace(canal, back_mm=canal.back_mm - wall.back_mm)
        wall = replace(wall, back_mm=0.0)
    beyond = increment_mm / 2 if increment_mm > THICK_MM else 0.0
    return _Trace(center, axes, ends, wall, canal, np.asarray(point, dtype=float), beyond)


def _turned(ends: Ends, axes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn axes so that the third is the normal of the endplates, and the second points back."""
    normal = np.array([-ends.slope_left, -ends.slope_back, 1.0])
    return _upon(axes @ (normal / np.linalg.norm(normal)), axes)


def _upon(up: NDArray[np.floating], axes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return axes with the given third one, the second pointing back."""
    back = axes[:, 1] - (axes[:, 1] @ up) * up
    back /= np.linalg.norm(back)
    return np.column_stack([np.cross(back, up), back, up])
