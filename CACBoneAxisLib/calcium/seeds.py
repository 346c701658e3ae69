"""Seeds: points that a reader places on calcium, with the decision about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from CACBoneAxisLib.calcium.territories import territories, territory_of
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList, stated_decision

Decision = Literal["score", "accepted", "excluded"]
Growth = Literal["lesion", "slice"]

DECISION_KEYS = ("decision", "reason", "cut_radius_mm", "growth", "suggested")
# A cut separates calcium from what it touches; a sphere of the size of the heart separates nothing.
LARGEST_CUT_RADIUS_MM = 30.0


@dataclass(frozen=True)
class Seed:
    """A point on a calcification.

    Parameters
    ----------
    name : the control point's label, for example ``LAD-2``
    territory : code of the territory
    position_mm : LPS
    cut_radius_mm : the lesion ends at this distance from the seed; None for no cut
    decision : score it, score it despite an implausible size, or list it unscored
    reason : why it was excluded
    growth : the seed takes everything connected to it, or only within its slice
    suggested : confidence (0 to 1) of the suggestion that the reader took; None where the reader found it
    """

    name: str
    territory: str
    position_mm: tuple[float, float, float]
    cut_radius_mm: float | None = None
    decision: Decision = "score"
    reason: str | None = None
    growth: Growth = "lesion"
    suggested: float | None = None

    @property
    def parts(self) -> bool:
        """Whether the seed takes only a part of the connected candidates."""
        return self.cut_radius_mm is not None or self.growth == "slice"


def seeds_from(lists: Iterable[PointList]) -> tuple[Seed, ...]:
    """Return the seeds of point lists, in an order independent of theirs.

    Raises
    ------
    UnusableInputError
        When a label names no territory, or a description is a decision that is damaged or not known.
    """
    seeds = [_seed(point, points.name) for points in lists for point in points.points]
    return tuple(sorted(seeds, key=_order))


def _order(seed: Seed) -> tuple[int, int, str, tuple[float, float, float]]:
    number = re.search(r"\d+", seed.name)
    return list(territories()).index(seed.territory), int(number.group()) if number else 0, seed.name, seed.position_mm


def _seed(point: ControlPoint, file: str) -> Seed:
    territory = territory_of(point.label)
    if territory is None:
        raise refusal("seed-label", seed=point.label or "without a label", file=file, known=", ".join(territories()))
    try:
        content = stated_decision(point.description, DECISION_KEYS)
    except ValueError as error:
        raise refusal("seed-decision", seed=point.label, problem=error) from None
    decision = content.get("decision", "score")
    radius = content.get("cut_radius_mm")
    reason = content.get("reason")
    growth = content.get("growth", "lesion")
    suggested = content.get("suggested")
    problem = None
    if decision not in ("score", "accepted", "excluded"):
        problem = f"the decision {decision} is none of score, accepted, excluded"
    elif radius is not None and not (type(radius) in (int, float) and isfinite(radius) and radius > 0):
        problem = f"the cut radius {radius} is not a length in mm"
    elif radius is not None and radius > LARGEST_CUT_RADIUS_MM:
        problem = f"the cut radius {radius:g} mm is more than {LARGEST_CUT_RADIUS_MM:g} mm"
    elif growth not in ("lesion", "slice"):
        problem = f"the growth {growth} is none of lesion, slice"
    elif suggested is not None and not (type(suggested) in (int, float) and 0 <= suggested <= 1):
        problem = f"the confidence {suggested} of its suggestion is not between 0 and 1"
    if problem:
        raise refusal("seed-decision", seed=point.label, problem=problem)
    return Seed(
        point.label,
        territory,
        point.position_mm,
        None if radius is None else float(radius),
        decision,
        reason,
        growth,
        None if suggested is None else float(suggested),
    )


def nearest_candidate(
    image: CTImage, position_mm: tuple[float, float, float], threshold_hu: float, distance_mm: float
) -> tuple[int, int, int] | None:
    """Return the candidate voxel (z, y, x) nearest to a point, None without one within ``distance_mm``.

    The distance is measured to the voxel's box, so a point inside a candidate voxel hits it however
    thick the slice. At equal distance the nearest centre wins, then the lowest index.
    """
    geometry = image.geometry
    spacing = np.asarray(geometry.spacing_mm)
    index = geometry.to_index(position_mm)
    reach = distance_mm / spacing + 0.5
    shape = np.asarray(geometry.shape[::-1])
    low = np.maximum(np.floor(index - reach).astype(int), 0)
    high = np.minimum(np.ceil(index + reach).astype(int) + 1, shape)
    if np.any(high <= low):
        return None
    block = image.hu[low[2] : high[2], low[1] : high[1], low[0] : high[0]] >= threshold_hu
    found = np.argwhere(block)[:, ::-1] + low
    if not found.size:
        return None
    offset = np.abs(found - index) * spacing
    to_box = np.linalg.norm(np.maximum(offset - spacing / 2, 0), axis=1)
    # Rounded to 1 nm, so that equal distances tie in every storage order of the same scan.
    order = np.lexsort(
        (found[:, 0], found[:, 1], found[:, 2], np.linalg.norm(offset, axis=1).round(6), to_box.round(6))
    )
    best = order[0]
    if to_box[best] > distance_mm + 1e-6:
        return None
    x, y, z = (int(i) for i in found[best])
    return z, y, x


def names_of(seeds: Sequence[Seed]) -> str:
    """Join the seeds' names: ``LM-1``, ``LM-1 and LAD-1``, ``LM-1, LAD-1 and LCX-1``."""
    *most, last = [seed.name for seed in seeds]
    return f"{', '.join(most)} and {last}" if most else last


def hu_at(image: CTImage, position_mm: tuple[float, float, float]) -> float | None:
    """Return the value of the voxel that holds a point, or None outside the scan."""
    x, y, z = (round(i) for i in image.geometry.to_index(position_mm))
    slices, rows, columns = image.geometry.shape
    if not (0 <= z < slices and 0 <= y < rows and 0 <= x < columns):
        return None
    return float(image.hu[z, y, x])
