"""Every finding that the code raises is in the catalogue, complete, and every one of the catalogue is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from CACBoneAxisLib.data import load_table

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = load_table("findings")["findings"]
# These read findings, they raise none: a code named there only is not in use.
READERS = ("report", "panel")
RAISING = ("pdf.py",)


def sources() -> list[Path]:
    library = REPOSITORY / "CACBoneAxisLib"
    found = sorted(library.rglob("*.py"))
    return [p for p in found if p.name in RAISING or p.relative_to(library).parts[0] not in READERS]


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of finding() and refusal() whose code is written out."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if named and node.func.id in ("finding", "refusal") and node.args:
                if isinstance(node.args[0], ast.Constant):
                    yield f"{path.name}:{node.lineno}", node
                elif isinstance(node.args[0], ast.IfExp):
                    for branch in (node.args[0].body, node.args[0].orelse):
                        yield f"{path.name}:{node.lineno}", ast.Call(node.func, [branch], [])


def test_every_code_that_is_raised_is_in_the_catalogue():
    raised = {where: call.args[0].value for where, call in calls()}
    assert raised
    assert not {where: code for where, code in raised.items() if code not in CATALOGUE}


def test_refusals_are_raised_and_findings_are_listed():
    wrong = []
    for where, call in calls():
        severity = CATALOGUE.get(call.args[0].value, {}).get("severity")
        if severity and (severity == "refusal") != (call.func.id == "refusal"):
            wrong.append(f"{where}: {call.args[0].value} is a {severity}")
    assert not wrong


def test_every_call_fills_in_what_its_sentence_names():
    wrong = []
    for where, call in calls():
        given = {keyword.arg for keyword in call.keywords}
        entry = CATALOGUE.get(call.args[0].value)
        if entry is None or None in given or not call.keywords:
            continue
        asked = {name for _, name, _, _ in Formatter().parse(entry["message"]) if name}
        if given != asked:
            wrong.append(f"{where}: {call.args[0].value} asks for {sorted(asked)}, is given {sorted(given)}")
    assert not wrong


def test_every_code_of_the_catalogue_is_in_use():
    written = {
        node.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not sorted(set(CATALOGUE) - written)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_an_entry_is_complete(code):
    entry = CATALOGUE[code]
    assert entry["severity"] in ("refusal", "error", "warning", "note")
    assert entry["message"][-1] in ".}"
    assert entry["meaning"].endswith(".")
    assert set(entry) <= {"severity", "message", "meaning", "calcium", "bone", "looks_at", "source"}
    # What decides about the fitness of a scan says where it looks and where it comes from.
    is_rule = "calcium" in entry or "bone" in entry
    assert is_rule == ("looks_at" in entry) == ("source" in entry)
    if is_rule:
        assert entry["looks_at"].split(":")[0] in ("pixels", "geometry", "tag")
        assert {entry.get("calcium"), entry.get("bone")} <= {None, "standard", "opportunistic", "unsuitable"}


def test_the_catalogue_is_in_alphabetical_order():
    assert list(CATALOGUE) == sorted(CATALOGUE)
