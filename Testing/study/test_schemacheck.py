"""The checker of schemas, against the one that others published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from former import FORMER, content

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.study.schemacheck import first_problem
from CACBoneAxisLib.study.upgrade import parse_result, upgraded

SEED, MUTATIONS = 7, 250
VALUES: tuple[Any, ...] = (None, True, 0, -5, 650, 9999, 1e11, "", "x", [], {}, [1], {"a": 1}, float("inf"), "\ud800")


def result() -> dict[str, Any]:
    return upgraded(content(FORMER / "first" / "result.json"))


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for name, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from places(inner, (*path, name))


def mutations() -> Iterator[dict[str, Any]]:
    """Yield results in which an entry is gone or has another value, drawn at random."""
    dice = np.random.default_rng(SEED)
    every = [path for path in places(result()) if path]
    for _ in range(MUTATIONS):
        changed: Any = deepcopy(result())
        *above, last = every[dice.integers(len(every))]
        part = changed
        for name in above:
            part = part[name]
        which = int(dice.integers(len(VALUES) + 1))
        if which == len(VALUES):
            del part[last]
        else:
            part[last] = VALUES[which]
        yield changed


def test_it_finds_what_jsonschema_finds() -> None:
    schema = load_table("result.schema")
    validator = jsonschema.Draft202012Validator(schema)
    for changed in mutations():
        unknown = any(error.validator == "additionalProperties" for error in validator.iter_errors(changed))
        if not unknown:
            assert (first_problem(changed, schema) is None) == validator.is_valid(changed)
    assert first_problem({**result(), "of a later version": 1}, schema) is None


def test_whatever_is_wrong_with_a_result_comparing_it_is_refused_or_gives_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.json").write_text(json.dumps(result()))
    refused = 0
    for number, changed in enumerate(mutations()):
        (tmp_path / "a.json").write_text(json.dumps(changed))
        out = tmp_path / f"out{number}"
        said = ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--output", str(out)]
        code = main(said)
        words = capsys.readouterr()
        if code == 0:
            text = (out / "comparison.json").read_text(encoding="utf-8")
            assert not re.search(r"\b(nan|inf|infinity)\b", text + words.out, re.IGNORECASE)
        else:
            refused += 1
            assert code == 2 and words.err.count("\n") == 1 and not out.exists()
    assert refused > MUTATIONS // 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("study/patient/age_years", -5),
        ("study/patient/age_years", 650),
        ("calcium/total/agatston", -5),
        ("bone/vertebrae/0/bmd/value", 9999),
        ("bone/vertebrae/0/mean_hu", 5e-324),
        ("calcium/total/volume_mm3", 1e308),
    ],
)
def test_impossible_numbers_are_refused(path: str, value: float) -> None:
    changed: Any = result()
    *above, last = (int(name) if name.isdigit() else name for name in path.split("/"))
    part = changed
    for name in above:
        part = part[name]
    assert last in part
    part[last] = value
    with pytest.raises(UnusableInputError) as caught:
        parse_result(json.dumps(changed), "a")
    assert caught.value.code in ("result-damaged", "compare-unreadable")


@pytest.mark.parametrize("text", ["1e400", "NaN", "-Infinity", "[" * 3000 + "]" * 3000, '"\\ud800"'])
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    words = json.dumps({**result(), "more": "HERE"}).replace('"HERE"', text)
    with pytest.raises(UnusableInputError, match="not a result"):
        parse_result(words, "a")
