"""Candidates without clicking: what may be coronary calcium, each with a suggested territory.

A suggestion is never scored by itself: a person, or an explicit choice to accept them,
makes seeds of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.listing import list_candidates
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList

SURE_MM = 15.0
# Where the arteries run, seen from the middle of the descending aorta, mm to the left and to the front. By the
# project's own reading of one patient and of the digital torso: a hint for a reader, no rule of anatomy.
RIGHT_OF_ROOT_MM, LEFT_OF_ROOT_MM, FRONT_OF_ROOT_MM = -33.0, 10.0, 83.0
LEFT_MAIN_FROM_MM, LEFT_MAIN_BACK_MM, LEFT_MAIN_FRONT_MM = -8.0, 48.0, 66.0
GROOVE_FRONT_MM = 56.0
# Farther back lie the hila of the lungs.
RIGHT_BACK_MM, LEFT_BACK_MM = 40.0, 15.0


@dataclass(frozen=True)
class Suggestion:
    """A candidate.

    Parameters
    ----------
    territory : suggested
    confidence : 0 to 1: how far the place is from where the next territory begins, in 15 mm
    position_mm : LPS, of its brightest voxel
    volume_mm3, voxels, peak_hu : what it measures at the protocol's threshold
    """

    territory: str
    confidence: float
    position_mm: tuple[float, float, float]
    volume_mm3: float
    voxels: int
    peak_hu: float

    def to_mapping(self) -> dict[str, Any]:
        """Return the suggestion as result.json has it."""
        left, posterior, superior = self.position_mm
        return {
            "territory": self.territory,
            "confidence": self.confidence,
            "position_ras_mm": [-left, -posterior, superior],
            "volume_mm3": self.volume_mm3,
            "voxels": self.voxels,
            "peak_hu": self.peak_hu,
        }


def suggest(
    image: CTImage, candidates: Candidates, region: HeartRegion, protocol: CalciumProtocol
) -> tuple[Suggestion, ...]:
    """Return the candidates in the heart's region that may be coronary calcium, by territory, largest first.

    Left out: what is connected to a set larger than a lesion can be (bone, spine, ribs), what
    reaches the smallest size in no slice, the wall of the descending aorta, the walls of
    airways, and what lies as far back as the hila of the lungs.
    """
    geometry = image.geometry
    found = []
    for label in np.flatnonzero(list_candidates(image, candidates, protocol, region).codes == 0):
        mask = candidates.component(int(label))
        zyx = mask.indices()
        values = mask.values(image.hu)
        peak = zyx[int(np.argmax(values))]
        left_mm, front_mm = _from_aorta(image, region, peak)
        territory, margin = territory_at(left_mm, front_mm)
        if front_mm < {"RCA": RIGHT_BACK_MM, "LCX": LEFT_BACK_MM}.get(territory, 0.0):
            continue
        left, posterior, superior = (float(v) for v in geometry.to_lps(peak[::-1]))
        found.append(
            Suggestion(
                territory,
                float(min(1.0, margin / SURE_MM)),
                (left, posterior, superior),
                len(zyx) * geometry.voxel_volume_mm3,
                len(zyx),
                float(values.max()),
            )
        )
    order = {"LM": 0, "LAD": 1, "LCX": 2, "RCA": 3, "AA": 4}
    return tuple(sorted(found, key=lambda s: (order[s.territory], -s.volume_mm3, s.position_mm)))


def territory_at(left_mm: float, front_mm: float) -> tuple[str, float]:
    """Return the territory that a place suggests, and how far it is from where another begins, mm.

    Parameters
    ----------
    left_mm, front_mm : from the middle of the descending aorta in the same slice
    """
    if left_mm < RIGHT_OF_ROOT_MM or (left_mm < LEFT_OF_ROOT_MM and front_mm > FRONT_OF_ROOT_MM):
        return "RCA", max(RIGHT_OF_ROOT_MM - left_mm, min(LEFT_OF_ROOT_MM - left_mm, front_mm - FRONT_OF_ROOT_MM))
    if LEFT_MAIN_FROM_MM < left_mm < LEFT_OF_ROOT_MM and LEFT_MAIN_BACK_MM < front_mm < LEFT_MAIN_FRONT_MM:
        sides = min(left_mm - LEFT_MAIN_FROM_MM, LEFT_OF_ROOT_MM - left_mm)
        return "LM", min(sides, front_mm - LEFT_MAIN_BACK_MM, LEFT_MAIN_FRONT_MM - front_mm)
    if left_mm < LEFT_OF_ROOT_MM:
        return "AA", min(left_mm - RIGHT_OF_ROOT_MM, FRONT_OF_ROOT_MM - front_mm, LEFT_OF_ROOT_MM - left_mm)
    if front_mm > GROOVE_FRONT_MM:
        return "LAD", min(front_mm - GROOVE_FRONT_MM, left_mm - LEFT_OF_ROOT_MM)
    return "LCX", min(GROOVE_FRONT_MM - front_mm, left_mm - LEFT_OF_ROOT_MM)


def as_points(suggestions: Sequence[Suggestion]) -> PointList:
    """Return suggestions as a point list whose labels are seeds' (``LAD-1``)."""
    counts: dict[str, int] = {}
    points = []
    for one in suggestions:
        counts[one.territory] = counts.get(one.territory, 0) + 1
        remark = f"suggested, confidence {one.confidence:.2f}"
        points.append(ControlPoint(f"{one.territory}-{counts[one.territory]}", one.position_mm, remark))
    return PointList("suggestions", tuple(points))


def _from_aorta(image: CTImage, region: HeartRegion, zyx: NDArray[np.integer]) -> tuple[float, float]:
    dx, dy, _ = image.geometry.spacing_mm
    y, x, _ = region.aorta[int(zyx[0])]
    return float((zyx[2] - x) * dx), float((y - zyx[1]) * dy)
