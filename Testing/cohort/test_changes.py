"""Change between two scans, by hand from the published rules."""

from __future__ import annotations

import pytest
from small_batch import HEADER, rows_of, run, study_row, write_manifest

from CACBoneAxisLib.cohort.changes import CHANGE_COLUMNS, change_meanings, change_rows, smallest_significant


def scan(study_id: str, day: str, agatston: float | None, **more: object) -> dict[str, object]:
    return {"study_id": study_id, "patient_id": "p", "scan_date": day, "agatston": agatston, **more}


def test_the_smallest_significant_change_is_sevrukov_s():
    # 4.930 x sqrt(100), 3.445 x sqrt(400), and from zero 11.6 and 9.5.
    assert smallest_significant(100, "agatston") == pytest.approx(49.3)
    assert smallest_significant(400, "volume_mm3") == pytest.approx(68.9)
    assert (smallest_significant(0, "agatston"), smallest_significant(0, "volume_mm3")) == (11.6, 9.5)


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
        ({"kernel": "sharp"}, "kernel", True),
        ({"kvp": None}, None, True),
        ({"slice_increment_mm": 3.0004}, None, True),
    ],
)
def test_what_differs_is_said_and_bone_is_not_compared_across_it(condition, said, bone):
    same = {"kvp": 120.0, "bone_levels": "L1", "settings_sha256": "x", "kernel": "soft", "slice_increment_mm": 3.0}
    first = scan("a", "2020-01-01", 5.0, mean_hu=120.0, bmd_mg_cm3=100.0, **same)
    second = scan("b", "2021-01-01", 5.0, mean_hu=118.0, bmd_mg_cm3=98.0, **{**same, **condition})
    (row,) = change_rows([first, second])
    assert row["differs"] == said
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
