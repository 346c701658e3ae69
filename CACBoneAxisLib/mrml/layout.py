"""Define the reading layout: large axial, axial slab, sagittal, tables below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box

# A number unused by Slicer and other extensions; scenes of version 0.1.0 contain it.
LAYOUT_ID = 17041
AXIAL_TAG = "Red"
SAGITTAL_TAG = "Yellow"
SLAB_TAG = "CACBoneAxisSlab"
TABLE_TAG = "CACBoneAxisTable"

# Thick enough to follow an artery across slices, thin enough to exclude the ribs.
SLAB_MM = 15.0

# The spine is the bone behind the heart within this distance sideways, up and down.
SPINE_HU = 150
SPINE_ASIDE_MM = 50.0
SPINE_ALONG_MM = 25.0


def _slice_view(size: int, tag: str, orientation: str, label: str, color: str) -> str:
    """Return a layout item with a slice view."""
    return f"""
 <item splitSize="{size}"><view class="vtkMRMLSliceNode" singletontag="{tag}">
  <property name="orientation" action="default">{orientation}</property>
  <property name="viewlabel" action="default">{label}</property>
  <property name="viewcolor" action="default">{color}</property>
 </view></item>"""


LAYOUT = f"""
<layout type="vertical" split="true">
 <item splitSize="780"><layout type="horizontal" split="true">{_slice_view(640, AXIAL_TAG, "Axial", "R", "#F34A33")}
  <item splitSize="360"><layout type="vertical" split="true">
   {_slice_view(500, SLAB_TAG, "Axial", "MIP", "#8F8F8F")}{_slice_view(500, SAGITTAL_TAG, "Sagittal", "Y", "#EDD54C")}
  </layout></item>
 </layout></item>
 <item splitSize="220"><view class="vtkMRMLTableViewNode" singletontag="{TABLE_TAG}">
  <property name="viewlabel" action="default">T</property>
 </view></item>
</layout>
"""


@dataclass(frozen=True)
class Window:
    """A display window: ``width_hu`` wide around ``level_hu``."""

    width_hu: float
    level_hu: float


WINDOWS = {
    # 130 HU, the scoring threshold, is middle grey, so calcium is in the brighter half.
    "calcium": Window(300, 130),
    # Slicer's presets for soft tissue (CT-Abdomen) and bone (CT-Bone).
    "mediastinum": Window(350, 40),
    "bone": Window(1000, 400),
}


def register_layout(layout_node: Any) -> int:
    """Register the reading layout with a layout node; return its number."""
    if layout_node.IsLayoutDescription(LAYOUT_ID):
        layout_node.SetLayoutDescription(LAYOUT_ID, LAYOUT)
    else:
        layout_node.AddLayoutDescription(LAYOUT_ID, LAYOUT)
    return LAYOUT_ID


def keep_layout_out(layout_node: Any) -> None:
    """Keep the reading layout out of saved scenes.

    Slicer without the module, or before it was opened, would show such a scene without views.
    """
    layout_node.SetSaveWithScene(layout_node.GetViewArrangement() != LAYOUT_ID)


def reading_place(image: CTImage, heart: Box) -> tuple[float, float, float]:
    """Return the initial view centre, LPS mm: the heart box, shifted to the spine.

    Parameters
    ----------
    image : CT in axial order
    heart : box around the heart, in image axes
    """
    spacing = np.asarray(image.geometry.spacing_mm)
    middle = np.asarray(image.geometry.to_index(np.asarray(heart.center_mm)))
    back = middle[1] + heart.size_mm[1] / 2 / spacing[1]
    low = (middle[0] - SPINE_ASIDE_MM / spacing[0], back, middle[2] - SPINE_ALONG_MM / spacing[2])
    high = (middle[0] + SPINE_ASIDE_MM / spacing[0], image.hu.shape[1], middle[2] + SPINE_ALONG_MM / spacing[2])
    first = np.clip(np.floor(low).astype(int), 0, None)
    block = tuple(slice(a, max(int(b), a)) for a, b in zip(first[::-1], np.ceil(high)[::-1], strict=True))
    bone = np.nonzero(image.hu[block] > SPINE_HU)[2]
    if bone.size:
        middle[0] = first[0] + np.median(bone)
    right, back_mm, up = image.geometry.to_lps(middle)
    return float(right), float(back_mm), float(up)


def view_node(scene: Any, tag: str, class_name: str = "vtkMRMLSliceNode") -> Any:
    """Return a view's node, None if the layout was never shown."""
    return scene.GetSingletonNode(tag, class_name)


def make_slab(slice_node: Any) -> None:
    """Show a maximum projection slab in a slice view; display only."""
    was_modifying = slice_node.StartModify()
    slice_node.SetSlabReconstructionEnabled(True)
    slice_node.SetSlabReconstructionType(vtk.VTK_IMAGE_SLAB_MAX)
    slice_node.SetSlabReconstructionThickness(SLAB_MM)
    slice_node.EndModify(was_modifying)


def follow_view(follower: Any, leader: Any) -> None:
    """Copy another slice view's position, orientation and zoom."""
    was_modifying = follower.StartModify()
    follower.GetSliceToRAS().DeepCopy(leader.GetSliceToRAS())
    wide, high = np.asarray(leader.GetFieldOfView()[:2], dtype=float)
    width, height = follower.GetDimensions()[:2]
    if width > 0 and height > 0:
        # The leader's whole field must fit, whatever the follower's aspect ratio.
        mm_per_pixel = max(wide / width, high / height)
        follower.SetFieldOfView(width * mm_per_pixel, height * mm_per_pixel, follower.GetFieldOfView()[2])
    follower.UpdateMatrices()
    follower.EndModify(was_modifying)


def set_window(volume: Any, name: str) -> None:
    """Show a volume with one of :data:`WINDOWS`."""
    if volume.GetDisplayNode() is None:
        volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    was_modifying = display.StartModify()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(WINDOWS[name].width_hu, WINDOWS[name].level_hu)
    display.EndModify(was_modifying)


def show_table(scene: Any, table: Any) -> None:
    """Show a table node or none in the reading layout's table view, if present."""
    view = view_node(scene, TABLE_TAG, "vtkMRMLTableViewNode")
    if view is not None:
        view.SetTableNodeID(table.GetID() if table is not None else None)


def shown_table(scene: Any) -> Any:
    """Return the table node in the reading layout's table view, or None."""
    view = view_node(scene, TABLE_TAG, "vtkMRMLTableViewNode")
    return view.GetTableNode() if view is not None else None
