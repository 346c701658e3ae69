"""Read node attributes that hold JSON."""

from __future__ import annotations

from typing import Any, TypeVar

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json

T = TypeVar("T", dict[str, Any], list[Any])


def json_attribute(node: Any, name: str, empty: T) -> T:
    """Return the content of a node's attribute, or ``empty`` if it has none.

    Raises
    ------
    UnusableInputError
        ``scene-damaged`` if it is not JSON of the type of ``empty``.
    """
    text = node.GetAttribute(name)
    if not text:
        return empty
    try:
        content = parse_json(text)
    except ValueError:
        content = None
    if not isinstance(content, type(empty)):
        raise refusal("scene-damaged", what=name)
    return content
