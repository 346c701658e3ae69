"""Add, rename, annotate and remove seeds as control points of one point list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import slicer
import vtk

from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.placing import name_seed

# Tolerance for world positions, which make a round trip through a transform.
SAME_PLACE_MM = 1e-4


def add_seed(
    node: Any, position_mm: tuple[float, float, float], territory: str, decision: dict[str, Any] | None = None
) -> str:
    """Add a control point (LPS mm) with optional decision; return its label."""
    with slicer.util.NodeModify(node):
        number = node.AddControlPointWorld(vtk.vtkVector3d(*swap_ras_lps(position_mm)))
        label = name_seed(node, number, territory)
        _describe(node, number, decision or {})
    return label


def remove_seeds(node: Any, seeds: Iterable[Seed]) -> None:
    """Remove the control points of seeds."""
    with slicer.util.NodeModify(node):
        for number in sorted(numbers_of(node, seeds), reverse=True):
            node.RemoveNthControlPoint(number)


def rename_seeds(node: Any, seeds: Iterable[Seed], territory: str) -> None:
    """Move seeds' control points to another territory with the next free numbers."""
    with slicer.util.NodeModify(node):
        for number in numbers_of(node, seeds):
            name_seed(node, number, territory)


def decide(node: Any, seeds: Iterable[Seed], **decision: Any) -> None:
    """Set decision entries of seeds; None removes one. Other notes stay."""
    with slicer.util.NodeModify(node):
        for number in numbers_of(node, seeds):
            said = decision_of(node, number)
            said = {name: value for name, value in {**said, **decision}.items() if value is not None}
            _describe(node, number, said)


def decision_of(node: Any, number: int) -> dict[str, Any]:
    """Return the decision in a control point's description, empty if none."""
    try:
        said = json.loads(node.GetNthControlPointDescription(number) or "")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def numbers_of(node: Any, seeds: Iterable[Seed]) -> list[int]:
    """Return the control point indices of seeds, ascending."""
    wanted = [(seed.name, swap_ras_lps(seed.position_mm)) for seed in seeds]
    found = []
    for number in range(node.GetNumberOfControlPoints()):
        label, position = node.GetNthControlPointLabel(number), [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(number, position)
        if any(label == name and np.allclose(position, place, atol=SAME_PLACE_MM) for name, place in wanted):
            found.append(number)
    return found


def _describe(node: Any, number: int, decision: dict[str, Any]) -> None:
    before = node.GetNthControlPointDescription(number) or ""
    # A free-text note stays unless a decision replaces it.
    if decision or before.startswith("{"):
        node.SetNthControlPointDescription(number, json.dumps(decision, allow_nan=False) if decision else "")
