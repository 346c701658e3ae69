"""Where the slice views look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import slicer


@contextmanager
def drawn_once() -> Iterator[None]:
    """Draw the views once, when all of a change is there, and not at each of its steps."""
    pause = getattr(slicer.app, "pauseRender", None)
    if pause is None:
        yield
        return
    pause()
    try:
        yield
    finally:
        slicer.app.resumeRender()


def jump_to(position_ras_mm: Sequence[float]) -> None:
    """Centre every slice view on a point in RAS mm."""
    right, anterior, superior = (float(value) for value in position_ras_mm)
    slicer.modules.markups.logic().JumpSlicesToLocation(right, anterior, superior, True)


def layout_manager() -> Any:
    """Return what arranges the views; None without a main window."""
    manager = getattr(slicer.app, "layoutManager", None)
    return manager() if manager is not None else None


def show_volume(volume: Any) -> bool:
    """Show a volume in every slice view, whole where it was not shown before; return whether there was such a view."""
    manager = layout_manager()
    if manager is None:
        return False
    nodes = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    shown = all(node.GetBackgroundVolumeID() == volume.GetID() for node in nodes)
    slicer.util.setSliceViewerLayers(background=volume, fit=not shown)
    return not shown


def look_inside(volume: Any) -> None:
    """Bring the slice views to the middle of a volume: fitting leaves them at a slice that may be outside it."""
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    jump_to([(low + high) / 2 for low, high in zip(bounds[::2], bounds[1::2], strict=True)])


def show_over(volume: Any, opacity: float = 0.7) -> None:
    """Show a volume over the CT in every slice view; None takes away what is there."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        node.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
        node.SetForegroundOpacity(opacity if volume is not None else 0.0)


def table_view(tag: str) -> Any:
    """Return the view of tables with a singleton tag (qMRMLTableView); None where it is not there."""
    manager = layout_manager()
    for number in range(getattr(manager, "tableViewCount", 0)):
        widget = manager.tableWidget(number)
        if widget is not None and widget.mrmlTableViewNode().GetSingletonTag() == tag:
            return widget.tableView()
    return None
