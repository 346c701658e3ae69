"""Capture a whole reading as plain values and restore it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from CACBoneAxisLib.mrml.labels import exclude_segment, exclusion, vertebra_segments
from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.placing import add_seeds_node

# Identifies a region even after its node was deleted and recreated.
REGION_ATTRIBUTE = "CACBoneAxis.Region"

# Display choices, which are not part of the reading.
NO_DECISIONS = ("volume", "territory", "baseline", "baselineFolder", "yearsBetween")
NODES = ("seeds", "vertebrae", "heartSegmentation", "secondVolume")


@dataclass(frozen=True)
class PointState:
    """A control point: label, description and position in node coordinates, RAS mm."""

    label: str
    description: str
    position: tuple[float, ...]


@dataclass(frozen=True)
class RegionState:
    """A region: lasting id, display name, box and stored decision."""

    uid: str
    name: str
    size: tuple[float, ...]
    matrix: tuple[float, ...]
    label: str
    description: str
    color: tuple[float, ...]


@dataclass(frozen=True)
class Snapshot:
    """Points, regions, exclusions and choices of a reading, by value.

    Snapshots are equal if they give the same result.
    """

    points: tuple[PointState, ...] = ()
    regions: tuple[RegionState, ...] = ()
    heart: RegionState | None = None
    choices: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)


def take_snapshot(parameters: Any) -> Snapshot:
    """Return a snapshot of the current reading.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    """
    node = parameters.parameterNode
    choices = {
        name: node.GetParameter(name)
        for name in node.GetParameterNames()
        if name not in (*NO_DECISIONS, *NODES, "heart") and not name.startswith("regions.")
    }
    chosen = {role: there.GetID() for role in NODES if (there := getattr(parameters, role)) is not None}
    regions = tuple(_region_state(region) for region in existing_regions(parameters))
    heart = parameters.heart
    return Snapshot(
        _points(parameters.seeds),
        regions,
        None if heart is None else _region_state(heart),
        choices,
        chosen,
        _excluded(parameters.vertebrae),
    )


def put_back(parameters: Any, before: Snapshot, deleted: Mapping[str, Any] | None = None) -> None:
    """Restore a reading, recreating nodes deleted meanwhile where possible.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    before : snapshot of the same reading, from :func:`take_snapshot`
    deleted : nodes deleted since, by id; added to the scene again if needed
    """
    scene = parameters.parameterNode.GetScene()
    deleted = deleted or {}
    with slicer.util.NodeModify(parameters.parameterNode):
        for role in NODES:
            node_id = before.nodes.get(role, "")
            known = scene.GetNodeByID(node_id)
            if known is None and node_id in deleted:
                known = scene.AddNode(deleted[node_id])
            if known is not None and known is not getattr(parameters, role):
                setattr(parameters, role, known)
            elif known is None and role != "seeds":
                setattr(parameters, role, None)
        if before.points and parameters.seeds is None:
            parameters.seeds = add_seeds_node(scene, parameters.volume)
        if parameters.seeds is not None:
            _put_points(parameters.seeds, before.points)
        _put_regions(parameters, before.regions)
        if parameters.vertebrae is not None:
            _put_excluded(parameters.vertebrae, before.excluded)
        if before.heart is not None:
            heart = _region_of(scene, before.heart, [parameters.heart])
            if heart is not parameters.heart:
                parameters.heart = heart
        node = parameters.parameterNode
        for name, value in before.choices.items():
            if node.GetParameter(name) != value:
                node.SetParameter(name, value)


def _excluded(vertebrae: Any) -> dict[str, str]:
    """Return the exclusion reasons of a segmentation's vertebrae by segment id."""
    if vertebrae is None:
        return {}
    said = {segment_id: exclusion(vertebrae, segment_id) for segment_id in vertebra_segments(vertebrae)}
    return {segment_id: reason for segment_id, reason in said.items() if reason is not None}


def _put_excluded(vertebrae: Any, wanted: dict[str, str]) -> None:
    for segment_id in vertebra_segments(vertebrae):
        if exclusion(vertebrae, segment_id) != wanted.get(segment_id):
            exclude_segment(vertebrae, segment_id, wanted.get(segment_id))


def _points(node: Any) -> tuple[PointState, ...]:
    return () if node is None else tuple(_point_state(node, number) for number in _defined(node))


def _defined(node: Any) -> list[int]:
    count = node.GetNumberOfControlPoints()
    return [n for n in range(count) if node.GetNthControlPointPositionStatus(n) == node.PositionDefined]


def _point_state(node: Any, number: int) -> PointState:
    position = [0.0, 0.0, 0.0]
    node.GetNthControlPointPosition(number, position)
    label, description = node.GetNthControlPointLabel(number), node.GetNthControlPointDescription(number)
    return PointState(label or "", description or "", tuple(position))


def _put_points(node: Any, wanted: tuple[PointState, ...]) -> None:
    """Change only differing points; equal points at both ends keep their Slicer data."""
    there = _points(node)
    if there == wanted:
        return
    first = 0
    while first < min(len(there), len(wanted)) and there[first] == wanted[first]:
        first += 1
    last = 0
    while last < min(len(there), len(wanted)) - first and there[-1 - last] == wanted[-1 - last]:
        last += 1
    with slicer.util.NodeModify(node):
        numbers = _defined(node)
        for number in reversed(numbers[first : len(numbers) - last]):
            node.RemoveNthControlPoint(number)
        numbers = _defined(node)
        begin = numbers[first] if first < len(numbers) else node.GetNumberOfControlPoints()
        for number, point in enumerate(wanted[first : len(wanted) - last], start=begin):
            node.InsertControlPoint(number, vtk.vtkVector3d(*point.position), point.label)
            node.SetNthControlPointDescription(number, point.description)


def _region_state(region: Any) -> RegionState:
    uid = region.GetAttribute(REGION_ATTRIBUTE)
    if not uid:
        uid = uuid4().hex
        region.SetAttribute(REGION_ATTRIBUTE, uid)
    has_point = region.GetNumberOfControlPoints() > 0
    display = region.GetDisplayNode()
    return RegionState(
        uid,
        region.GetName() or "",
        tuple(region.GetSize()),
        tuple(_matrix(region).ravel().tolist()),
        (region.GetNthControlPointLabel(0) or "") if has_point else "",
        (region.GetNthControlPointDescription(0) or "") if has_point else "",
        tuple(display.GetSelectedColor()) if display is not None else (),
    )


def _matrix(region: Any) -> NDArray[np.float64]:
    return np.asarray(slicer.util.arrayFromVTKMatrix(region.GetObjectToNodeMatrix()), dtype=float)


def _put_regions(parameters: Any, wanted: tuple[RegionState, ...]) -> None:
    there = {_region_state(region).uid: region for region in existing_regions(parameters)}
    scene = parameters.parameterNode.GetScene()
    regions = []
    for state in wanted:
        there.pop(state.uid, None)
        regions.append(_region_of(scene, state, parameters.regions))
    if [id(region) for region in parameters.regions] != [id(region) for region in regions]:
        parameters.regions = regions
    # Nodes added since belong to neither this nor any other reading.
    for region in there.values():
        scene.RemoveNode(region)


def _region_of(scene: Any, state: RegionState, likely: Iterable[Any]) -> Any:
    """Return a region's node with its state restored, recreated if deleted."""
    everywhere = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode", scene)
    nodes = [node for node in likely if node is not None] + everywhere
    region = next((node for node in nodes if node.GetAttribute(REGION_ATTRIBUTE) == state.uid), None)
    if region is None or region.GetScene() is None:
        region = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", state.name)
        region.SetAttribute(REGION_ATTRIBUTE, state.uid)
        region.CreateDefaultDisplayNodes()
        region.GetDisplayNode().SetFillOpacity(0.1)
    if _region_state(region) != state:
        _put_region(region, state)
    return region


def _put_region(region: Any, state: RegionState) -> None:
    with slicer.util.NodeModify(region):
        region.SetName(state.name)
        matrix = np.reshape(state.matrix, (4, 4))
        region.SetCenter(*matrix[:3, 3])
        region.SetSize(*state.size)
        region.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
        if region.GetNumberOfControlPoints():
            region.SetNthControlPointLabel(0, state.label)
            region.SetNthControlPointDescription(0, state.description)
        if state.color and region.GetDisplayNode() is not None:
            region.GetDisplayNode().SetColor(*state.color)
            region.GetDisplayNode().SetSelectedColor(*state.color)
