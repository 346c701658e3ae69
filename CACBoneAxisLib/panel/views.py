"""Where the slice views look."""

from __future__ import annotations

from collections.abc import Sequence

import slicer


def jump_to(position_ras_mm: Sequence[float]) -> None:
    """Centre every slice view on a point in RAS mm."""
    right, anterior, superior = (float(value) for value in position_ras_mm)
    slicer.modules.markups.logic().JumpSlicesToLocation(right, anterior, superior, True)
