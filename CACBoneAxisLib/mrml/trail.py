"""Keep a reading's trail, the actions in order, in its node."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.mrml.attributes import json_attribute
from CACBoneAxisLib.mrml.parameternodes import session_node
from CACBoneAxisLib.study.approval import Trail

TRAIL_ATTRIBUTE = "CACBoneAxis.Trail"
APPROVED_ATTRIBUTE = "CACBoneAxis.Approved"


def note_action(parameters: Any, text: str, by: str = "", goes_on: bool = False) -> None:
    """Add an action to a reading's trail.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    text : the action in words, without a patient's name
    goes_on : whether it may merge with the last action, as for a typed or dragged number
    by : who did it, by default the reader named in the panel
    """
    node = parameters.parameterNode
    if not by and node.GetScene() is not None:
        by = session_node(node.GetScene()).GetParameter("readerName")
    actions = trail(parameters)
    said = {"time": now(), "action": text}
    if goes_on and actions and actions[-1].get("by", "") == by:
        same = actions[-1]["action"].split(": ")[0] == text.split(": ")[0]
        del actions[len(actions) - same :]
    actions.append(said | {"by": by} if by else said)
    keep_quietly(node, TRAIL_ATTRIBUTE, json.dumps(actions, ensure_ascii=False, allow_nan=False))


def trail(parameters: Any) -> list[dict[str, str]]:
    """Return a reading's actions (``time`` in UTC, ``action``), oldest first."""
    return json_attribute(parameters.parameterNode, TRAIL_ATTRIBUTE, [])


def trail_of(node: Any) -> Trail:
    """Return a reading's trail and approval in the form of a result.

    Raises
    ------
    UnusableInputError
        ``scene-damaged``.
    """
    said = {
        "trail": json_attribute(node, TRAIL_ATTRIBUTE, []),
        "approved": json_attribute(node, APPROVED_ATTRIBUTE, {}),
    }
    try:
        return Trail.from_mapping(said)
    except (KeyError, TypeError, AttributeError):
        raise refusal("scene-damaged", what=TRAIL_ATTRIBUTE) from None


def keep_quietly(node: Any, name: str, value: str | None) -> None:
    """Set a non-choice attribute of a reading without notifying observers."""
    was_disabled = node.GetDisableModifiedEvent()
    node.SetDisableModifiedEvent(1)
    if value is None:
        node.RemoveAttribute(name)
    else:
        node.SetAttribute(name, value)
    node.SetDisableModifiedEvent(was_disabled)


def now() -> str:
    """Return the UTC time to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
