"""Placing seeds and regions: what a click in a slice view needs from the scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import vtk

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.mrml.markups import LPS, add_box_node
from CACBoneAxisLib.mrml.volumes import volume_geometry

# A first region that stays inside the spongy bone of most adult lower thoracic and lumbar
# bodies: left to right, front to back, head to foot. The reader fits it with the handles.
FIRST_REGION_SIZE_MM = (24.0, 18.0, 10.0)

# The slice node whose position along each RAS axis a person sees in the standard layouts.
SLICE_NODES = ("vtkMRMLSliceNodeYellow", "vtkMRMLSliceNodeGreen", "vtkMRMLSliceNodeRed")


def start_placing(scene: Any, node: Any) -> None:
    """Let clicks in the slice views add points to a point list until :func:`stop_placing`."""
    selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    selection.SetReferenceActivePlaceNodeClassName(node.GetClassName())
    selection.SetActivePlaceNodeID(node.GetID())
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    interaction.SetPlaceModePersistence(1)
    interaction.SetCurrentInteractionMode(interaction.Place)


def stop_placing(scene: Any) -> None:
    """Give the mouse back to the views."""
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if interaction is not None:
        interaction.SetPlaceModePersistence(0)
        interaction.SetCurrentInteractionMode(interaction.ViewTransform)


def is_placing(scene: Any, node: Any) -> bool:
    """Return whether clicks now add points to this node."""
    selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if node is None or selection is None or interaction is None:
        return False
    placing = interaction.GetCurrentInteractionMode() == interaction.Place
    return placing and selection.GetActivePlaceNodeID() == node.GetID()


def add_seeds_node(scene: Any, volume: Any) -> Any:
    """Add an empty point list for a volume's seeds and return it."""
    name = f"{volume.GetName()} seeds" if volume is not None else "Seeds"
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    # Small enough not to hide the calcium it stands on.
    node.GetDisplayNode().SetGlyphScale(1.5)
    node.GetDisplayNode().SetTextScale(2.5)
    return node


def name_seed(node: Any, number: int, territory: str) -> str:
    """Label a control point ``LAD-2`` after the territory and the next free number, and return the label."""
    others = [node.GetNthControlPointLabel(n) for n in range(node.GetNumberOfControlPoints()) if n != number]
    used = [
        int(tail)
        for head, _, tail in (label.rpartition("-") for label in others)
        if head == territory and tail.isdigit()
    ]
    label = f"{territory}-{max(used, default=0) + 1}"
    node.SetNthControlPointLabel(number, label)
    return label


def add_region(scene: Any, volume: Any, level: str) -> Any:
    """Add a region for a level where the slice views of the volume cross, and return its ROI node."""
    center = viewed_position_mm(scene, volume)
    node = add_box_node(Box(level, center, FIRST_REGION_SIZE_MM, label=level), scene, levels()[level].color)
    # Unlike the scene's own names, the level stays as it is when two scans are read in one scene.
    node.SetName(level)
    display = node.GetDisplayNode()
    display.SetHandlesInteractive(True)
    display.SetRotationHandleVisibility(True)
    display.SetTranslationHandleVisibility(True)
    display.SetScaleHandleVisibility(True)
    return node


def region_of(regions: Iterable[Any], level: str) -> Any:
    """Return the ROI node of a level among the given ones, or None."""
    return next((node for node in regions if parse_level(node.GetName()) == level), None)


def viewed_position_mm(scene: Any, volume: Any) -> tuple[float, float, float]:
    """Return where a person is looking: LPS mm.

    The crosshair where it is shown, else where the three standard slice views cross;
    the middle of the volume where that is outside it or there are no views.
    """
    geometry = volume_geometry(volume)
    for ras in (_crosshair(scene), _slices_crossing(scene)):
        if ras is not None and _inside(ras * LPS, geometry):
            return _triple(ras * LPS)
    return _triple(geometry.to_lps((np.asarray(geometry.shape[::-1]) - 1) / 2))


def _crosshair(scene: Any) -> np.ndarray | None:
    node = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if node is None or node.GetCrosshairMode() == node.NoCrosshair:
        return None
    return np.asarray(node.GetCrosshairRAS(), dtype=float)


def _slices_crossing(scene: Any) -> np.ndarray | None:
    nodes = [scene.GetNodeByID(node_id) for node_id in SLICE_NODES]
    if any(node is None for node in nodes):
        return None
    matrices: list[vtk.vtkMatrix4x4] = [node.GetSliceToRAS() for node in nodes]
    return np.array([matrix.GetElement(axis, 3) for axis, matrix in enumerate(matrices)])


def _inside(position_lps: np.ndarray, geometry: ImageGeometry) -> bool:
    index = geometry.to_index(position_lps)
    return bool(np.all(index >= -0.5) and np.all(index <= np.asarray(geometry.shape[::-1]) - 0.5))


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
