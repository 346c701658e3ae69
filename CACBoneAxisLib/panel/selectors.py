"""Bind node selectors: show selected nodes, write only the user's picks."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS
from CACBoneAxisLib.panel.section import connect


def selects_node(widget: Any) -> bool:
    """Return whether a widget selects a scene node."""
    return bool(widget.inherits("qMRMLNodeComboBox"))


# Before and after the selectors' own reactions to a deleted node.
FIRST, LAST = 100.0, -100.0


class NodeSelectors(VTKObservationMixin):
    """Binds every node selector to its choice of the scene or of the reading.

    Slicer's selector moves to another node of its type when its own is deleted, and reports that as if a
    user had picked it: the seeds of one scan would become those of another.

    Parameters
    ----------
    panel : has ``session`` and ``parameters``, the current choices
    """

    def __init__(self, panel: Any) -> None:
        VTKObservationMixin.__init__(self)
        self.panel = panel
        # While a node is deleted, or the selectors are set here, nobody picks.
        self._quiet = False
        self._selectors = {
            str(widget.property("SlicerParameterName")): widget
            for widget in vars(panel.ui).values()
            if selects_node(widget)
        }

    def setup(self) -> None:
        """Observe nodes the user picks or creates."""
        for field, widget in self._selectors.items():
            for signal in ("nodeActivated(vtkMRMLNode*)", "nodeAddedByUserAction(vtkMRMLNode*)"):
                connect(widget, signal, lambda node, field=field: self._pick(field, node))
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._on_removing, priority=FIRST)
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_removed, priority=LAST)

    def update(self) -> None:
        """Show the chosen nodes; selectors of a reading are disabled while there is none."""
        before, self._quiet = self._quiet, True
        for field, widget in self._selectors.items():
            choices = self._choices(field)
            widget.enabled = choices is not None or field in SESSION_FIELDS
            chosen = getattr(choices, field) if choices is not None else None
            if widget.currentNode() is not chosen:
                widget.setCurrentNode(chosen)
        self._quiet = before

    def _on_removing(self, caller: Any = None, event: Any = None) -> None:
        self._quiet = True

    def _on_removed(self, caller: Any = None, event: Any = None) -> None:
        self._quiet = False
        if not slicer.mrmlScene.IsClosing():
            self.update()

    def _pick(self, field: str, node: Any) -> None:
        choices = self._choices(field)
        if not self._quiet and choices is not None and getattr(choices, field) is not node:
            setattr(choices, field, node)

    def _choices(self, field: str) -> Any:
        return self.panel.session if field in SESSION_FIELDS else self.panel.parameters
