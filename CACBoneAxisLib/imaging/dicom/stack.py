"""Arrange DICOM slices in space: order, increment, and geometry that is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, degrees
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing
from CACBoneAxisLib.imaging.imagefile import clean_direction

# Cosines and pixel spacings of one series agree up to rounding.
SAME_COSINE = 1e-4
SAME_SPACING = 1e-4
# Slices closer than this share a position.
SAME_POSITION_MM = 0.01
# Positions have at least two decimals; gaps may differ by this much.
GAP_TOLERANCE_MM = 0.02
GAP_TOLERANCE = 0.02
TILT_TOLERANCE_DEGREES = 0.5
DRIFT_TOLERANCE_PIXELS = 0.5
PLACE = {
    "position_mm": "Image Position (Patient) (0020,0032)",
    "row": "Image Orientation (Patient) (0020,0037)",
    "spacing_mm": "Pixel Spacing (0028,0030)",
}


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices ordered along their normal (row x column), and their grid."""

    slices: tuple[SliceHeader, ...]
    geometry: ImageGeometry


def stack_slices(slices: Sequence[SliceHeader], name: str) -> Stack:
    """Stack slices to one regular grid; the increment is (last - first) / (n - 1).

    Raises
    ------
    UnusableInputError
        ``no-position``, ``mixed-orientations``, ``single-slice``, ``duplicate-positions``,
        ``missing-slice`` (a gap of a whole number of increments), ``uneven-increments``
        (a gap off the usual one by more than 0.02 mm and 2 %), ``gantry-tilt`` (stacked
        more than 0.5 degrees off the slices' normal, or half a pixel over the stack).
    """
    missing = [
        element for field, element in PLACE.items() if not slices or any(getattr(one, field) is None for one in slices)
    ]
    if missing:
        raise refusal("no-position", file=name, elements=" and ".join(missing))
    in_plane = np.array([[*s.row, *s.column] for s in slices])  # type: ignore[misc]
    spacing = np.array([s.spacing_mm for s in slices])
    if (
        np.ptp(in_plane, axis=0).max() > SAME_COSINE
        or np.any(np.ptp(spacing, axis=0) > SAME_SPACING * spacing[0])
        or len({(s.rows, s.columns) for s in slices}) > 1
    ):
        raise refusal("mixed-orientations", file=name)
    row, column = _unit_vectors(in_plane[0], name)
    normal = np.cross(row, column)
    positions = np.array([s.position_mm for s in slices])
    order = np.argsort(positions @ normal, kind="stable")
    ordered = [slices[i] for i in order]
    if len(ordered) < 2:
        raise refusal("single-slice", file=name)

    positions = np.array([s.position_mm for s in ordered])
    heights = positions @ normal
    _check_heights(heights, name)
    _check_drift(positions, heights, row, column, spacing[0], name)
    increment = (heights[-1] - heights[0]) / (len(ordered) - 1)
    geometry = ImageGeometry(
        shape=(len(ordered), ordered[0].rows, ordered[0].columns),
        spacing_mm=(round_spacing(spacing[0][0]), round_spacing(spacing[0][1]), round_spacing(increment)),
        origin_mm=(float(positions[0][0]), float(positions[0][1]), float(positions[0][2])),
        direction=clean_direction(np.stack([row, column, normal], axis=1)),
    )
    return Stack(tuple(ordered), geometry)


def increment_mm(slices: Sequence[SliceHeader]) -> float | None:
    """Return the median slice distance for a listing; None without one."""
    placed = [s for s in slices if s.position_mm is not None and s.row is not None and s.column is not None]
    if len(placed) < 2:
        return None
    normal = np.cross(np.asarray(placed[0].row), np.asarray(placed[0].column))
    gaps = np.diff(np.sort([float(np.dot(s.position_mm, normal)) for s in placed]))  # type: ignore[arg-type]
    gaps = gaps[gaps > SAME_POSITION_MM]
    return round_spacing(float(median_low(gaps.tolist()))) if gaps.size else None


def _unit_vectors(cosines: NDArray, name: str) -> tuple[NDArray, NDArray]:
    row, column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not (0.99 < lengths[0] < 1.01 and 0.99 < lengths[1] < 1.01) or abs(row @ column) > 1e-2:
        raise refusal("no-position", file=name, elements=PLACE["row"])
    row = row / lengths[0]
    # With few digits the two are not quite orthogonal.
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _check_heights(heights: NDArray, name: str) -> None:
    gaps = np.diff(heights)
    same = gaps <= SAME_POSITION_MM
    if same.any():
        first = heights[int(np.argmax(same))]
        raise refusal("duplicate-positions", file=name, count=int(same.sum()), position=f"{first:.6g}")
    usual = float(median_low(gaps.tolist()))
    off = np.abs(gaps - usual) > max(GAP_TOLERANCE_MM, GAP_TOLERANCE * usual)
    if not off.any():
        return
    times = np.rint(gaps / usual)
    whole = (times >= 2) & (np.abs(gaps - times * usual) <= np.maximum(GAP_TOLERANCE_MM, GAP_TOLERANCE * gaps))
    if np.all(whole[off]):
        at = int(np.argmax(off))
        raise refusal(
            "missing-slice",
            file=name,
            below=f"{heights[at]:.6g}",
            above=f"{heights[at + 1]:.6g}",
            gap=f"{gaps[at]:.4g}",
            increment=f"{usual:.4g}",
        )
    raise refusal("uneven-increments", file=name, smallest=f"{gaps.min():.4g}", largest=f"{gaps.max():.4g}")


def _check_drift(
    positions: NDArray, heights: NDArray, row: NDArray, column: NDArray, spacing: NDArray, name: str
) -> None:
    sideways = np.stack([(positions - positions[0]) @ row, (positions - positions[0]) @ column], axis=1)
    steady = np.outer((heights - heights[0]) / (heights[-1] - heights[0]), sideways[-1])
    limit = DRIFT_TOLERANCE_PIXELS * float(spacing.min())
    if np.abs(sideways - steady).max() > limit:
        raise refusal("mixed-orientations", file=name)
    rise = float(heights[-1] - heights[0])
    drift = float(np.linalg.norm(sideways[-1]))
    tilt = degrees(acos(min(1.0, rise / float(np.hypot(rise, drift)))))
    if tilt > TILT_TOLERANCE_DEGREES or drift > limit:
        raise refusal("gantry-tilt", file=name, degrees=f"{tilt:.1f}")
