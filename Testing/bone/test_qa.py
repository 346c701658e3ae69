"""Calibrations over time, whose drift was made by hand."""

from dataclasses import replace

import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.qa import qa_series
from CACBoneAxisLib.imaging.findings import UnusableInputError

FIRST = Calibration(
    "asynchronous",
    0.8,
    4.0,
    "HA",
    kvp=120.0,
    phantom="b-mas200",
    manufacturer="A",
    model="B",
    kernel="K",
    table_height_mm=150.0,
    date="2026-01-05",
    r2=0.9999,
    residuals_hu=(1.0, -2.5),
)


def test_a_later_line_is_read_at_the_hu_of_100_mg_and_drift_is_flagged():
    # The first reads 100 mg/cm3 at 120 HU; the second makes 0.82 x 120 + 4 = 102.4 of it, the third 103.
    files = [
        ("c", replace(FIRST, intercept=7.0, date="20260301")),
        ("a", FIRST),
        ("b", replace(FIRST, slope=0.82, date="2026-02-02")),
    ]
    (series,) = qa_series(files)
    assert [p.file for p in series.points] == ["a", "b", "c"]
    assert [p.reads_mg_cm3 for p in series.points] == pytest.approx([100.0, 102.4, 103.0])
    assert [p.drifted for p in series.points] == [False, False, True]
    assert [f.code for f in series.findings] == ["qa-drift"]
    assert series.points[0].largest_residual_hu == 2.5


@pytest.mark.parametrize(("intercept", "drifted"), [(6.8, False), (1.2, False), (6.81, True), (1.19, True)])
def test_the_limit_itself_is_no_drift(intercept, drifted):
    # The first reads 100 at 120 HU; 0.8 x 120 + 6.8 is 102.8, 2.8 % off, which is the limit.
    (series,) = qa_series([("a", FIRST), ("b", replace(FIRST, intercept=intercept, date="2026-02-02"))])
    assert series.points[1].drifted is drifted


@pytest.mark.parametrize(
    "change", [{"kvp": 100.0}, {"model": "C"}, {"kernel": "S"}, {"table_height_mm": 165.0}, {"table_height_mm": None}]
)
def test_what_is_another_scan_is_another_series(change):
    made = qa_series([("a", FIRST), ("b", replace(FIRST, date="2026-02-02", **change))])
    assert [len(series.points) for series in made] == [1, 1]
    assert {f.code for series in made for f in series.findings} == {"qa-single"}


@pytest.mark.parametrize(("first", "second"), [(None, None), (150.0, 140.0), (150.0, 160.0)])
def test_tables_at_the_same_height_within_10_mm_and_of_unknown_height_are_one_series(first, second):
    files = [("a", replace(FIRST, table_height_mm=first))]
    files.append(("b", replace(FIRST, table_height_mm=second, date="2026-02-02")))
    assert [len(series.points) for series in qa_series(files)] == [2]


def test_badly_fitting_rods_are_said():
    (series,) = qa_series([("a", FIRST), ("b", replace(FIRST, r2=0.97, date="2026-02-02"))])
    assert [f.code for f in series.findings] == ["qa-fit"]


@pytest.mark.parametrize("when", [None, "last week", "2026-13-01"])
def test_a_file_without_a_date_is_refused(when):
    with pytest.raises(UnusableInputError, match="no date"):
        qa_series([("a", replace(FIRST, date=when))])


def test_two_files_of_one_day_are_refused():
    with pytest.raises(UnusableInputError, match="same scanner and day"):
        qa_series([("a", FIRST), ("b", FIRST)])
