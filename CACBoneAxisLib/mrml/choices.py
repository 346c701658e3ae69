"""Choices of a reading for which the parameter node has no field of its own: kept in its ``otherSettings``.

They are settings as in a settings file, in JSON, so what a study brought along stays what
it is until somebody chooses otherwise, and a scene saved by another version loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def other_settings(parameters: Any) -> dict[str, Any]:
    """Return what a parameter node keeps beside its fields, nested as in a settings file."""
    try:
        found = json.loads(parameters.otherSettings or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def chosen(parameters: Any, path: str) -> Any:
    """Return the choice at a dotted path such as ``bone.z_score_reference``, None where none was made."""
    entry: Any = other_settings(parameters)
    for name in path.split("."):
        if not isinstance(entry, Mapping):
            return None
        entry = entry.get(name)
    return entry


def choose(parameters: Any, choices: Mapping[str, Any]) -> bool:
    """Make choices by dotted path, in one event; None takes one back to its default. Return whether any changed."""
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
