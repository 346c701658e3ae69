"""A slice view without a window: what Slicer draws in one, and a mouse that clicks in it.

The slice's own image (CT, label volume, foreground) is drawn as the application draws it,
segmentations and markups by Slicer's displayable managers, and events go through the
interactor as Qt's would.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D", "vtkMRMLMarkupsDisplayableManager")


class OffscreenSliceView:
    """One slice view of a scene, of so many pixels."""

    def __init__(self, scene: Any, name: str = "Red", orientation: str = "Axial", size: tuple[int, int] = (400, 400)):
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLScene(scene)
        self.node = self.logic.AddSliceNode(name)
        self.composite = self.logic.GetSliceCompositeNode()
        self.node.SetOrientation(orientation)
        self.node.SetDimensions(*size, 1)
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(True)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.SetInteractorStyle(None)
        self.interactor.Initialize()
        self.mapper = vtk.vtkImageMapper()
        self.mapper.SetColorWindow(255)
        self.mapper.SetColorLevel(127.5)
        image = vtk.vtkActor2D()
        image.SetMapper(self.mapper)
        image.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(image)
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.SetRenderer(self.renderer)
        self._managers = [getattr(slicer, name)() for name in MANAGERS]
        for manager in self._managers:
            manager.SetMRMLApplicationLogic(slicer.modules.markups.logic().GetMRMLApplicationLogic())
            self.managers.AddDisplayableManager(manager)
        self.managers.SetMRMLDisplayableNode(self.node)

    def look_at(self, volume: Any, ras: Sequence[float], field_mm: float) -> None:
        """Show a volume around a point, so many mm wide."""
        self.composite.SetBackgroundVolumeID(volume.GetID())
        width, height, _ = self.node.GetDimensions()
        self.node.SetFieldOfView(field_mm, field_mm * height / width, 1.0)
        self.node.JumpSliceByCentering(*(float(v) for v in ras))

    def pixel_of(self, ras: Sequence[float]) -> tuple[int, int]:
        """Return the pixel in which a point lies."""
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy(self.node.GetXYToRAS())
        matrix.Invert()
        x, y, _, _ = matrix.MultiplyPoint((*(float(v) for v in ras), 1.0))
        return round(x), round(y)

    def press(self, x: int, y: int, event: str = "LeftButtonPressEvent", **keys: int) -> None:
        """Press the left button at a pixel; ``ctrl`` and ``shift`` may be held."""
        self.interactor.SetEventInformation(x, y, keys.get("ctrl", 0), keys.get("shift", 0))
        self.interactor.InvokeEvent(event)

    def release(self, x: int, y: int) -> None:
        """Let go of it."""
        self.interactor.SetEventInformation(x, y, 0, 0)
        self.interactor.InvokeEvent("LeftButtonReleaseEvent")

    def click(self, ras: Sequence[float], double: bool = False) -> None:
        """Click on a point; the second of two fast clicks comes as a double click."""
        pixel = self.pixel_of(ras)
        self.press(*pixel, "LeftButtonDoubleClickEvent" if double else "LeftButtonPressEvent")
        self.release(*pixel)

    def move(self, ras: Sequence[float]) -> None:
        """Move the mouse over a point."""
        self.interactor.SetEventInformation(*self.pixel_of(ras), 0, 0)
        self.interactor.InvokeEvent("MouseMoveEvent")

    def picture(self) -> np.ndarray:
        """Return what is seen, array (rows, columns, 3) of 0 to 255, first row on top."""
        from vtk.util.numpy_support import vtk_to_numpy

        # The logic has another connection whenever a layer comes or goes.
        self.mapper.SetInputConnection(self.logic.GetImageDataConnection())
        self.window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.ReadFrontBufferOff()
        grab.Update()
        out = grab.GetOutput()
        width, height, _ = out.GetDimensions()
        return vtk_to_numpy(out.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3].copy()

    def save(self, path: Path) -> None:
        """Write the picture as a PNG file."""
        from PIL import Image

        Image.fromarray(self.picture()).save(path)
