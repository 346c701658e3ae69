"""A slice view without a window: an interactor that gets clicks, and the slice node that says where they are."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

SIZE = (400, 400)
FIELD_OF_VIEW_MM = 300.0


class SliceView:
    """A view of one orientation (Axial, Sagittal, Coronal) for :class:`~CACBoneAxisLib.panel.clicks.Clicks`."""

    def __init__(self, scene: Any, orientation: str = "Axial") -> None:
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
        self.node = slicer.vtkMRMLSliceNode()
        self.node.SetLayoutName(orientation)
        self.node = scene.AddNode(self.node)
        self.node.SetOrientation(orientation)
        self.node.SetDimensions(*SIZE, 1)
        self.node.SetFieldOfView(FIELD_OF_VIEW_MM, FIELD_OF_VIEW_MM, 1.0)
        self.interactor = vtk.vtkGenericRenderWindowInteractor()

    def look_at(self, ras_mm: Any) -> None:
        """Centre the view on a point."""
        self.node.JumpSliceByCentering(*ras_mm)
        self.node.JumpSlice(*ras_mm)

    def event(self, name: str, xy: tuple[int, int]) -> None:
        """Send an event at a pixel."""
        self.interactor.SetEventInformation(*xy, 0, 0, "\0", 0, None)
        self.interactor.InvokeEvent(name)

    def click(self, ras_mm: Any, drag: tuple[int, int] = (0, 0)) -> None:
        """Press and release at a point of the patient, which the view is scrolled to; ``drag`` moves in between."""
        self.look_at(ras_mm)
        x, y = SIZE[0] // 2, SIZE[1] // 2
        self.event("LeftButtonPressEvent", (x, y))
        self.event("LeftButtonReleaseEvent", (x + drag[0], y + drag[1]))
