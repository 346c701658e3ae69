"""Which nodes the panel observes: those that the reading is made of, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.panel.calibration import ROD_POINTS


class Watching(VTKObservationMixin):
    """Observes the seeds, regions and segmentations that are chosen now."""

    parameters: Any

    def __init__(self) -> None:
        VTKObservationMixin.__init__(self)
        self._watched: list[Any] = []

    def _watch(self: Any) -> bool:
        """Observe what is chosen now, and nothing else; return whether that is something else than before."""
        chosen: list[Any] = []
        if self.parameters is not None:
            rods = self.parameters.parameterNode.GetNodeReference(ROD_POINTS)
            segmented = (self.parameters.vertebrae, self.parameters.heartSegmentation)
            # The heart may be in the segmentation of the vertebrae.
            chosen = [node for node in dict.fromkeys((self.parameters.seeds, *segmented, rods)) if node is not None]
            chosen += existing_regions(self.parameters)
        if [id(node) for node in chosen] == [id(node) for node in self._watched]:
            return False
        for node in self._watched:
            for event in _input_events(node):
                self.removeObserver(node, event, self._handler(node))
        for node in chosen:
            for event in _input_events(node):
                self.addObserver(node, event, self._handler(node))
        self._watched = chosen
        return True

    def _handler(self: Any, node: Any) -> Callable[..., None]:
        return self.vertebraeChanged if node.IsA("vtkMRMLSegmentationNode") else self.inputChanged


def _input_events(node: Any) -> tuple[int, ...]:
    """Return the events with which a node says that an analysis would come out differently."""
    moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
    if node.IsA("vtkMRMLSegmentationNode"):
        return (slicer.vtkSegmentation.SourceRepresentationModified, moved)
    placed = slicer.vtkMRMLMarkupsNode
    return (placed.PointModifiedEvent, placed.PointPositionDefinedEvent, placed.PointRemovedEvent, moved)
