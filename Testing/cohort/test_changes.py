"""Change between two scans, by hand from the published rules."""

from __future__ import annotations

import pytest
from small_batch import HEADER, rows_of, run, study_row, write_manifest

from CACBoneAxisLib.cohort.changes import CHANGE_COLUMNS, change_meanings, change_rows

SCANNER = {"kvp": 120.0, "manufacturer": "A", "model": "B", "kernel": "soft", "contrast": False}


def scan(study_id: str, day: str, agatston: float | None, **more: object) -> dict[str, object]:
    return {"study_id": study_id, "patient_id": "p", "scan_date": day, "agatston": agatston, **more}


@pytest.mark.parametrize(
    ("before", "after", "smallest", "root"),
    [
        (100, 149.2, False, False),
        (100, 149.4, True, False),
        (100, 156.2, True, False),
        (100, 156.25, True, True),
        (100, 40, True, False),
        (0, 11.6, False, True),
        (0, 6.2, False, False),
        (0, 11.7, True, True),
    ],
)
def test_each_rule_has_its_verdict(before, after, smallest, root):
    # Square root of 156.25 is 12.5, 2.5 above that of 100.
    (row,) = change_rows([scan("b", "2022-01-01", after), scan("a", "2020-01-01", before)])
    assert (row["baseline_study"], row["followup_study"]) == ("a", "b")
    assert row["years"] == pytest.approx(731 / 365.25)
    assert row["agatston_change"] == pytest.approx(after - before)
    assert (row["beyond_smallest"], row["beyond_root"]) == (smallest, root)
    assert row["agatston_percent"] == (pytest.approx(after - before) if before else None)


def test_the_rescan_limit_needs_the_body_mass_index():
    # Chung 2008 from A = 100, BMI 25: 0.17 x 100 + 4.89 x 10 + 0.44 x 25 - 10.84 = 66.06.
    # Volume from 64 mm3: 0.16 x 64 + 4.30 x 8 + 0.23 x 25 - 5.00 = 45.39.
    first = scan("a", "2020-01-01", 100.0, volume_mm3=64.0, bmi_kg_m2=25.0)
    (row,) = change_rows([first, scan("b", "2021-01-01", 166.0, volume_mm3=110.0)])
    assert row["rescan_limit"] == pytest.approx(66.06)
    assert row["volume_rescan_limit_mm3"] == pytest.approx(45.39)
    assert (row["beyond_rescan_limit"], row["volume_beyond_rescan_limit"]) == (False, True)
    (row,) = change_rows([scan("a", "2020-01-01", 100.0), scan("b", "2021-01-01", 900.0)])
    assert (row["rescan_limit"], row["beyond_rescan_limit"]) == (None, None)


@pytest.mark.parametrize(
    ("levels", "hu", "hu_beyond", "bmd", "bmd_beyond"),
    [
        ("L1 L2", 103.9, True, 94.9, True),
        ("L1 L2", 104.1, False, 95.1, False),
        ("T12", 60.0, None, 95.1, False),
    ],
)
def test_bone_is_held_against_what_two_measurements_may_differ_by(levels, hu, hu_beyond, bmd, bmd_beyond):
    # Published: 16 HU in lumbar vertebrae; 5.0 % of a BMD of 100 mg/cm3 is 5 mg/cm3.
    same = {"bone_levels": levels, "bmd_material": "HA", **SCANNER}
    first = scan("a", "2020-01-01", 0.0, mean_hu=120.0, bmd_mg_cm3=100.0, **same)
    (row,) = change_rows([first, scan("b", "2021-01-01", 0.0, mean_hu=hu, bmd_mg_cm3=bmd, **same)])
    assert (row["hu_beyond"], row["bmd_beyond"]) == (hu_beyond, bmd_beyond)
    assert row["bmd_least_significant_change_mg_cm3"] == pytest.approx(5.0)
    assert row["hu_least_significant_change"] == (16.0 if hu_beyond is not None else None)


def test_three_scans_are_two_changes_and_what_is_missing_is_empty():
    scans = [scan("a", "2018-01-01", 10.0), scan("b", "2019-01-01", None), scan("c", "2021-01-01", 30.0)]
    rows = change_rows(scans)
    assert [(row["baseline_study"], row["followup_study"]) for row in rows] == [("a", "b"), ("b", "c")]
    assert [row["agatston_change"] for row in rows] == [None, None]
    assert change_rows([scan("a", "2018-01-01", 1.0), scan("b", "2018-01-01", 2.0)]) == []
    assert change_rows([scan("a", "", 1.0), scan("b", "2018-01-01", 2.0)]) == []


@pytest.mark.parametrize(
    ("condition", "said", "bone"),
    [
        ({"kvp": 100.0}, "tube voltage", False),
        ({"bone_levels": "T12"}, "vertebral levels", False),
        ({"settings_sha256": "y"}, "calcium or bone settings", False),
        ({"kernel": "sharp"}, "kernel", False),
        ({"kvp": None}, None, False),
        ({"contrast": True}, None, False),
        ({"spectral": "virtual monoenergetic image, 70 keV (by Image Type)"}, None, False),
        ({"slice_increment_mm": 3.0004}, None, True),
    ],
)
def test_what_differs_is_said_and_bone_is_not_compared_across_it(condition, said, bone):
    same = {**SCANNER, "bone_levels": "L1", "settings_sha256": "x", "slice_increment_mm": 3.0}
    first = scan("a", "2020-01-01", 5.0, mean_hu=120.0, bmd_mg_cm3=100.0, **same)
    second = scan("b", "2021-01-01", 5.0, mean_hu=118.0, bmd_mg_cm3=98.0, **{**same, **condition})
    (row,) = change_rows([first, second])
    assert row["differs"] == said
    assert (row["bone_not_compared"] is None) == bone
    assert row["agatston_change"] == 0
    assert (row["bmd_change_mg_cm3"], row["bmd_percent"]) == ((-2.0, -2.0) if bone else (None, None))


def test_a_batch_writes_them(studies, tmp_path):
    studies(3)
    rows = [[*study_row(name), *more] for name, more in zip(
        ("a00", "a01", "a02"), (("p1", "2020-03-01"), ("p2", "2020-03-01"), ("p1", "2024-03-01")), strict=True
    )]  # fmt: skip
    manifest = write_manifest(tmp_path / "in" / "manifest.csv", rows, [*HEADER, "patient_id", "scan_date"])
    run(manifest, tmp_path / "out")
    (change,) = rows_of(tmp_path / "out" / "changes.csv")
    assert list(change) == list(CHANGE_COLUMNS) == list(change_meanings())
    assert (change["baseline_study"], change["followup_study"]) == ("a00", "a02")
    assert (change["agatston_change"], change["beyond_smallest"]) == ("0.0", "no")
