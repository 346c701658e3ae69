"""The JSON Schemas hold a result to what its classes and quantities say."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema
import pytest
from former import FORMER, content

from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.study.schema import comparison_schema, result_schema
from CACBoneAxisLib.study.schematypes import of_class
from CACBoneAxisLib.study.upgrade import upgraded


@dataclass(frozen=True)
class Inner:
    share: float


@dataclass(frozen=True)
class Outer:
    name: str
    count: int | None
    kind: Literal["a", "b"] | None
    place: tuple[float, float, float]
    inner: tuple[Inner, ...]
    left_out: bool = False


def test_a_class_worked_out_by_hand() -> None:
    number = {"type": "number"}
    inner = {"type": "object", "properties": {"share": number}, "required": ["share"], "additionalProperties": False}
    assert of_class(Outer, "left_out") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "count": {"type": ["integer", "null"], "minimum": 0},
            "kind": {"enum": ["a", "b", None]},
            "place": {"type": "array", "items": number, "minItems": 3, "maxItems": 3},
            "inner": {"type": "array", "items": inner},
        },
        "required": ["name", "count", "kind", "place", "inner"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("schema", [result_schema(), comparison_schema()])
def test_schemas_are_schemas(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def result() -> dict[str, Any]:
    return upgraded(content(FORMER / "first" / "result.json"))


def problems(changed: dict[str, Any]) -> list[str]:
    """Return where a result does not fit, as paths."""
    errors = jsonschema.Draft202012Validator(result_schema()).iter_errors(changed)
    return ["/".join(str(part) for part in error.absolute_path) for error in errors]


@pytest.mark.parametrize("subject", ["lesion", "vertebra"])
def test_every_quantity_is_needed_and_has_its_kind(subject: Any) -> None:
    parts = {"lesion": ("calcium", "lesions"), "vertebra": ("bone", "vertebrae")}[subject]
    names = [one.key for one in quantities(subject) if one.path is None]
    assert len(names) >= 7
    for name in names:
        for wrong in ("12", [], {}):
            changed = deepcopy(result())
            changed[parts[0]][parts[1]][0][name] = wrong
            if name != "slices":
                assert problems(changed) == ["/".join((*parts, "0", name))]
        changed = deepcopy(result())
        del changed[parts[0]][parts[1]][0][name]
        assert problems(changed) == ["/".join((*parts, "0"))]


def test_what_is_not_known_does_not_fit() -> None:
    assert problems(result()) == []
    for path in (("study",), ("calcium",), ("calcium", "total"), ("bone", "summary"), ("provenance",), ()):
        changed = deepcopy(result())
        part = changed
        for name in path:
            part = part[name]
        part["unknown"] = 1
        assert problems(changed) == ["/".join(path)]
