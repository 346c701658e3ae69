"""The trail of a reading: what was done, in order, kept in its node with the scene."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

TRAIL_ATTRIBUTE = "CACBoneAxis.Trail"


def note_action(parameters: Any, text: str) -> None:
    """Add an action, in words, to a reading's trail.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    text : what was done; no patient's name
    """
    node = parameters.parameterNode
    actions = trail(parameters)
    actions.append({"time": datetime.now(UTC).isoformat(timespec="seconds"), "action": text})
    # Noting what was done is no choice: nobody has to look at the parameters again.
    was_disabled = node.GetDisableModifiedEvent()
    node.SetDisableModifiedEvent(1)
    node.SetAttribute(TRAIL_ATTRIBUTE, json.dumps(actions, ensure_ascii=False))
    node.SetDisableModifiedEvent(was_disabled)


def trail(parameters: Any) -> list[dict[str, str]]:
    """Return the actions of a reading, oldest first, each with ``time`` (UTC) and ``action``."""
    return list(json.loads(parameters.parameterNode.GetAttribute(TRAIL_ATTRIBUTE) or "[]"))
