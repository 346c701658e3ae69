"""Control slice view positions and rendering."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import slicer


@contextmanager
def drawn_once() -> Iterator[None]:
    """Render the views once after a whole change rather than at each step."""
    application: Any = getattr(slicer, "app", None)
    if not hasattr(application, "pauseRender"):
        yield
        return
    application.pauseRender()
    try:
        yield
    finally:
        application.resumeRender()


def jump_to(position_ras_mm: Iterable[float]) -> None:
    """Centre every slice view on a point in RAS mm."""
    right, anterior, superior = (float(value) for value in position_ras_mm)
    slicer.modules.markups.logic().JumpSlicesToLocation(right, anterior, superior, True)


def scan_instead(slice_node: Any, volume: Any) -> Any:
    """Return the volume a slice view shows instead of a scan, or None."""
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", slice_node.GetScene()):
        if layers.GetLayoutName() == slice_node.GetLayoutName():
            over = layers.GetForegroundVolumeID() == volume.GetID() and layers.GetForegroundOpacity() > 0
            below = slice_node.GetScene().GetNodeByID(layers.GetBackgroundVolumeID() or "")
            return None if over or below is volume else below
    return None


def look_inside(volume: Any) -> None:
    """Centre the slice views in a volume; fitting alone may leave them outside it."""
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    jump_to([(low + high) / 2 for low, high in zip(bounds[::2], bounds[1::2], strict=True)])


def show_over(volume: Any, opacity: float = 0.7) -> None:
    """Show a volume over the CT in every slice view; None removes the overlay."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        node.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
        node.SetForegroundOpacity(opacity if volume is not None else 0.0)
