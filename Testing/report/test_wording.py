"""The answers in words."""

from __future__ import annotations

from typing import Any

import pytest

from CACBoneAxisLib.report import wording


@pytest.mark.parametrize(
    ("category", "label", "words"),
    [
        ("101-400", "moderate", "moderate (101-400)"),
        ("A2/N3", "100-299", "A2/N3 (100-299)"),
        (">400", "more than 400", "more than 400"),
        ("0", "none", "none (0)"),
        ("1-100", "1-100", "1-100"),
        (None, None, "no category"),
    ],
)
def test_a_category_is_said_once_in_words(category: str | None, label: str | None, words: str) -> None:
    assert wording.category_words({"category": category, "label": label}) == words


def test_a_finding_raised_for_both_questions_is_one_remark(example: Any) -> None:
    found = [r for r in wording.remarks(example.result) if r.code == "contrast-unknown"]
    assert [r.concerns for r in found] == [("calcium", "bone")]


def test_errors_come_before_warnings_before_notes(example: Any) -> None:
    extra = {"code": "total-incomplete", "severity": "error", "message": "x"}
    example.result["calcium"]["findings"].append(extra)
    ranks = [wording.SEVERITIES.index(r.severity) for r in wording.remarks(example.result)]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_the_arteries_with_calcium_are_named_and_unknown_ones_are_not_taken_for_free(example: Any) -> None:
    assert wording.arteries_words(example.result) == "LM, LAD, RCA (3 of 4 arteries)"
    example.result["calcium"]["territories"]["LCX"]["agatston"] = None
    assert wording.arteries_words(example.result) == "LM, LAD, RCA (3 of 4 arteries); not known: LCX"
    for values in example.result["calcium"]["territories"].values():
        values["agatston"] = None
    assert wording.arteries_words(example.result) == "not known"


@pytest.mark.parametrize(
    ("meaning", "below", "words"),
    [
        ("at or below: 90 % sensitive", True, "at or below 160 HU (90 % sensitive) - S"),
        ("at or below: 90 % sensitive", False, "above 160 HU (90 % sensitive) - S"),
        ("below: osteopenia", True, "below 160 HU (osteopenia) - S"),
        ("below: osteopenia", False, "not below 160 HU (osteopenia) - S"),
        ("osteopenia", True, "below 160 HU (osteopenia) - S"),
    ],
)
def test_a_threshold_says_the_side_of_it_and_its_source(meaning: str, below: bool, words: str) -> None:
    item = {"threshold_hu": 160, "below": below, "meaning": meaning, "source": "S"}
    assert wording.threshold_words([item]) == [words]


def test_thresholds_of_one_source_stand_together() -> None:
    item = {"threshold_hu": 160, "below": True, "meaning": "below: A", "source": "S"}
    lower = {"threshold_hu": 110, "below": False, "meaning": "below: B", "source": "S"}
    other = {"threshold_hu": 90, "below": False, "meaning": "below: C", "source": "R"}
    expected = ["below 160 HU (A), not below 110 HU (B) - S", "not below 90 HU (C) - R"]
    assert wording.threshold_words([item, other, lower]) == expected


def test_why_a_number_is_missing_is_said_in_the_words_of_the_errors() -> None:
    note = {"code": "n", "severity": "note", "message": "A note."}
    error = {"code": "e", "severity": "error", "message": "An error."}
    assert wording.why_missing([note, error]) == "An error."
    assert wording.why_missing([note]) == "A note."
    longer = {"code": "f", "severity": "error", "message": "No score: An error."}
    assert wording.why_missing([error, longer]) == "No score: An error."
    assert wording.why_missing([]) == "No reason was recorded."


def test_the_lead_is_the_lowest_threshold_for_low_density_that_the_mean_does_not_exceed() -> None:
    def threshold(hu: float, meaning: str, below: bool) -> dict[str, object]:
        return {"name": "x", "threshold_hu": hu, "below": below, "meaning": meaning, "source": f"Paper {hu:g}"}

    both = [
        threshold(160, "at or below: 90 % sensitive for DXA osteoporosis", True),
        threshold(110, "at or below: more than 90 % specific for DXA osteoporosis", True),
        threshold(90, "at or below: higher risk of fracture", True),
    ]
    assert wording.threshold_lead(both) == (
        "At or below 110 HU (more than 90 % specific for DXA osteoporosis)",
        "Paper 110",
    )
    above = [{**item, "below": False} for item in both]
    assert wording.threshold_lead(above) == ("Above 160 HU (90 % sensitive for DXA osteoporosis)", "Paper 160")
    assert wording.threshold_lead(both[2:]) is None


def test_a_class_says_where_a_density_lies_and_only_without_one_a_threshold_does(example: Any) -> None:
    summary = example.result["bone"]["summary"]
    lines = wording.bone_lines(summary)
    assert [line.name for line in lines] == ["class", "threshold"]
    assert lines[0].source == "ACR-SPR-SSR"
    summary["acr_class"] = None
    side = wording.bone_lines(summary)[0]
    assert (side.name, side.source) == ("side", "Pickhardt 2013, Ann Intern Med 158:588")
    summary["t_score"] = {"value": -1.5, "reference": "ours", "source": None}
    assert wording.bone_lines(summary)[1] == ("T-score", "-1.50 against ours", "")
