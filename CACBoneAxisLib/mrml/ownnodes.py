"""Manage display-only nodes: hidden from editors, unsaved, found by attribute."""

from __future__ import annotations

from typing import Any

import slicer


def find_own(scene: Any, class_name: str, attribute: str) -> Any:
    """Return the node of a class with an attribute, or None."""
    nodes = slicer.util.getNodesByClass(class_name, scene)
    return next((node for node in nodes if node.GetAttribute(attribute)), None)


def add_own(scene: Any, class_name: str, name: str, attribute: str = "") -> Any:
    """Add an unsaved node with its display, hidden from editors; return it.

    Not a singleton, because singletons outlive a closed scene without their display.
    """
    node = getattr(slicer, class_name)()
    if attribute:
        node.SetAttribute(attribute, "1")
    node.SetName(name)
    node.SetSaveWithScene(False)
    node.SetHideFromEditors(True)
    node = scene.AddNode(node)
    if node.IsA("vtkMRMLDisplayableNode"):
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetSaveWithScene(False)
    return node
