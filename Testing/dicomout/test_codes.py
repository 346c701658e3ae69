"""Coded concepts."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.bone.calibration import MATERIALS
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.dicomout.codes import concept, level_code, private, territory_code
from CACBoneAxisLib.imaging.findings import VERDICTS
from CACBoneAxisLib.report.quantities import SUBJECTS, quantities
from CACBoneAxisLib.report.wording import STATUS_WORDS, territory_table

TABLE = load_table("dicom_concepts")
CODED = [one for subject in SUBJECTS for one in quantities(subject) if one.code]


def test_every_word_that_a_result_can_hold_has_a_concept() -> None:
    classes = [row["class"] for row in load_table("bmd_classes")["classes"]]
    for word in (*STATUS_WORDS, *VERDICTS, *classes):
        assert concept(word)[0] == TABLE["scheme"]["designator"]
    assert set(MATERIALS) <= {one.key for one in quantities("bmd")}


def test_codes_keep_to_the_lengths_of_dicom_and_are_unlike() -> None:
    # One code may be of several subjects, always with the same meaning.
    said = {one.code for one in CODED}
    codes = [code[:2] for code in said]
    codes += [(TABLE["scheme"]["designator"], value) for value, _ in TABLE["concepts"].values()]
    texts = [code[1:] for code in said]
    for value, meaning in [*texts, *TABLE["concepts"].values()]:
        assert 0 < len(value) <= 16
        assert 0 < len(meaning) <= 64
    own = [code for code in codes if code[0] == TABLE["scheme"]["designator"]]
    assert len(own) == len(set(own))


def test_standard_codes_are_those_of_the_standards_own_dictionary() -> None:
    concepts = pytest.importorskip("pydicom.sr._concepts_dict").concepts
    known = {(scheme, code) for scheme in concepts for names in concepts[scheme].values() for code in names}
    for one in CODED:
        for code in (one.code, one.method, one.derivation):
            if code and code[0] != TABLE["scheme"]["designator"]:
                assert (code[0], code[1]) in known, code
    levels = [level_code(entry["level"]) for entry in load_table("levels")["levels"]]
    for code in [*levels, *(territory_code(t["code"]) for t in territory_table()), territory_code(None)]:
        assert code[:2] in known, code


def test_a_private_code_is_made_of_any_text() -> None:
    for text in ("", "A3/N4", "ä" * 100, "101-400", ">400", "a b\\c^d"):
        _, value, meaning = private(text, text)
        assert 0 < len(value) <= 16
        assert 0 < len(meaning) <= 64
        assert value.isascii()
        assert "\\" not in meaning
