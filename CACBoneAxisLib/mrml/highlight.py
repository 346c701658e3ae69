"""Outline the lesion of a selected table row over the CT."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.mrml.ownnodes import add_own, find_own

MODEL = "vtkMRMLModelNode"
ATTRIBUTE = "CACBoneAxis.Highlight"
COLOR = (1.0, 1.0, 1.0)
LINE_PIXELS = 2


def highlight(mask: Mask, image: CTImage, scene: Any) -> Any:
    """Outline the voxels of one lesion only; return the model node.

    Slice views intersect a model automatically; a segmentation would leave an item in the data tree
    of a saved scene.

    Parameters
    ----------
    mask : mask of the axial image
    image : CT in axial order, in world coordinates
    """
    node = find_own(scene, MODEL, ATTRIBUTE) or _add(scene)
    node.SetAndObservePolyData(_surface(mask, image))
    display = node.GetDisplayNode()
    if not display.GetVisibility():
        display.SetVisibility(True)
    return node


def hide_highlight(scene: Any) -> None:
    """Remove the outline."""
    node = find_own(scene, MODEL, ATTRIBUTE)
    display = node.GetDisplayNode() if node is not None else None
    if display is not None and display.GetVisibility():
        display.SetVisibility(False)


def _surface(mask: Mask, image: CTImage) -> Any:
    """Return the mask's surface, midway to neighbouring voxels, RAS mm."""
    block = np.pad(mask.voxels, 1).astype(np.uint8)
    grid = vtk.vtkImageData()
    grid.SetDimensions(*block.shape[::-1])
    grid.SetOrigin(*(float(first - 1) for first in mask.offset[::-1]))
    grid.GetPointData().SetScalars(numpy_to_vtk(block.ravel(), deep=True))
    edges = vtk.vtkDiscreteFlyingEdges3D()
    edges.SetInputData(grid)
    edges.SetValue(0, 1)
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(image.geometry.index_to_ras.ravel().tolist())
    transform = vtk.vtkTransform()
    transform.SetMatrix(matrix)
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetTransform(transform)
    moved.SetInputConnection(edges.GetOutputPort())
    moved.Update()
    return moved.GetOutput()


def _add(scene: Any) -> Any:
    node = add_own(scene, MODEL, "Chosen lesion", ATTRIBUTE)
    display = node.GetDisplayNode()
    display.SetColor(*COLOR)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(LINE_PIXELS)
    return node
