"""Approve and unlock a reading: lock its nodes, record name and time."""

from __future__ import annotations

import json
from typing import Any

from CACBoneAxisLib.mrml.trail import APPROVED_ATTRIBUTE, keep_quietly, note_action, now, trail_of
from CACBoneAxisLib.study.approval import Approval

# On a node of an approved reading: what it was before, to be restored.
BEFORE_ATTRIBUTE = "CACBoneAxis.BeforeApproval"


def approval(parameters: Any) -> Approval | None:
    """Return who approved a reading and when, or None.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading, or None
    """
    return trail_of(parameters.parameterNode).approval if parameters is not None else None


def approve(parameters: Any, name: str) -> None:
    """Approve a reading, lock its seeds and regions and note it in the trail.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    name : name of the reader
    """
    note_action(parameters, f"approved by {name}", name)
    keep_quietly(
        parameters.parameterNode, APPROVED_ATTRIBUTE, json.dumps({"name": name, "time": now()}, allow_nan=False)
    )
    _lock(parameters, True)
    parameters.parameterNode.Modified()


def unlock(parameters: Any, name: str = "") -> None:
    """Withdraw an approval, unlock the nodes and note it in the trail.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    name : name of the person unlocking it; empty when an external change ended the approval
    """
    before = approval(parameters)
    if before is None:
        return
    how = "unlocked" if name else "changed elsewhere, which ends its approval"
    note_action(parameters, f"{how}; it had been approved by {before.name}, {before.time}", name)
    keep_quietly(parameters.parameterNode, APPROVED_ATTRIBUTE, None)
    _lock(parameters, False)
    parameters.parameterNode.Modified()


def _lock(parameters: Any, locked: bool) -> None:
    """Lock seeds, regions and heart box with their handles, which drag a locked node too; or give them back."""
    for node in (parameters.seeds, parameters.heart, *parameters.regions):
        if node is None or node.GetScene() is None:
            continue
        display = node.GetDisplayNode()
        if locked:
            there = {"locked": node.GetLocked(), "handles": display is not None and display.GetHandlesInteractive()}
            keep_quietly(node, BEFORE_ATTRIBUTE, " ".join(name for name, on in there.items() if on))
        before = (node.GetAttribute(BEFORE_ATTRIBUTE) or "").split()
        node.SetLocked(locked or "locked" in before)
        if display is not None and "handles" in before:
            display.SetHandlesInteractive(not locked)
        if not locked:
            keep_quietly(node, BEFORE_ATTRIBUTE, None)
