"""Suggest candidates that may be coronary calcium, each with a territory, and list those left out.

A suggestion is never scored by itself: a person, or an explicit choice to accept them,
makes seeds of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.arterylocation import at_hilum, territory_at, territory_in_groove
from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.screening import REASONS, screen_candidates
from CACBoneAxisLib.imaging.geometry import as_ras
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList

SURE_MM = 15.0
# Candidates are searched in a block around the heart region; anything beyond is not listed.
AROUND_MM = 15.0
# Reasons to leave out a candidate near the heart, in listing order.
LEFT_OUT = (*(reason for reason in REASONS if reason != "small"), "bone-label", "hilum")


@dataclass(frozen=True)
class Suggestion:
    """A suggested candidate.

    Parameters
    ----------
    territory : suggested
    confidence : 0 to 1: distance to the next territory over 15 mm
    position_mm : LPS, of its brightest voxel
    volume_mm3, voxels, peak_hu : measured at the protocol's threshold
    """

    territory: str
    confidence: float
    position_mm: tuple[float, float, float]
    volume_mm3: float
    voxels: int
    peak_hu: float

    def to_mapping(self) -> dict[str, Any]:
        """Return the suggestion as in result.json."""
        return {"territory": self.territory, "confidence": self.confidence, **_measures(self)}


@dataclass(frozen=True)
class LeftOut:
    """A candidate near the heart that is not suggested, with the reason (one of ``LEFT_OUT``)."""

    reason: str
    position_mm: tuple[float, float, float]
    volume_mm3: float
    voxels: int
    peak_hu: float

    def to_mapping(self) -> dict[str, Any]:
        """Return the candidate as in result.json."""
        return {"reason": self.reason, **_measures(self)}


@dataclass(frozen=True)
class CandidateSearch:
    """Result of a search for candidates.

    Parameters
    ----------
    suggestions : possible coronary calcium, by territory, largest first
    left_out : candidates in or within 15 mm of the block around the heart region that are not suggested,
        by reason, largest first, without those too small to score
    too_small : number of the latter
    found_by, top : as in :class:`CACBoneAxisLib.calcium.heart.HeartRegion`
    carina_mm : LPS, None where it was not found
    """

    suggestions: tuple[Suggestion, ...]
    left_out: tuple[LeftOut, ...]
    too_small: int
    found_by: str
    top: str
    carina_mm: tuple[float, float, float] | None

    def to_mapping(self) -> dict[str, Any]:
        """Return the ``search`` part of result.json."""
        return {
            "found_by": self.found_by,
            "top": self.top,
            "carina_ras_mm": None if self.carina_mm is None else as_ras(self.carina_mm),
            "left_out": [one.to_mapping() for one in self.left_out],
            "too_small": self.too_small,
        }


def _measures(one: Suggestion | LeftOut) -> dict[str, Any]:
    return {
        "position_ras_mm": as_ras(one.position_mm),
        "volume_mm3": one.volume_mm3,
        "voxels": one.voxels,
        "peak_hu": one.peak_hu,
    }


def suggest(image: CTImage, candidates: Candidates, region: HeartRegion, protocol: CalciumProtocol) -> CandidateSearch:
    """Suggest or leave out the candidates in and near the heart region.

    Left out are candidates that :func:`~CACBoneAxisLib.calcium.screening.screen_candidates` does not
    offer (bone, larger than a lesion, too small, outside the region, at the wall of the descending
    aorta, at an airway), those labelled as bone by a segmentation, and those at the hila of the lungs.
    """
    screening = screen_candidates(image, candidates, protocol, region)
    voxel_mm3 = image.geometry.voxel_volume_mm3
    found: list[Suggestion] = []
    left_out: list[LeftOut] = []
    too_small = 0
    for label in _near(image, candidates, region):
        reason: str | None = screening.reason(int(label))
        if reason == "small":
            too_small += 1
            continue
        mask = candidates.component(int(label))
        zyx, values = mask.indices(), mask.values(image.hu)
        size = len(zyx)
        if reason in ("bone", "large"):
            # Skeleton reaches through the scan; its position is the brightest voxel near the heart.
            inside = _in_block(image, region, zyx)
            zyx, values = zyx[inside], values[inside]
        peak = zyx[int(np.argmax(values))]
        territory, confidence = "", 0.0
        if reason is None:
            reason, territory, confidence = _judged(image, region, peak)
        measures = (image.geometry.voxel_center(peak), size * voxel_mm3, size, float(values.max()))
        if reason is None:
            found.append(Suggestion(territory, confidence, *measures))
        else:
            left_out.append(LeftOut(reason, *measures))
    order = {"LM": 0, "LAD": 1, "LCX": 2, "RCA": 3, "AA": 4}
    return CandidateSearch(
        tuple(sorted(found, key=lambda s: (order[s.territory], -s.volume_mm3, s.position_mm))),
        tuple(sorted(left_out, key=lambda c: (LEFT_OUT.index(c.reason), -c.volume_mm3, c.position_mm))),
        too_small,
        region.found_by,
        region.top,
        None if region.carina_zyx is None else image.geometry.voxel_center(region.carina_zyx),
    )


def _judged(image: CTImage, region: HeartRegion, peak: NDArray[np.integer]) -> tuple[str | None, str, float]:
    """Return why a candidate is left out (None where it is not), its territory and the confidence."""
    labels = region.labels
    called = labels.at(peak) if labels is not None else None
    if called == "bone":
        return "bone-label", "", 0.0
    if called == "aorta":
        return None, "AA", 1.0
    left_mm, front_mm = _from_aorta(image, region, peak)
    if labels is not None and labels.has_chambers:
        territory, margin = territory_in_groove(labels.distances_mm(image.geometry, peak))
    else:
        territory, margin = territory_at(left_mm, front_mm)
        if labels is None and at_hilum(left_mm, front_mm, territory):
            return "hilum", "", 0.0
    return None, territory, float(min(1.0, margin / SURE_MM))


def suggested_decision(one: Suggestion) -> dict[str, float]:
    """Return the decision by which a seed's description records the suggestion it came from."""
    return {"suggested": round(one.confidence, 2)}


def as_points(suggestions: Sequence[Suggestion]) -> PointList:
    """Return suggestions as a point list labelled like seeds (``LAD-1``)."""
    counts: dict[str, int] = {}
    points = []
    for one in suggestions:
        counts[one.territory] = counts.get(one.territory, 0) + 1
        remark = json.dumps(suggested_decision(one), allow_nan=False)
        points.append(ControlPoint(f"{one.territory}-{counts[one.territory]}", one.position_mm, remark))
    return PointList("suggestions", tuple(points))


def _block(image: CTImage, region: HeartRegion) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first voxel (z, y, x) of the block around the heart region, and the end (exclusive)."""
    if not region.inside.any():
        return np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    places = [np.flatnonzero(region.inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    steps = np.array([1, region.step, region.step])
    margin = np.ceil(AROUND_MM / np.asarray(image.geometry.spacing_mm[::-1])).astype(int)
    low = np.array([p[0] for p in places]) * steps - margin
    high = (np.array([p[-1] for p in places]) + 1) * steps + margin
    return np.maximum(low, 0), np.minimum(high, image.geometry.shape)


def _in_block(image: CTImage, region: HeartRegion, zyx: NDArray[np.integer]) -> NDArray[np.bool_]:
    low, high = _block(image, region)
    return np.asarray(np.all((zyx >= low) & (zyx < high), axis=1))


def _near(image: CTImage, candidates: Candidates, region: HeartRegion) -> NDArray[np.signedinteger]:
    """Return the components with a run that starts in the block around the heart region."""
    _, rows, columns = candidates.shape
    line, x = np.divmod(candidates.starts, columns + 2)
    z, y = np.divmod(line, rows + 2)
    inside = _in_block(image, region, np.stack([z, y - 1, x - 1], axis=1))
    return np.unique(candidates.labels[inside])


def _from_aorta(image: CTImage, region: HeartRegion, zyx: NDArray[np.integer]) -> tuple[float, float]:
    dx, dy, _ = image.geometry.spacing_mm
    y, x, _ = region.aorta[int(zyx[0])]
    return float((zyx[2] - x) * dx), float((y - zyx[1]) * dy)
