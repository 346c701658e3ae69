"""Region nodes of vertebrae: what a reader decided about one, kept with it, and where it stands."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer

from CACBoneAxisLib.imaging.geometry import RAS_LPS, swap_ras_lps
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region


def decision_of(node: Any) -> dict[str, Any]:
    """Return shape, decision and reason stored with an ROI node's first point; empty where there are none."""
    text = (node.GetNthControlPointDescription(0) or "") if node.GetNumberOfControlPoints() else ""
    try:
        said = json.loads(text) if text.strip().startswith("{") else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def excluded_reason(node: Any) -> str | None:
    """Return the reason for which the reader left a region's vertebra out, None where it counts."""
    said = decision_of(node)
    return str(said.get("reason") or "no reason given") if said.get("decision") == "excluded" else None


def exclude_region(node: Any, reason: str | None) -> None:
    """Exclude a region's vertebra for a reason, None includes it again; the shape in its box stays."""
    _decide(node, decision=None if reason is None else "excluded", reason=reason)


def set_shape(node: Any, shape: str | None) -> None:
    """Set the shape that fills a region's box, overriding the protocol; None uses the protocol's."""
    _decide(node, shape=shape)


def move_region(node: Any, region: Region) -> None:
    """Put an ROI node where a region is, in one event. The node's decision stays; the shape is not the box's."""
    with slicer.util.NodeModify(node):
        matrix = np.eye(4)
        matrix[:3, :3] = RAS_LPS[:3, :3] @ np.asarray(region.axes)
        matrix[:3, 3] = swap_ras_lps(region.center_mm)
        node.SetAndObserveTransformNodeID(None)
        node.SetSize(*region.size_mm)
        node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))


def box_of(level: str, region: Region) -> Box:
    """Return the box of a region for a level."""
    return Box(level, region.center_mm, region.size_mm, region.axes, level)


def _decide(node: Any, **changes: str | None) -> None:
    said = {**decision_of(node), **changes}
    kept = {name: value for name, value in said.items() if value is not None}
    node.SetNthControlPointDescription(0, json.dumps(kept, allow_nan=False) if kept else "")
