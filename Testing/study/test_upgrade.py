"""Results of the first schema are read as today's."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from former import FORMER, content

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.study.upgrade import is_result, parse_result, upgraded


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


def entries(result: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of a result that hold quantities, by subject."""
    calcium = result["calcium"]
    territories = [*calcium["territories"].values(), calcium["total"]]
    return {"lesion": calcium["lesions"], "territory": territories, "vertebra": result["bone"]["vertebrae"]}


@pytest.mark.parametrize("schema", ["1", "2"])
@pytest.mark.parametrize(
    ("subject", "key"), [("lesion", "mean_hu"), ("territory", "volume_mm3"), ("vertebra", "sd_hu")]
)
def test_a_quantity_that_a_former_version_did_not_measure_is_null(schema: str, subject: Any, key: str) -> None:
    assert key in [one.key for one in quantities(subject)]
    whole = content(FORMER / "first" / "result.json")
    stored = whole if schema == "1" else upgraded(whole)
    assert entries(stored)[subject]
    for entry in entries(stored)[subject]:
        del entry[key]
    result = parse_result(json.dumps(stored), "a")
    assert {entry[key] for entry in entries(result)[subject]} == {None}
    jsonschema.validate(result, load_table("result.schema"))
    # Nothing else of the entries changes.
    expected = entries(upgraded(content(FORMER / "first" / "result.json")))[subject]
    assert entries(result)[subject] == [{**entry, key: None} for entry in expected]


@pytest.mark.parametrize("key", ["in_total", "slices", "status"])
def test_what_every_lesion_has_is_not_made_up(key: str) -> None:
    stored = upgraded(content(FORMER / "first" / "result.json"))
    del stored["calcium"]["lesions"][0][key]
    with pytest.raises(UnusableInputError) as caught:
        parse_result(json.dumps(stored), "a")
    assert caught.value.code == "result-damaged"
