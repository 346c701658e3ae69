"""What the page, the table and the terminal say of bone in two scans."""

from CACBoneAxisLib.report.bonecomparison import bone_change_blocks, bone_change_rows, bone_change_words
from CACBoneAxisLib.report.html import blocks_html

CHANGE = {
    "level": "L1",
    "quantity": "BMD",
    "baseline": 100.0,
    "followup": 92.0,
    "change": -8.0,
    "change_percent": -8.0,
    "least_significant": 5.0,
    "exceeds": True,
    "per_year": -4.0,
    "population_per_year": -0.7,
    "source": "Bligh 2009",
}


def comparison(changes, findings=()):
    bone = {"cv_percent": None, "changes": changes, "findings": list(findings), "population_source": "Mao 2017"}
    return {"baseline": {"id": "a"}, "followup": {"id": "b"}, "bone": bone}


def test_the_change_is_said_with_its_limit_and_what_others_lose():
    words = bone_change_words(comparison([CHANGE]))
    assert "-8.0, -8.0 %" in words
    assert "exceeds the least significant change of 5.0 mg/cm3" in words
    assert "-4.0 a year, others -0.70 (thoracic)" in words
    page = blocks_html(bone_change_blocks(comparison([CHANGE])))
    assert "exceeded" in page
    assert "Bligh 2009" in page
    assert bone_change_rows(comparison([CHANGE]))[0]["baseline_id"] == "a"


def test_why_nothing_is_compared_stands_in_its_place_and_is_escaped():
    refused = comparison([], [{"severity": "warning", "message": "kernel: <b> and c"}])
    assert bone_change_words(refused) == "kernel: <b> and c"
    assert "&lt;b&gt;" in blocks_html(bone_change_blocks(refused))


def test_scans_without_bone_say_so():
    nothing = comparison([]) | {"bone": None}
    assert bone_change_words(nothing) is None
    assert "Neither scan" in blocks_html(bone_change_blocks(nothing))
    assert bone_change_rows(nothing) == []
