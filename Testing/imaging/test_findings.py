from __future__ import annotations

import re
from pathlib import Path

import pytest

import CACBoneAxisLib
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import VERDICTS, UnusableInputError, finding, refusal, verdict

CATALOGUE = load_table("findings")["findings"]


def test_a_finding_has_the_catalogues_severity_and_sentence():
    found = finding("increment-thick", increment="5")
    assert (found.severity, found.code) == ("warning", "increment-thick")
    assert "5 mm" in found.message


def test_a_refusal_is_raised_with_its_sentence():
    error = refusal("file-missing", file="a.nrrd")
    assert isinstance(error, UnusableInputError)
    assert (error.code, str(error)) == ("file-missing", "a.nrrd does not exist.")


def test_an_unknown_code_or_a_missing_value_is_a_programming_error():
    with pytest.raises(KeyError):
        finding("no-such-code")
    with pytest.raises(KeyError):
        finding("increment-thick")


def test_the_verdict_is_the_worst_effect_on_the_question():
    contrast = finding("contrast-enhanced")
    assert verdict("calcium", [finding("kvp-unknown"), contrast]) == "unsuitable"
    assert verdict("bone", [contrast]) == "opportunistic"
    assert verdict("calcium", []) == "standard"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_entry_is_complete(code):
    entry = CATALOGUE[code]
    assert entry["severity"] in load_table("findings")["severities"]
    assert entry["message"] and entry["meaning"]
    assert set(entry) <= {"severity", "message", "meaning", "calcium", "bone", "looks_at", "source"}
    assert {entry.get("calcium", "standard"), entry.get("bone", "standard")} <= set(VERDICTS)
    assert re.fullmatch(r"[a-z0-9-]+", code)


def test_the_imaging_code_names_only_codes_of_the_catalogue():
    folder = Path(CACBoneAxisLib.__file__).parent / "imaging"
    used = set()
    for path in folder.glob("*.py"):
        used |= set(re.findall(r"(?:finding|refusal)\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")))
    assert len(used) > 30
    assert used <= set(CATALOGUE)
