"""Read and write the decisions and positions of vertebral region nodes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer

from CACBoneAxisLib.imaging.geometry import RAS_LPS, swap_ras_lps
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region


def decision_of(node: Any) -> dict[str, Any]:
    """Return shape, decision and reason stored with an ROI node's first point.

    Empty without a decision.
    """
    text = (node.GetNthControlPointDescription(0) or "") if node.GetNumberOfControlPoints() else ""
    try:
        said = json.loads(text) if text.strip().startswith("{") else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def excluded_reason(node: Any) -> str | None:
    """Return why the reader excluded a region's vertebra, None if included."""
    said = decision_of(node)
    return str(said.get("reason") or "no reason given") if said.get("decision") == "excluded" else None


def exclude_region(node: Any, reason: str | None) -> None:
    """Exclude a region's vertebra for a reason; None includes it. The shape stays."""
    _decide(node, decision=None if reason is None else "excluded", reason=reason)


def set_shape(node: Any, shape: str | None) -> None:
    """Set the shape of a region, overriding the protocol's; None resets it."""
    _decide(node, shape=shape)


def move_region(node: Any, region: Region) -> None:
    """Move an ROI node to a region in one event.

    The node keeps its decision; the box does not set the shape.
    """
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
