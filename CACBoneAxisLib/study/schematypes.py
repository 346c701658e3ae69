"""JSON Schemas of plain values, lists, objects and dataclasses."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ID: Schema = {"type": "integer", "minimum": 1}
TEXT: Schema = {"type": "string"}
YES_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANYTHING: Schema = {"type": "object"}
PLAIN = {float: NUMBER, int: COUNT, str: TEXT, bool: YES_NO}


def between(least: float, most: float) -> Schema:
    """Return the schema of a number within limits."""
    return NUMBER | {"minimum": least, "maximum": most}


def array(items: Schema, size: int | None = None) -> Schema:
    """Return the schema of a list, of a certain length where ``size`` is given."""
    return {"type": "array", "items": items} | ({} if size is None else {"minItems": size, "maxItems": size})


def words(*values: str | None) -> Schema:
    """Return the schema of one of some words."""
    return {"enum": list(values)}


def nullable(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    return schema | {"type": [schema["type"], "null"]} if "type" in schema else {"oneOf": [schema, {"type": "null"}]}


def record(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with these entries and no others."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def by_name(items: Schema) -> Schema:
    """Return the schema of an object whose entries are alike, whatever their names."""
    return {"type": "object", "additionalProperties": items}


def of_class(cls: type, *without: str, **instead: Schema) -> Schema:
    """Return the schema of a dataclass that is written as it is.

    Parameters
    ----------
    cls : the class
    without : fields that are not written
    instead : schemas of fields that are written in another form
    """
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls) if field.name not in without]
    return record({**{name: _of_type(hints[name]) for name in names}, **instead})


def _of_type(hint: Any) -> Schema:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (one,) = (part for part in inside if part is not type(None))
        return nullable(_of_type(one))
    if origin is Literal:
        return words(*inside)
    if origin is tuple:
        return array(_of_type(inside[0]), None if inside[-1] is Ellipsis else len(inside))
    return PLAIN[hint] if hint in PLAIN else of_class(hint)
