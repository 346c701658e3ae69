"""lesions.csv and vertebrae.csv."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.tables import (
    LESION_COLUMNS,
    VERTEBRA_COLUMNS,
    cell,
    lesion_rows,
    vertebra_rows,
    write_csv,
)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "-", "＝1"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "written"),
    [(-12.5, "-12.5"), (-3, "-3"), ("-12.5", "-12.5"), (None, ""), (0.1 + 0.2, "0.3"), ("a=b", "a=b"), (True, "yes")],
)
def test_numbers_stay_numbers_and_missing_values_are_empty(value: Any, written: str) -> None:
    assert cell(value) == written


def test_the_csv_carries_the_digits_of_the_mapping(example: Any, tmp_path: Path) -> None:
    result = stored(example.result)
    write_csv(tmp_path / "l.csv", LESION_COLUMNS, lesion_rows(result))
    rows = read(tmp_path / "l.csv")
    assert list(rows[0]) == list(LESION_COLUMNS)
    for row, lesion in zip(rows, result["calcium"]["lesions"], strict=True):
        for key in ("agatston", "volume_mm3", "peak_hu", "mean_hu"):
            assert row[key] == ("" if lesion[key] is None else repr(lesion[key]))
        assert int(row["slices"]) == len(lesion["slices"])
        assert row["seeds"].split() == lesion["seeds"]
        assert (row["status"], row["territory"]) == (lesion["status"], lesion["territory"])
        assert [float(row[f"seed_{axis}_mm"]) for axis in "ras"] == lesion["seed_ras_mm"]
    write_csv(tmp_path / "v.csv", VERTEBRA_COLUMNS, vertebra_rows(result))
    for row, vertebra in zip(read(tmp_path / "v.csv"), result["bone"]["vertebrae"], strict=True):
        for key in ("mean_hu", "median_hu", "sd_hu", "p10_hu", "p90_hu", "volume_mm3"):
            assert float(row[key]) == vertebra[key]
        assert float(row["bmd_mg_cm3"]) == vertebra["bmd"]["value"]
        assert row["bmd_material"] == "K2HPO4"


def test_missing_values_are_empty_and_say_why(example: Any, tmp_path: Path) -> None:
    write_csv(tmp_path / "l.csv", LESION_COLUMNS, lesion_rows(example.result))
    excluded = next(row for row in read(tmp_path / "l.csv") if row["status"] == "excluded")
    assert (excluded["agatston"], excluded["reason"], excluded["in_total"]) == ("", "stent", "no")
    scored = next(row for row in read(tmp_path / "l.csv") if row["status"] == "scored")
    assert scored["mass_mg"] == ""
    assert scored["reason"].startswith("Mass is not given")
    vertebra = example.result["bone"]["vertebrae"][0]
    vertebra |= {"mean_hu": None, "bmd": None, "status": "not-measured"}
    vertebra["findings"] = [{"code": "region-empty", "severity": "error", "message": "T12: the region holds no voxel."}]
    write_csv(tmp_path / "v.csv", VERTEBRA_COLUMNS, vertebra_rows(example.result))
    row = read(tmp_path / "v.csv")[0]
    assert (row["mean_hu"], row["bmd_mg_cm3"], row["t_score"]) == ("", "", "")
    assert row["reason"] == "T12: the region holds no voxel."


def test_aortic_calcium_is_listed_but_not_in_the_total(example: Any) -> None:
    assert {row["territory"]: row["in_total"] for row in lesion_rows(example.result)}["DA"] is False


def test_a_conflict_takes_its_reason_from_the_finding_that_names_its_seed_exactly(example: Any) -> None:
    lesion = example.result["calcium"]["lesions"][0]
    lesion |= {"status": "conflict", "reason": None, "agatston": None, "seeds": ["LAD-1"]}
    for seeds in ("LAD-10 and LM", "LAD-1 and LCX-1"):
        item = {"code": "seeds-conflict", "severity": "error", "message": f"Seeds {seeds} of different territories."}
        example.result["calcium"]["findings"].append(item)
    assert lesion_rows(example.result)[0]["reason"] == "Seeds LAD-1 and LCX-1 of different territories."


def test_a_planted_formula_is_defused_on_its_way_to_the_file(example: Any, tmp_path: Path) -> None:
    example.result["study"]["id"] = "=HYPERLINK(1)"
    write_csv(tmp_path / "l.csv", LESION_COLUMNS, lesion_rows(example.result))
    assert {row["study_id"] for row in read(tmp_path / "l.csv")} == {"'=HYPERLINK(1)"}
    assert b"\r" not in (tmp_path / "l.csv").read_bytes()
