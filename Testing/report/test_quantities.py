"""The table of quantities, and that a row more reaches everything that is made of it."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any, get_args

import jsonschema
import pytest
from former import FORMER, content

from CACBoneAxisLib.cohort.schema import result_columns, result_row
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report import quantities as table
from CACBoneAxisLib.report.details import lesion_table, vertebra_table
from CACBoneAxisLib.report.numbers import FORMATS, KNOWN
from CACBoneAxisLib.report.quantities import SUBJECTS, Kind, Place, quantities
from CACBoneAxisLib.report.tables import lesion_rows, vertebra_rows
from CACBoneAxisLib.report.terminal import terminal_summary
from CACBoneAxisLib.study.schema import result_schema
from CACBoneAxisLib.study.upgrade import upgraded


@pytest.fixture
def result() -> dict[str, Any]:
    return upgraded(content(FORMER / "first" / "result.json"))


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that adds a row to the table of quantities."""
    rows = deepcopy(load_table("quantities"))
    monkeypatch.setattr(table, "load_table", lambda name: rows)

    def add(subject: str, key: str, *shown: str, **more: Any) -> None:
        row = {"key": key, "title": "IQR", "meaning": "interquartile range", "unit": "HU", "decimals": 1}
        rows[subject].append({**row, "shown": list(shown), "code": ["99CACBONEAXIS", "HU-IQR", "IQR"], **more})
        quantities.cache_clear()
        result_columns.cache_clear()
        monkeypatch.setitem(KNOWN, key, quantities(subject)[-1])  # type: ignore[arg-type]

    yield add
    monkeypatch.undo()
    quantities.cache_clear()
    result_columns.cache_clear()


def test_a_quantity_of_a_vertebra_reaches_every_table(one_more: Any, result: dict[str, Any]) -> None:
    one_more("vertebra", "iqr_hu", *get_args(Place))
    vertebra = result["bone"]["vertebrae"][0]
    vertebra["iqr_hu"] = 12.34
    assert vertebra_rows(result)[0]["iqr_hu"] == 12.34
    page = vertebra_table(result)
    # What became of the vertebra stands last.
    assert [page.columns[-2], page.columns[-1]] == ["IQR, HU", "Status"]
    assert page.rows[0].cells[-2] == "12.3"
    assert "IQR HU" in terminal_summary(result)
    assert result_columns()["iqr_hu"] == ("number", "interquartile range; mean of these levels")
    assert result_row(result, {}, "", "")["iqr_hu"] == 12.34
    entry = result_schema()["properties"]["bone"]["properties"]["vertebrae"]["items"]
    assert entry["properties"]["iqr_hu"] == {"type": ["number", "null"], "minimum": -1e5, "maximum": 1e5}
    jsonschema.validate(result, result_schema())


def test_a_quantity_of_a_lesion_reaches_every_table(one_more: Any, result: dict[str, Any]) -> None:
    one_more("lesion", "iqr_hu", "csv", "page")
    for lesion in result["calcium"]["lesions"]:
        lesion["iqr_hu"] = 12.34
    assert [row["iqr_hu"] for row in lesion_rows(result)] == [12.34] * 4
    page = lesion_table(result)
    assert [row.cells[page.columns.index("IQR, HU")] for row in page.rows] == ["12.3"] * 4  # type: ignore[arg-type]
    jsonschema.validate(result, result_schema())


def test_it_is_a_measurement_of_the_structured_report(one_more: Any) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    from CACBoneAxisLib.dicomout.codes import measurements

    one_more("vertebra", "iqr_hu")
    (found,) = measurements("vertebra", {"iqr_hu": 12.34})
    assert (found.name.value, found.value, found.unit.value) == ("HU-IQR", 12.34, "[hnsf'U]")
    assert measurements("vertebra", {}) == []


def test_what_a_result_lacks_is_missing_and_no_error(one_more: Any, result: dict[str, Any]) -> None:
    one_more("vertebra", "iqr_hu", *get_args(Place))
    assert vertebra_rows(result)[0]["iqr_hu"] is None
    assert result_row(result, {}, "", "")["iqr_hu"] is None


def test_a_column_of_a_cohort_is_the_mean_of_the_levels_of_the_summary(one_more: Any, result: dict[str, Any]) -> None:
    one_more("vertebra", "iqr_hu", "cohort")
    first = result["bone"]["vertebrae"][0]
    result["bone"]["vertebrae"] = [
        {**first, "level": "T12", "iqr_hu": 99.0},
        {**first, "level": "L1", "iqr_hu": 10.0},
        {**first, "level": "L2", "iqr_hu": 13.0},
    ]
    result["bone"]["summary"]["levels"] = ["L1", "L2"]
    assert result_row(result, {}, "", "")["iqr_hu"] == 11.5
    result["bone"]["vertebrae"][2]["iqr_hu"] = None
    assert result_row(result, {}, "", "")["iqr_hu"] is None


def test_rows_are_complete_and_agree() -> None:
    units = load_table("quantities")["units"]
    for subject in SUBJECTS:
        rows = quantities(subject)
        assert max(Counter(one.key for one in rows).values()) == 1
        assert max(Counter(one.csv for one in rows).values()) == 1
        for one in rows:
            assert one.kind in get_args(Kind)
            assert set(one.shown) <= set(get_args(Place))
            assert one.title
            assert one.meaning
            if one.is_number and subject != "bmd":
                assert one.unit in units
                assert one.decimals is not None
                # Written alike wherever the key is used.
                assert (KNOWN[one.key].unit, KNOWN[one.key].decimals) == (one.unit, one.decimals), one.key
                assert one.key not in FORMATS


def test_a_path_leads_to_a_value_a_part_of_a_list_or_a_count() -> None:
    rows = {one.key: one for one in (*quantities("lesion"), *quantities("vertebra"))}
    assert rows["seed_s_mm"].of({"seed_ras_mm": [1.0, 2.0, 3.0]}) == 3.0
    assert rows["seed_s_mm"].of({"seed_ras_mm": None}) is None
    assert rows["slices"].of({"slices": [{}, {}]}) == 2
    assert rows["bmd"].of({"bmd": {"value": 98.0}}) == 98.0
    assert rows["bmd"].of({"bmd": None}) is None
    assert rows["height_anterior_mm"].of({}) is None
