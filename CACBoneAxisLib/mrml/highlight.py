"""The outline of one lesion over the CT: which of them a row of the table means."""

from __future__ import annotations

from typing import Any

import slicer

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.mrml.overlays import write_segment

ATTRIBUTE = "CACBoneAxis.Highlight"
SEGMENT = "chosen"
EXCLUDED_FROM_TREE = "SubjectHierarchy.ExcludeFromPotentialNodesList"
COLOR = (1.0, 1.0, 1.0)
LINE_PIXELS = 2


def highlight(mask: Mask, image: CTImage, volume: Any) -> Any:
    """Outline the voxels of a lesion, and of no other, and return the segmentation node that does it.

    Parameters
    ----------
    mask : on the axial image
    image : CT in axial order
    volume : vtkMRMLScalarVolumeNode that it is of
    """
    node = _node(volume.GetScene())
    reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    if reference is not volume:
        node.GetSegmentation().RemoveAllSegments()
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    content = node.GetSegmentation()
    if content.GetSegment(SEGMENT) is None:
        segment = slicer.vtkSegment()
        segment.SetName(SEGMENT)
        segment.SetColor(*COLOR)
        content.AddSegment(segment, SEGMENT)
    write_segment(node, SEGMENT, mask, image.geometry, volume)
    display = node.GetDisplayNode()
    if not display.GetVisibility():
        display.SetVisibility(True)
    return node


def hide_highlight(scene: Any) -> None:
    """Outline nothing."""
    node = _find(scene)
    display = node.GetDisplayNode() if node is not None else None
    if display is not None and display.GetVisibility():
        display.SetVisibility(False)


def _find(scene: Any) -> Any:
    nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    return next((node for node in nodes if node.GetAttribute(ATTRIBUTE)), None)


def _node(scene: Any) -> Any:
    node = _find(scene)
    if node is None:
        node = slicer.vtkMRMLSegmentationNode()
        node.SetAttribute(ATTRIBUTE, "1")
        node.SetName("Chosen lesion")
        node.SetSaveWithScene(False)
        # Slicer wants an item in its tree for every segmentation, and need not show it.
        node.SetAttribute(EXCLUDED_FROM_TREE, "1")
        node = scene.AddNode(node)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.SetOpacity2DFill(0.0)
        display.SetOpacity2DOutline(1.0)
        display.SetVisibility3D(False)
        display.SetSliceIntersectionThickness(LINE_PIXELS)
    return node
