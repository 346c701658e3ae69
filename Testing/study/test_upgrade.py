"""Results of the first schema are read as today's."""

from __future__ import annotations

import jsonschema
import pytest
from former import FORMER, content

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.study.upgrade import is_result, upgraded


@pytest.mark.parametrize("name", ["first", "second", "dicom", "batch/studies/c"])
def test_it_fits_todays_schema_and_a_second_time_changes_nothing(name: str) -> None:
    former = content(FORMER / name / "result.json")
    result = upgraded(former)
    jsonschema.validate(result, load_table("result.schema"))
    assert upgraded(result) == result
    assert former["schema"] == "cacboneaxis/result/1"


def test_only_what_nobody_looked_at_becomes_null() -> None:
    former = content(FORMER / "first" / "result.json")["calcium"]
    result = upgraded(content(FORMER / "first" / "result.json"))["calcium"]
    changed = {code for code in former["territories"] if former["territories"][code] != result["territories"][code]}
    # DA holds an excluded lesion: somebody looked, and nothing there scores.
    assert changed == {"MV", "AA"}
    assert set(result["territories"]["MV"].values()) == {None}
    assert result["territories"]["DA"]["agatston"] == 0
    assert result["total"] == former["total"]


def test_lesions_in_the_total_are_told_by_what_was_scored() -> None:
    result = upgraded(content(FORMER / "first" / "result.json"))["calcium"]
    said = {" ".join(one["seeds"]): one["in_total"] for one in result["lesions"]}
    assert said == {"LAD-1 LCX-1": True, "RCA-1": True, "AV-1": False, "DA-1": False}
    assert sum(one["agatston"] for one in result["lesions"] if one["in_total"]) == result["total"]["agatston"] == 26


def test_a_conflict_that_left_the_total_open_is_not_in_it() -> None:
    former = content(FORMER / "first" / "result.json")
    for row in former["calcium"]["under_protocols"]:
        row["lesions"] = [one for one in row["lesions"] if one["id"] != 1]
    assert not upgraded(former)["calcium"]["lesions"][0]["in_total"]


def test_what_else_calls_itself_a_result_is_none() -> None:
    assert is_result({"schema": "cacboneaxis/result/1"})
    assert is_result({"schema": "cacboneaxis/result/2"})
    for other in ({"schema": "cacboneaxis/result/3"}, {"schema": "cacboneaxis/comparison/1"}, {}, [], None):
        assert not is_result(other)
