"""Node selectors: show the nodes that are chosen, and write only what a user picks."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS
from CACBoneAxisLib.panel.section import connect


def selects_node(widget: Any) -> bool:
    """Return whether a widget chooses a node of the scene."""
    return bool(widget.inherits("qMRMLNodeComboBox"))


class NodeSelectors:
    """Binds every node selector to its choice of the scene or of the reading.

    Slicer's selector moves to another node of its type when its own is deleted, and Slicer's
    binding would write that down: the seeds of one scan would become those of another.

    Parameters
    ----------
    panel : has ``session`` and ``parameters``, the choices there are now
    """

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self._selectors = {
            str(widget.property("SlicerParameterName")): widget
            for widget in vars(panel.ui).values()
            if selects_node(widget)
        }

    def setup(self) -> None:
        """Listen to what a user picks or makes."""
        for field, widget in self._selectors.items():
            for signal in ("nodeActivated(vtkMRMLNode*)", "nodeAddedByUserAction(vtkMRMLNode*)"):
                connect(widget, signal, lambda node, field=field: self._pick(field, node))

    def update(self) -> None:
        """Show what is chosen; nothing of a reading can be chosen while there is none."""
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
