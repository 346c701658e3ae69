"""Where the slice views look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer


def jump_to(position_ras_mm: Sequence[float]) -> None:
    """Centre every slice view on a point in RAS mm."""
    right, anterior, superior = (float(value) for value in position_ras_mm)
    slicer.modules.markups.logic().JumpSlicesToLocation(right, anterior, superior, True)


def show_volume(volume: Any) -> None:
    """Show a volume in every slice view; without a main window there is none."""
    layout = getattr(slicer.app, "layoutManager", None)
    if layout is not None and layout() is not None:
        slicer.util.setSliceViewerLayers(background=volume, fit=True)


def show_over(volume: Any, opacity: float = 0.7) -> None:
    """Show a volume over the CT in every slice view; None takes away what is there."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        node.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
        node.SetForegroundOpacity(opacity if volume is not None else 0.0)
