"""Check content against the JSON Schemas in ``data/``: the keywords that they use, without another package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def first_problem(content: Any, schema: Mapping[str, Any]) -> str | None:
    """Return what does not fit a schema, as the end of a sentence; None where everything fits.

    Entries that the schema does not know are left alone, so that a later version may add some.

    Examples
    --------
    >>> first_problem({"agatston": -5}, {"properties": {"agatston": {"minimum": 0}}})
    'agatston is not possible'
    """
    return _problem(content, schema, schema, "")


def _problem(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str | None:
    if "$ref" in schema:
        schema = {
            **root["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    here = place.lstrip("/") or "it"
    if "oneOf" in schema:
        found = [_problem(value, one, root, place) for one in schema["oneOf"]]
        if None not in found:
            # The other choice is null.
            return found[0]
    if "type" in schema and not _has_type(value, schema["type"]):
        return f"{here} is of another kind"
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        return f"{here} is not known"
    if isinstance(value, dict):
        return _in_object(value, schema, root, place)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return f"{here} has {len(value)} entries"
        found = [_problem(item, schema.get("items", {}), root, f"{place}/{n}") for n, item in enumerate(value)]
        return next((one for one in found if one), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        possible = schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return None if possible else f"{here} is not possible"
    return None


def _in_object(value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str | None:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    missing = next((name for name in schema.get("required", ()) if name not in value), None)
    if missing is not None:
        return f"{f'{place}/{missing}'.lstrip('/')} is missing"
    for name, item in value.items():
        # A name that the schema does not have may be anybody's.
        one, shown = (known[name], name) if name in known else (others if isinstance(others, dict) else {}, "*")
        if problem := _problem(item, one, root, f"{place}/{shown}"):
            return problem
    return None


def _has_type(value: Any, kinds: str | list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, TYPES[kind]) for kind in ([kinds] if isinstance(kinds, str) else kinds))
