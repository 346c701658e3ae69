"""Show the nodes of the current volume's reading in the views, and hide those of other volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from CACBoneAxisLib.mrml.parameternodes import find_reading, reading_nodes_of
from CACBoneAxisLib.mrml.scene import OUTPUT_ROLES, find_result, result_nodes

# On what was hidden here, so that what the user hid stays hidden.
HIDDEN_ATTRIBUTE = "CACBoneAxis.HiddenWithItsReading"
ROLES = ("seeds", "heart", "vertebrae", "heartSegmentation")


def show_reading_of(scene: Any, volume: Any) -> None:
    """Hide the seeds, regions and overlays of other volumes' readings, and show those of this one again.

    Parameters
    ----------
    volume : whose reading is shown; None leaves everything as it is
    """
    if volume is None:
        return
    shown = find_reading(scene, volume)
    wanted = list(_nodes(scene, shown)) if shown is not None else []
    for reading in reading_nodes_of(scene):
        if reading is not shown:
            for node in _nodes(scene, reading):
                # Two readings may rest on the same segmentation.
                if node not in wanted:
                    _set_seen(node, False)
    for node in wanted:
        _set_seen(node, True)


def is_output(scene: Any, node: Any) -> bool:
    """Return whether a node was made to show a result."""
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
