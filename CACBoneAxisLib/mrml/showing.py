"""Show the nodes of the current volume's reading and hide all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from CACBoneAxisLib.mrml.parameternodes import find_reading, reading_nodes_of
from CACBoneAxisLib.mrml.scene import OUTPUT_ROLES, find_result, result_nodes

# Marks nodes hidden here, so that nodes the user hid stay hidden.
HIDDEN_ATTRIBUTE = "CACBoneAxis.HiddenWithItsReading"
ROLES = ("seeds", "heart", "vertebrae", "heartSegmentation")


def show_reading_of(scene: Any, volume: Any) -> None:
    """Show one reading's seeds, regions and overlays; hide other readings'.

    Parameters
    ----------
    volume : volume whose reading is shown; None changes nothing
    """
    if volume is None:
        return
    shown = find_reading(scene, volume)
    wanted = list(_nodes(scene, shown)) if shown is not None else []
    for reading in reading_nodes_of(scene):
        if reading is not shown:
            for node in _nodes(scene, reading):
                # Two readings may share a segmentation.
                if node not in wanted:
                    _set_seen(node, False)
    for node in wanted:
        _set_seen(node, True)


def is_output(scene: Any, node: Any) -> bool:
    """Return whether a node displays a result."""
    return any(record.GetNthNodeReference(role, 0) is node for record in result_nodes(scene) for role in OUTPUT_ROLES)


def _nodes(scene: Any, reading: Any) -> Iterator[Any]:
    count = int(reading.GetParameter("regions.len") or 0)
    for role in (*ROLES, *(f"regions.{number}" for number in range(count))):
        node = reading.GetNodeReference(role)
        if node is not None:
            yield node
    volume = reading.GetNodeReference("volume")
    record = find_result(scene, volume) if volume is not None else None
    overlay = record.GetNodeReference("segmentation") if record is not None else None
    if overlay is not None:
        yield overlay


def _set_seen(node: Any, seen: bool) -> None:
    display = node.GetDisplayNode()
    if display is None:
        return
    if seen and node.GetAttribute(HIDDEN_ATTRIBUTE):
        node.RemoveAttribute(HIDDEN_ATTRIBUTE)
        display.SetVisibility(True)
    elif not seen and display.GetVisibility():
        node.SetAttribute(HIDDEN_ATTRIBUTE, "1")
        display.SetVisibility(False)
