"""Upgrade of results that earlier versions wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.calcium.territories import coronary_codes, territories, territory_of
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.report.quantities import Subject, quantities
from CACBoneAxisLib.study.schemacheck import first_problem

SCHEMA = "cacboneaxis/result/2"
FORMER_SCHEMA = "cacboneaxis/result/1"


def is_result(content: Any) -> bool:
    """Return whether the content of a JSON file is a result of this or an earlier version."""
    return isinstance(content, dict) and content.get("schema") in (SCHEMA, FORMER_SCHEMA)


def parse_result(text: str | bytes, name: str) -> dict[str, Any]:
    """Return the content of a ``result.json`` in the current schema.

    Parameters
    ----------
    name : of the file or folder, for the sentence

    Raises
    ------
    UnusableInputError
        ``compare-unreadable`` when it is none; ``result-damaged`` when it does not fit the schema or holds a
        number that is not possible.
    """
    try:
        content = parse_json(text)
    except ValueError:
        content = None
    if not is_result(content):
        raise refusal("compare-unreadable", file=name)
    try:
        result = upgraded(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise refusal("result-damaged", file=name, problem="an entry is missing or of another kind") from None
    problem = first_problem(result, load_table("result.schema"))
    if problem is not None:
        raise refusal("result-damaged", file=name, problem=problem)
    return result


def upgraded(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result in the current schema.

    A quantity that the older version did not measure is null. From ``cacboneaxis/result/1``: a lesion
    gets ``in_total``, and a non-coronary territory without lesions is null, because that version wrote
    0 whether or not it had been read. It did not distinguish images of several energies.
    """
    return _with_every_quantity(dict(result) if result.get("schema") != FORMER_SCHEMA else _from_first(result))


def _from_first(result: Mapping[str, Any]) -> dict[str, Any]:
    calcium = result["calcium"]
    lesions = [{**lesion, "in_total": _in_total(lesion, calcium)} for lesion in calcium["lesions"]]
    seen = {territory_of(seed) for lesion in lesions for seed in lesion["seeds"]}
    unread = [code for code, territory in territories().items() if not territory.coronary and code not in seen]
    changed = {**calcium, "lesions": lesions, "territories": _without(calcium["territories"], unread)}
    if contrast := calcium.get("contrast_calcium"):
        # Its lesions are not listed, so that a 0 says no more than that there is none.
        empty = [
            code for code, t in contrast["territories"].items() if not t["lesions"] and code not in coronary_codes()
        ]
        changed["contrast_calcium"] = {**contrast, "territories": _without(contrast["territories"], empty)}
    study = {**result["study"], "acquisition": {**result["study"]["acquisition"], "spectral": None}}
    return {**result, "schema": SCHEMA, "study": study, "calcium": changed}


def _with_every_quantity(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result in which every entry has the quantities of the table, null where it lacks one."""
    calcium, bone = result["calcium"], result["bone"]
    blood = calcium["blood"]
    changed = {
        "lesions": [_complete("lesion", lesion) for lesion in calcium["lesions"]],
        "territories": {code: _complete("territory", totals) for code, totals in calcium["territories"].items()},
        "total": _complete("territory", calcium["total"]),
        "blood": None if blood is None else _complete("blood", blood),
    }
    vertebrae = [_complete("vertebra", vertebra) for vertebra in bone["vertebrae"]]
    return {**result, "calcium": {**calcium, **changed}, "bone": {**bone, "vertebrae": vertebrae}}


def _complete(subject: Subject, entry: Mapping[str, Any]) -> dict[str, Any]:
    missing = [one.key for one in quantities(subject) if one.path is None and one.key not in entry]
    return {**entry, **dict.fromkeys(missing)}


def _in_total(lesion: Mapping[str, Any], calcium: Mapping[str, Any]) -> bool:
    if lesion["agatston"] is None:
        return False
    if lesion["status"] == "scored":
        return lesion["territory"] in coronary_codes()
    # A lesion in conflict was scored under the protocols only where it counted.
    counted = {one["id"] for row in calcium["under_protocols"] for one in row["lesions"]}
    return lesion["status"] == "conflict" and lesion["id"] in counted


def _without(territories: Mapping[str, Any], codes: list[str]) -> dict[str, Any]:
    return {code: dict.fromkeys(values) if code in codes else values for code, values in territories.items()}
