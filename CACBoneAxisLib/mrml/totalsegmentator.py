"""Segment vertebrae with the TotalSegmentator extension, if installed.

The scripted logic is called as in its own panel and tests: Python requirements first, then
``process`` with the requested classes (SlicerTotalSegmentator,
``TotalSegmentator/TotalSegmentator.py``). It runs a subprocess and passes its output on line by
line; an exception from that callback ends it, which is how a user cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CalledProcessError
from typing import Any

import slicer

from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.mrml.labels import vertebra_segments

CLASSES = tuple(f"vertebrae_{level}" for level in levels())


def is_installed() -> bool:
    """Return whether the extension is installed."""
    return hasattr(slicer.modules, "totalsegmentator")


def segment_vertebrae(
    volume: Any, segmentation: Any, tell: Callable[[str], None] | None = None, logic: Any = None
) -> list[str]:
    """Segment the vertebrae of a CT into a segmentation node; return their levels.

    Levels run from the head down.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
    segmentation : vtkMRMLSegmentationNode
    tell : called with each output line; an exception ends the work
    logic : TotalSegmentatorLogic, by default the extension's own

    Raises
    ------
    UnusableInputError
        If the extension fails or finds no vertebra.
    """
    if logic is None:
        from TotalSegmentator import TotalSegmentatorLogic

        logic = TotalSegmentatorLogic()
    logic.logCallback = tell
    try:
        logic.setupPythonRequirements()
        logic.process(volume, segmentation, quality="normal", subset=list(CLASSES))
    except (OSError, RuntimeError, ValueError, ImportError, CalledProcessError) as error:
        raise refusal("segmentation-failed", problem=str(error) or type(error).__name__) from error
    finally:
        logic.logCallback = None
    # Classes not found appear as empty segments.
    content = segmentation.GetSegmentation()
    for segment_id in list(vertebra_segments(segmentation)):
        bounds = [0.0] * 6
        content.GetSegment(segment_id).GetBounds(bounds)
        if bounds[0] > bounds[1]:
            content.RemoveSegment(segment_id)
    found = set(vertebra_segments(segmentation).values())
    if not found:
        raise refusal("labels-none", file=segmentation.GetName())
    return [level for level in levels() if level in found]
