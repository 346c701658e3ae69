"""Approve and unlock a reading: lock its nodes, record name and time."""

from __future__ import annotations

import json
from typing import Any

from CACBoneAxisLib.mrml.trail import APPROVED_ATTRIBUTE, keep_quietly, note_action, now, trail_of
from CACBoneAxisLib.study.approval import Approval


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


def unlock(parameters: Any, name: str) -> None:
    """Withdraw an approval, unlock the nodes and note it in the trail.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    name : name of the person unlocking it
    """
    before = approval(parameters)
    if before is None:
        return
    note_action(parameters, f"unlocked; it had been approved by {before.name}, {before.time}", name)
    keep_quietly(parameters.parameterNode, APPROVED_ATTRIBUTE, None)
    _lock(parameters, False)
    parameters.parameterNode.Modified()


def _lock(parameters: Any, locked: bool) -> None:
    for node in (parameters.seeds, *parameters.regions):
        if node is not None and node.GetScene() is not None:
            node.SetLocked(locked)
