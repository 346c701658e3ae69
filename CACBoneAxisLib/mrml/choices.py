"""Keep choices without a parameter node field in its ``otherSettings``.

They are stored as JSON, nested as in a settings file, so a study's settings persist until changed
and scenes of other versions lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def other_settings(parameters: Any) -> dict[str, Any]:
    """Return a parameter node's other settings, nested as in a settings file."""
    try:
        found = json.loads(parameters.otherSettings or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def chosen(parameters: Any, path: str) -> Any:
    """Return the choice at a dotted path (``bone.z_score_reference``), or None."""
    entry: Any = other_settings(parameters)
    for name in path.split("."):
        if not isinstance(entry, Mapping):
            return None
        entry = entry.get(name)
    return entry


def choose(parameters: Any, choices: Mapping[str, Any]) -> bool:
    """Set choices by dotted path in one event; return whether any changed.

    None resets a choice to its default.
    """
    settings = other_settings(parameters)
    before = json.dumps(settings, sort_keys=True)
    for path, value in choices.items():
        *groups, last = path.split(".")
        entry = settings
        for name in groups:
            if not isinstance(entry.get(name), dict):
                entry[name] = {}
            entry = entry[name]
        if value is None:
            entry.pop(last, None)
        else:
            entry[last] = value
    if json.dumps(settings, sort_keys=True) == before:
        return False
    parameters.otherSettings = json.dumps(settings, allow_nan=False)
    return True
