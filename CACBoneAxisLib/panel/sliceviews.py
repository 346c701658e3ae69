"""Access slice views: pixel positions and the circle around the mouse."""

from __future__ import annotations

from math import hypot
from typing import Any, NamedTuple

import slicer
import vtk

# Number of vertices of the circle.
CIRCLE_SIDES = 48
CIRCLE_COLOR = (1.0, 1.0, 1.0)


class SliceView(NamedTuple):
    """A slice view: its vtkRenderWindowInteractor and its vtkMRMLSliceNode."""

    interactor: Any
    node: Any

    def ras_at(self, x: float, y: float) -> tuple[float, float, float]:
        """Return the patient position of a pixel, RAS mm."""
        right, anterior, superior, _ = self.node.GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0))
        return right, anterior, superior

    @property
    def slab(self) -> tuple[tuple[float, float, float], float] | None:
        """Direction (RAS) and thickness, mm, of the projected slab, None for one slice."""
        if not self.node.GetSlabReconstructionEnabled():
            return None
        matrix = self.node.GetSliceToRAS()
        right, anterior, superior = (matrix.GetElement(row, 2) for row in range(3))
        return (right, anterior, superior), float(self.node.GetSlabReconstructionThickness())

    @property
    def mm_per_pixel(self) -> float:
        """Width of a pixel in mm."""
        matrix = self.node.GetXYToRAS()
        return hypot(*(matrix.GetElement(row, 0) for row in range(3)))


def layout_manager() -> Any:
    """Return the layout manager, None without a main window."""
    manager = getattr(slicer.app, "layoutManager", None)
    return manager() if manager is not None else None


def show_volume(volume: Any) -> bool:
    """Show a volume in every slice view, fitting it if any view was new to it.

    Returns whether a view was new.
    """
    manager = layout_manager()
    if manager is None:
        return False
    nodes = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    shown = all(node.GetBackgroundVolumeID() == volume.GetID() for node in nodes)
    slicer.util.setSliceViewerLayers(background=volume, fit=not shown)
    return not shown


def table_view(tag: str) -> Any:
    """Return the table view with a singleton tag (qMRMLTableView), or None."""
    manager = layout_manager()
    for number in range(getattr(manager, "tableViewCount", 0)):
        widget = manager.tableWidget(number)
        if widget is not None and widget.mrmlTableViewNode().GetSingletonTag() == tag:
            return widget.tableView()
    return None


def slice_views() -> list[SliceView]:
    """Return the application's slice views, none without its main window."""
    manager = layout_manager()
    if manager is None:
        return []
    widgets = [manager.sliceWidget(name) for name in manager.sliceViewNames()]
    return [SliceView(w.sliceView().interactor(), w.mrmlSliceNode()) for w in widgets if w is not None]


class Circle:
    """The outline of a sphere around the mouse, in the view under the mouse."""

    def __init__(self) -> None:
        self._source = vtk.vtkRegularPolygonSource()
        self._source.SetNumberOfSides(CIRCLE_SIDES)
        self._source.GeneratePolygonOff()
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputConnection(self._source.GetOutputPort())
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(*CIRCLE_COLOR)
        self._actor.GetProperty().SetLineWidth(1.5)
        self._actor.PickableOff()
        self._shown: tuple[Any, Any] | None = None

    def show(self, view: SliceView, pixel: tuple[int, int], radius_mm: float) -> None:
        """Draw the circle around a pixel of a view."""
        renderer = view.interactor.GetRenderWindow().GetRenderers().GetFirstRenderer()
        if self._shown is None or self._shown[0] is not renderer:
            self.hide()
            renderer.AddViewProp(self._actor)
            self._shown = (renderer, view)
        self._source.SetCenter(float(pixel[0]), float(pixel[1]), 0.0)
        self._source.SetRadius(radius_mm / view.mm_per_pixel)
        view.interactor.GetRenderWindow().Render()

    def hide(self) -> None:
        """Hide the circle."""
        if self._shown is None:
            return
        renderer, view = self._shown
        self._shown = None
        renderer.RemoveViewProp(self._actor)
        view.interactor.GetRenderWindow().Render()
