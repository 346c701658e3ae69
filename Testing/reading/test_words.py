"""Every outcome of an action has a sentence, and no code of the program reaches the reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.calcium.screening import REASONS  # noqa: E402
from CACBoneAxisLib.reading import words  # noqa: E402
from CACBoneAxisLib.reading.outcome import Outcome  # noqa: E402
from CACBoneAxisLib.reading.trailwords import FIELDS  # noqa: E402

EDITING = Path(__file__).resolve().parents[2] / "CACBoneAxisLib" / "reading" / "editing.py"
VALUES = {
    "seed": "LAD-1",
    "artery": "LAD",
    "reason": "stent",
    "hu": 77.4,
    "threshold_hu": 130.0,
    "volume_mm3": 12.34,
    "limit_mm3": 2000.0,
    "radius_mm": 3.0,
    "seeds": "LAD-1, RCA-1",
    "count": 2,
}


def test_every_outcome_has_a_sentence_without_gaps():
    outcomes = set(re.findall(r'Outcome\((?:True|False), "([\w-]+)"', EDITING.read_text(encoding="utf-8")))
    assert len(outcomes) > 10
    for what in outcomes:
        text = Outcome(True, what, VALUES).sentence
        assert text.endswith(".")
        assert "{" not in text
        assert "_" not in text


def test_a_sentence_has_the_numbers_with_their_units():
    text = Outcome(False, "below", {"hu": 77.4, "threshold_hu": 130.0}).sentence
    assert text == "Nothing to take here: 77.4 HU, below the threshold of 130 HU."
    assert Outcome(True, "taken", VALUES).sentence == "LAD-1 taken, 12.3 mm3."


def test_reasons_and_steps_are_words():
    assert set(words.reason_words()) == set(REASONS)
    assert set(words.exclusion_words()) == set(words.EXCLUSIONS)
    assert words.step_words("minimumArea") == "smallest area"
    assert words.step_words("LAD-1 taken.") == "LAD-1 taken."
    # The trail, which is always English, calls a choice what the panel calls it.
    assert {name: words.step_words(name) for name in FIELDS} == FIELDS


def test_the_trail_speaks_of_what_was_done_and_with_what():
    assert Outcome(True, "excluded", {"seed": "LAD-1", "reason": "stent"}).action == "excluded: LAD-1 stent"
    assert Outcome(True, "cut", {"artery": "LM", "radius_mm": 2.5}).action == "cut: LM radius 2.5 mm"
