"""Bind node selectors: show selected nodes, write only the user's picks."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS
from CACBoneAxisLib.panel.section import connect


def selects_node(widget: Any) -> bool:
    """Return whether a widget selects a scene node."""
    return bool(widget.inherits("qMRMLNodeComboBox"))


class NodeSelectors:
    """Binds every node selector to its choice in the scene or the reading.

    When a node is deleted, Slicer's selector moves to another of its type, and Slicer's binding would
    store that: the seeds of one scan would become those of another.

    Parameters
    ----------
    panel : has ``session`` and ``parameters``, the current choices
    """

    def __init__(self, panel: Any) -> None:
        self.panel = panel
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

    def update(self) -> None:
        """Show the selected nodes; disabled for a reading while there is none."""
        for field, widget in self._selectors.items():
            choices = self._choices(field)
            widget.enabled = choices is not None or field in SESSION_FIELDS
            chosen = getattr(choices, field) if choices is not None else None
            if widget.currentNode() is not chosen:
                widget.setCurrentNode(chosen)

    def _pick(self, field: str, node: Any) -> None:
        choices = self._choices(field)
        if choices is not None and getattr(choices, field) is not node:
            setattr(choices, field, node)

    def _choices(self, field: str) -> Any:
        return self.panel.session if field in SESSION_FIELDS else self.panel.parameters
