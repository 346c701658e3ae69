"""Density of coronary calcium and its distribution over the arteries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from CACBoneAxisLib.calcium.scoring import LesionScore


@dataclass(frozen=True)
class Distribution:
    """Density and distribution of the calcium in the total.

    Parameters
    ----------
    density : mean weight of the area, 1 to 4; None without calcium
    most_affected : artery with the highest score; None without calcium or where one is undecided
    share : fraction of the total in that artery
    diffusivity : 1 - share: 0 when all calcium lies in one artery, 0.75 when four have the same
    """

    density: float | None = None
    most_affected: str | None = None
    share: float | None = None
    diffusivity: float | None = None


def distribution_of(scores: Sequence[LesionScore], arteries: Mapping[str, float | None]) -> Distribution:
    """Return the density of calcium and its distribution over the arteries.

    Density is Agatston / (volume / increment) (Criqui 2014, JAMA 311:271) before normalisation to
    the reference increment: the sum of area x weight over the sum of area. Among arteries with
    equal scores the first counts as the most affected.

    Parameters
    ----------
    scores : of the lesions in the coronary total
    arteries : Agatston score of each coronary artery
    """
    area = sum(score.area_mm2 for score in scores)
    density = sum(score.weighted_area_mm2 for score in scores) / area if area else None
    given = {code: value for code, value in arteries.items() if value is not None}
    total = sum(given.values())
    if len(given) < len(arteries) or not total:
        return Distribution(density)
    most = max(given, key=lambda code: given[code])
    share = given[most] / total
    return Distribution(density, most, share, 1 - share)
