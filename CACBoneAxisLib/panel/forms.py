"""Load the panel's .ui files: a shell of sections and a file for each."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import slicer

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS
from CACBoneAxisLib.panel.selectors import selects_node

# UI/NAME.ui goes into the shell's nameSection.
FORMS = ("QuickStart", "Scan", "Calcium", "Bone", "Report", "Compare", "Batch")


def load_forms(resource_path: Callable[[str], str], scene: Any) -> tuple[Any, Any]:
    """Load the shell and its sections; return the widget and its named widgets.

    Parameters
    ----------
    resource_path : returns the path of a file in the module's Resources folder
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
    """Disconnect widgets from the scene, which would call a replaced panel's."""
    for name in FORMS:
        getattr(ui, name).setMRMLScene(None)


def bound_widgets(ui: Any) -> tuple[Any, Any]:
    """Return the widgets bound to choices of the scene and of the reading, by name.

    The SlicerParameterName property in the .ui files is the choice's name. Node selectors are bound
    by :class:`~CACBoneAxisLib.panel.selectors.NodeSelectors`.
    """
    bound = {name: widget for name, widget in vars(ui).items() if not selects_node(widget)}
    named = {name: widget.property("SlicerParameterName") for name, widget in bound.items()}
    scenes = {name: getattr(ui, name) for name, field in named.items() if field in SESSION_FIELDS}
    readings = {name: getattr(ui, name) for name, field in named.items() if field and name not in scenes}
    return SimpleNamespace(**scenes), SimpleNamespace(**readings)
