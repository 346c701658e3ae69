"""Find the nodes that hold choices: one per reading and one for the scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS, ReadingChoices, SessionChoices

MODULE_NAME = "CACBoneAxis"
NODE_CLASS = "vtkMRMLScriptedModuleNode"

# Marks the node of a volume's reading; the scene's node has no such attribute.
READING_ATTRIBUTE = "CACBoneAxis.Reading"


def session_node(scene: Any) -> Any:
    """Return the scene's choices (shown volume, folders, habits), created if missing."""
    node = scene.GetSingletonNode(MODULE_NAME, NODE_CLASS)
    if node is None:
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(MODULE_NAME)
        node.SetName(MODULE_NAME)
        node = scene.AddNode(node)
    # Closing a scene removes it.
    if node.GetAttribute("ModuleName") != MODULE_NAME:
        node.SetAttribute("ModuleName", MODULE_NAME)
    return node


def reading_nodes_of(scene: Any) -> list[Any]:
    """Return the nodes of all readings in a scene."""
    return [node for node in slicer.util.getNodesByClass(NODE_CLASS, scene) if node.GetAttribute(READING_ATTRIBUTE)]


def find_reading(scene: Any, volume: Any) -> Any:
    """Return the node of a volume's reading, or None."""
    found = (node for node in reading_nodes_of(scene) if node.GetNodeReference("volume") is volume)
    return next(found, None) if volume is not None else None


def reading_of(scene: Any, volume: Any) -> Any:
    """Return the node of a volume's reading, created if missing."""
    node = find_reading(scene, volume)
    if node is None:
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetName(f"{volume.GetName()} reading")
        node.SetAttribute("ModuleName", MODULE_NAME)
        node.SetAttribute(READING_ATTRIBUTE, "1")
        node = scene.AddNode(node)
        choose(node, "volume", volume)
    return node


def current_reading(scene: Any) -> Any:
    """Return the node of the shown reading, None if no volume is selected."""
    move_former_reading(scene)
    volume = session_node(scene).GetNodeReference("volume")
    return reading_of(scene, volume) if volume is not None else None


def choose(node: Any, name: str, chosen: Any) -> None:
    """Set a node reference of a choices node in the form Slicer's wrapper reads."""
    with slicer.util.NodeModify(node):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, chosen.GetID() if chosen is not None else None)


def move_former_reading(scene: Any) -> Any:
    """Move choices that earlier versions kept with the scene to their reading.

    Returns
    -------
    The node of the reading, or None if there is nothing to move.
    """
    former = session_node(scene)
    names = [name for name in former.GetParameterNames() if name.split(".")[0] not in SESSION_FIELDS]
    if not names:
        return None
    volume = former.GetNodeReference("volume")
    reading = None
    if volume is not None and find_reading(scene, volume) is None:
        reading = reading_of(scene, volume)
    with slicer.util.NodeModify(former):
        for name in names:
            if reading is not None:
                reading.SetParameter(name, former.GetParameter(name))
                reading.SetNodeReferenceID(name, former.GetNodeReferenceID(name))
            former.UnsetParameter(name)
            former.RemoveNodeReferenceIDs(name)
    return reading


class SceneChoices:
    """Gives the choices of a scene and its shown reading, like ``CACBoneAxisLogic``."""

    def __init__(
        self,
        scene: Any,
        session: Callable[[Any], Any] = SessionChoices,
        reading: Callable[[Any], Any] = ReadingChoices,
    ) -> None:
        self.scene, self._session, self._reading = scene, session, reading

    def session(self) -> Any:
        """Return the choices of the scene."""
        move_former_reading(self.scene)
        return self._session(session_node(self.scene))

    def reading(self) -> Any:
        """Return the choices of the selected volume's reading, or None."""
        node = current_reading(self.scene)
        return self._reading(node) if node is not None else None
