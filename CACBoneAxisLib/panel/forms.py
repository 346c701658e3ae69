"""The panel's .ui files: a shell of collapsible sections, and one file for the content of each."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import slicer

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS
from CACBoneAxisLib.panel.selectors import selects_node

# Each is UI/NAME.ui and goes into the shell's nameSection.
FORMS = ("QuickStart", "Scan", "Calcium", "Bone", "Report", "Compare", "Batch")


def load_forms(resource_path: Callable[[str], str], scene: Any) -> tuple[Any, Any]:
    """Load the shell and its sections; return the widget, and every named widget in it as attributes.

    Parameters
    ----------
    resource_path : the path of a file in the module's Resources folder
    """
    shell = slicer.util.loadUI(resource_path("UI/CACBoneAxis.ui"))
    sections = slicer.util.childWidgetVariables(shell)
    bodies = []
    for name in FORMS:
        body = slicer.util.loadUI(resource_path(f"UI/{name}.ui"))
        section = getattr(sections, f"{name[0].lower()}{name[1:]}Section")
        section.layout().addWidget(body)
        bodies.append(body)
    for widget in (shell, *bodies):
        widget.setMRMLScene(scene)
    return shell, slicer.util.childWidgetVariables(shell)


def release_forms(ui: Any) -> None:
    """Disconnect the widgets from the scene, which would keep calling those of a panel that was replaced."""
    for name in FORMS:
        getattr(ui, name).setMRMLScene(None)


def bound_widgets(ui: Any) -> tuple[Any, Any]:
    """Return the widgets that show a choice of the scene, and those that show one of the reading, by name.

    The .ui files say it: the property SlicerParameterName is the choice's name. Node selectors are bound
    by :class:`~CACBoneAxisLib.panel.selectors.NodeSelectors`.
    """
    bound = {name: widget for name, widget in vars(ui).items() if not selects_node(widget)}
    named = {name: widget.property("SlicerParameterName") for name, widget in bound.items()}
    scenes = {name: getattr(ui, name) for name, field in named.items() if field in SESSION_FIELDS}
    readings = {name: getattr(ui, name) for name, field in named.items() if field and name not in scenes}
    return SimpleNamespace(**scenes), SimpleNamespace(**readings)
