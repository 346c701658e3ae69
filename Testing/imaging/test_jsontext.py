"""JSON from elsewhere, and that none of ours has a number that JSON does not know."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import CACBoneAxisLib
from CACBoneAxisLib.imaging.jsontext import DEEPEST, check_values, parse_json


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "5e-324",
        "1" + "0" * 400,
        "1" * 5000,
        '"\\ud800"',
        '{"\\udfff": 1}',
        '{"a": 1, "a": 2}',
        "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
        "[" * 3000 + "]" * 3000,
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_cannot_be_computed_with_or_written_again_is_refused(text):
    with pytest.raises(ValueError):
        parse_json(text)


def test_everything_else_is_what_json_says():
    for text in ('{"a": [1, 2.5, -0.0, "ü", null, true]}', "[" * DEEPEST + "]" * DEEPEST, "1e-99", '"\\ud83d\\ude00"'):
        assert parse_json(text) == json.loads(text)
        assert parse_json(b"\xef\xbb\xbf" + text.encode()) == json.loads(text)


def test_numbers_may_be_left_to_the_caller():
    assert parse_json("[1e400]", any_number=True) == [float("inf")]
    with pytest.raises(ValueError, match="number"):
        check_values([float("inf")])


def test_every_json_that_is_written_refuses_numbers_that_json_does_not_know():
    hashed = 0
    for path in Path(CACBoneAxisLib.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("json.dumps", "json.dump"):
                options = {word.arg for word in call.keywords}
                # Sorted keys are for hashes and comparisons, which nobody reads.
                if "sort_keys" in options or path.name == "review.py":
                    hashed += 1
                    continue
                assert "allow_nan" in options, f"{path.name}:{call.lineno}"
    assert hashed
