"""A vertebra as marked by a reader: a region, or a point in its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.markups import Box, PointList, stated_decision
from CACBoneAxisLib.imaging.regions import Region, RegionShape

DECISION_KEYS = ("shape", "decision", "reason")


@dataclass(frozen=True)
class VertebraRegion:
    """The region of a vertebra, or the point from which it is located.

    Parameters
    ----------
    level : ``T1`` to ``L5``
    region : box and shape, LPS mm; None where a point is given
    excluded : reason for which the reader left the vertebra out, None where it counts
    name : of the markup
    own_shape : False where the shape is that of the protocol
    point_mm : LPS, in the body (``bone/locate.py``); None where a region is given
    """

    level: str
    region: Region | None = None
    excluded: str | None = None
    name: str = ""
    own_shape: bool = True
    point_mm: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError unless there is a region or a point, and not both."""
        if (self.region is None) == (self.point_mm is None):
            raise ValueError("a vertebra is given by a region or by a point")

    @classmethod
    def from_box(cls, box: Box, file: str = "") -> VertebraRegion:
        """Return the region of a markups ROI.

        The level is named by the ROI, else by its first control point's label, else
        by the file. The point's description may be JSON with ``shape`` (box, ellipsoid,
        elliptic-cylinder; the protocol's where it says none), ``decision`` (accepted or
        excluded) and ``reason``; words are a remark and change nothing.

        Raises
        ------
        UnusableInputError
            When no level is named or the JSON is not understood.
        """
        level = parse_level(box.name) or parse_level(box.label) or parse_level(file)
        if level is None:
            raise refusal("region-level", region=box.name or "(no name)", file=file or "the scene")
        decision = _decision(box.description, box.name, DECISION_KEYS)
        own = decision.get("shape")
        region = Region(box.center_mm, box.size_mm, box.axes)
        if own is not None:
            region = replace(region, shape=own)
        excluded = None
        if decision.get("decision") == "excluded":
            excluded = str(decision.get("reason") or "no reason given")
        return cls(level, region, excluded, box.name, own is not None)


def regions_from(boxes: Sequence[Box]) -> tuple[VertebraRegion, ...]:
    """Return the regions of markups ROIs; raises as ``VertebraRegion.from_box`` does."""
    return tuple(VertebraRegion.from_box(box) for box in boxes)


def points_from(lists: Sequence[PointList]) -> tuple[VertebraRegion, ...]:
    """Return the vertebrae of point lists: one point in each, labelled with the level.

    A list of one point may name the level itself. The description may be JSON with ``decision``
    (accepted or excluded) and ``reason``, as for an ROI.

    Raises
    ------
    UnusableInputError
        When a point names no level or its JSON is not understood.
    """
    made = []
    for one in lists:
        for point in one.points:
            level = parse_level(point.label) or (parse_level(one.name) if len(one.points) == 1 else None)
            if level is None:
                raise refusal("point-level", point=point.label or "(no label)", list=one.name or "(no name)")
            decision = _decision(point.description, point.label, DECISION_KEYS[1:])
            excluded = None
            if decision.get("decision") == "excluded":
                excluded = str(decision.get("reason") or "no reason given")
            made.append(VertebraRegion(level, None, excluded, point.label, False, point.position_mm))
    return tuple(made)


def _decision(description: str, name: str, keys: Sequence[str]) -> dict[str, Any]:
    try:
        decision = stated_decision(description, keys)
    except ValueError as error:
        raise refusal("region-decision", region=name, problem=error) from None
    for key, choices in (("shape", get_args(RegionShape)), ("decision", ("accepted", "excluded"))):
        if key in decision and decision[key] not in choices:
            raise refusal("region-decision", region=name, problem=f"{key} must be one of {', '.join(choices)}")
    return decision
