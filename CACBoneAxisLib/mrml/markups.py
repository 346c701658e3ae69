"""Convert point lists and ROI nodes (RAS) to seeds and boxes (LPS) and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import RAS_LPS, as_point, swap_ras_lps
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, region_axes, region_center
from CACBoneAxisLib.mrml.volumes import refuse_transformed

# ROI axes are orthonormal up to rounding.
RIGID_TOLERANCE = 1e-4


def points_from_node(node: Any) -> PointList:
    """Return the placed points of a point list node, world LPS mm.

    Previewed, skipped and missing points are left out; labels and descriptions are kept.

    Parameters
    ----------
    node : vtkMRMLMarkupsFiducialNode

    Raises
    ------
    UnusableInputError
        If the node is under a transform, or has points to be placed and none that is.
    """
    refuse_transformed(node)
    points, waiting = [], False
    for n in range(node.GetNumberOfControlPoints()):
        status = node.GetNthControlPointPositionStatus(n)
        if status != node.PositionDefined:
            # Slicer's place mode keeps a previewed point under the mouse.
            waiting |= status != node.PositionPreview
            continue
        position = [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(n, position)
        label, description = node.GetNthControlPointLabel(n), node.GetNthControlPointDescription(n)
        points.append(ControlPoint(label or "", as_point(swap_ras_lps(position)), description or ""))
    if waiting and not points:
        raise refusal("points-unplaced", file=node.GetName())
    return PointList(str(node.GetName()), tuple(points))


def box_from_node(node: Any) -> Box:
    """Return an ROI node's box, world LPS mm, with its first point's decision.

    Parameters
    ----------
    node : vtkMRMLMarkupsROINode

    Raises
    ------
    UnusableInputError
        If the ROI has no size, is sheared, or is under a transform.
    """
    refuse_transformed(node)
    matrix = np.asarray(slicer.util.arrayFromVTKMatrix(node.GetObjectToWorldMatrix()), dtype=float)
    size = np.asarray(node.GetSize(), dtype=float)
    axes = matrix[:3, :3]
    if not np.allclose(axes.T @ axes, np.eye(3), atol=RIGID_TOLERANCE):
        raise refusal("node-transform", node=node.GetName(), transform="ROI")
    if np.any(size <= 0):
        raise refusal("node-empty", node=node.GetName())
    has_point = node.GetNumberOfControlPoints() > 0
    rows = region_axes(RAS_LPS[:3, :3] @ axes)
    return Box(
        str(node.GetName()),
        as_point(region_center(swap_ras_lps(matrix[:3, 3]))),
        as_point(size),
        (as_point(rows[0]), as_point(rows[1]), as_point(rows[2])),
        (node.GetNthControlPointLabel(0) or "") if has_point else "",
        (node.GetNthControlPointDescription(0) or "") if has_point else "",
    )


def add_points_node(points: PointList, scene: Any, color: tuple[int, int, int] | None = None) -> Any:
    """Add and return a point list node (LPS mm); ``color`` is RGB 0-255."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", points.name)
    node.CreateDefaultDisplayNodes()
    for point in points.points:
        number = node.AddControlPoint(vtk.vtkVector3d(*swap_ras_lps(point.position_mm)), point.label)
        node.SetNthControlPointDescription(number, point.description)
    if color is not None:
        set_color(node, color)
    return node


def add_box_node(box: Box, scene: Any, color: tuple[int, int, int] | None = None) -> Any:
    """Add and return an ROI node for a box (LPS mm); ``color`` is RGB 0-255."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", box.name)
    node.CreateDefaultDisplayNodes()
    node.SetCenter(*swap_ras_lps(box.center_mm))
    node.SetSize(*box.size_mm)
    matrix = np.eye(4)
    matrix[:3, :3] = RAS_LPS[:3, :3] @ np.asarray(box.axes)
    matrix[:3, 3] = swap_ras_lps(box.center_mm)
    node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    if node.GetNumberOfControlPoints():
        node.SetNthControlPointLabel(0, box.label or box.name)
        node.SetNthControlPointDescription(0, box.description)
    if color is not None:
        set_color(node, color)
    return node


def set_color(node: Any, color: tuple[int, int, int]) -> None:
    """Show a markups node unfilled in one colour (RGB 0-255), selected or not."""
    display = node.GetDisplayNode()
    if display is None:
        return
    unit = tuple(channel / 255 for channel in color)
    display.SetColor(*unit)
    display.SetSelectedColor(*unit)
    display.SetFillOpacity(0.1)
