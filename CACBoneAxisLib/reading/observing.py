"""Observe only the input nodes of a reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.rods import ROD_POINTS


class InputObserver(VTKObservationMixin):
    """Observes a reading's selected scans, seeds, regions and segmentations.

    Parameters
    ----------
    changed : called with True when voxels of a segmentation changed, False for any other change
    """

    def __init__(self, changed: Callable[[bool], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._changed = changed
        self._observed: list[Any] = []

    def observes(self, node: Any) -> bool:
        """Return whether a node is observed."""
        return any(node is observed for observed in self._observed)

    def observe(self, parameters: Any) -> bool:
        """Observe the selected nodes (none without parameters).

        Returns whether they differ from the previous ones.
        """
        chosen: list[Any] = []
        if parameters is not None:
            rods = parameters.parameterNode.GetNodeReference(ROD_POINTS)
            segmented = (parameters.vertebrae, parameters.heartSegmentation)
            # The heart may be in the segmentation of the vertebrae.
            scans = (parameters.volume, parameters.secondVolume)
            chosen = [node for node in dict.fromkeys((*scans, parameters.seeds, *segmented, rods)) if node is not None]
            chosen += existing_regions(parameters)
        if [id(node) for node in chosen] == [id(node) for node in self._observed]:
            return False
        self.removeObservers()
        for node in chosen:
            segmented = node.IsA("vtkMRMLSegmentationNode")
            for event in _input_events(node):
                self.addObserver(node, event, self._on_edited if segmented else self._on_moved)
        self._observed = chosen
        return True

    def _on_moved(self, caller: Any = None, event: Any = None) -> None:
        self._changed(False)

    def _on_edited(self, caller: Any = None, event: Any = None) -> None:
        self._changed(True)


def _input_events(node: Any) -> tuple[int, ...]:
    """Return the events of a node that can change an analysis."""
    moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
    if node.IsA("vtkMRMLSegmentationNode"):
        return (slicer.vtkSegmentation.SourceRepresentationModified, moved)
    if node.IsA("vtkMRMLVolumeNode"):
        return (vtk.vtkCommand.ModifiedEvent, moved)
    placed = slicer.vtkMRMLMarkupsNode
    return (placed.PointModifiedEvent, placed.PointPositionDefinedEvent, placed.PointRemovedEvent, moved)
