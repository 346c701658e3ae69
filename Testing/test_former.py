"""What version 0.1.0 wrote is opened by today's commands, to the same digits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from former import FORMER, analyze_options, content, copy_former, lost, lost_answers
from small_batch import rows_of, run

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.cohort import task
from CACBoneAxisLib.cohort.plan import read_plan
from CACBoneAxisLib.study.upgrade import upgraded


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return copy_former(tmp_path)


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_study_measures_what_it_measured(former: Path, name: str) -> None:
    image = former / "inputs" / name / "ct.nrrd"
    out = former / name
    # In the place of the former result: it is known as one.
    expected = content(out / "result.json")
    assert main(["analyze", str(image), *analyze_options(former, name), "--output", str(out)]) == 0
    assert lost_answers(upgraded(expected), content(out / "result.json")) == []


def test_a_structured_report_is_read_to_the_same_digits(former: Path) -> None:
    out, reading = former / "again", former / "dicom" / "measurements.dcm"
    said = ["analyze", str(former / "inputs" / "dicom"), "--reading", str(reading), "--output", str(out)]
    assert main(said) == 0
    assert lost_answers(upgraded(content(former / "dicom" / "result.json")), content(out / "result.json")) == []


# Without a seed there, 0.1.0 wrote 0: nobody had looked.
NOT_LOOKED_AT = ("MV", "AA")


def test_results_are_compared_to_the_same_digits(former: Path) -> None:
    said = ["compare", str(former / "first"), str(former / "second"), "--years", "2"]
    expected = content(former / "comparison" / "comparison.json")
    assert main([*said, "--output", str(former / "comparison")]) == 0
    found = content(former / "comparison" / "comparison.json")
    for code in NOT_LOOKED_AT:
        assert {change["absolute"] for change in expected["changes"].pop(code).values()} == {0.0}
        assert {change["absolute"] for change in found["changes"].pop(code).values()} == {None}
    # The lesion with seeds of LAD and LCX was in the total and not compared; the LAD's looked new.
    new, old = found["lesions"][-1], next(one for one in expected["lesions"] if one["territory"] == "LAD")
    assert (old["status"], old["agatston"]["baseline"], old["agatston"]["followup"]) == ("new", 0.0, 36.0)
    assert (new["territory"], new["status"]) == (None, "both")
    assert (new["agatston"]["baseline"], new["agatston"]["followup"]) == (18.0, 36.0)
    assert lost([one for one in expected["lesions"] if one is not old], found["lesions"][:-1]) == []
    assert lost({**expected, "lesions": []}, {**found, "lesions": []}) == []
    in_total = [one for one in found["lesions"] if one["territory"] not in ("AV", "MV", "AA", "DA")]
    for scan in ("baseline", "followup"):
        assert sum(one["agatston"][scan] for one in in_total) == found["changes"]["total"]["agatston"][scan]


def without_unseen(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return rows of results.csv with nothing where 0.1.0 wrote 0 and nobody had looked."""
    empty = {f"agatston_{code.lower()}": "" for code in NOT_LOOKED_AT}
    return [{**row, **empty} for row in rows]


def resume(former: Path) -> list[dict[str, str]]:
    run(former / "inputs" / "manifest.csv", former / "batch", resume=True)
    return rows_of(former / "batch" / "results.csv")


def rekey(batch: Path) -> None:
    """Write the keys that the journal would have had in this folder: they rest on absolute paths."""
    plan = read_plan(batch)
    keys = {row.study_id: task.make_task(row, batch, plan.settings)["key"] for row in plan.rows}
    journal = batch / "journal.jsonl"
    outcomes = [json.loads(line) for line in journal.read_text().splitlines()]
    lines = [json.dumps({**outcome, "key": keys[outcome["study_id"]]}) + "\n" for outcome in outcomes]
    journal.write_text("".join(lines))


def test_a_batch_is_resumed_without_analysing_anything(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "__version__", "0.1.0")
    rekey(former / "batch")
    monkeypatch.setattr(task, "analyze", None)
    before = without_unseen(rows_of(former / "batch" / "results.csv"))
    assert lost(before, resume(former)) == []


def test_a_batch_analysed_again_has_the_same_digits(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "__version__", "0.2.0")
    before = without_unseen(rows_of(former / "batch" / "results.csv"))
    assert lost(before, resume(former)) == []


def test_the_table_of_a_batch_gives_the_same_statistics(former: Path) -> None:
    pytest.importorskip("statsmodels", reason="statsmodels is not installed")
    words = ["cohort", str(former / "batch"), "--output", str(former / "cohort")]
    # They do not say what they were made of, so they are moved aside and not replaced.
    assert main(words) == 0
    assert (former / "cohort.replaced-1" / "cohort.json").is_file()
    for expected in (FORMER / "cohort").iterdir():
        if expected.suffix == ".json":
            found = content(former / "cohort" / expected.name)
            assert len(found.pop("inputs_sha256")) == 1
            assert found == content(expected)
        else:
            assert (former / "cohort" / expected.name).read_text() == expected.read_text()


def test_calibrations_are_read_to_the_same_history(former: Path) -> None:
    files = [str(path) for path in sorted(former.glob("calibration-*.json"))]
    expected = content(former / "qa" / "qa.json")
    assert main(["qa", *files, "--output", str(former / "qa")]) == 0
    assert content(former / "qa" / "qa.json")["series"] == expected["series"]


def test_a_calibration_calibrates_a_scan_of_its_scanner(former: Path) -> None:
    file = former / "calibration-2026-03-03.json"
    line = content(file)["bone"]["calibration"]
    scanner = {"manufacturer": '"A"', "model": '"B"', "kernel": '"K"', "table_height_mm": "150"}
    said = ["analyze", str(former / "inputs" / "first" / "ct.nrrd"), *analyze_options(former, "first")]
    said += ["--calibration", str(file), "--output", str(former / "out")]
    for name, value in scanner.items():
        said += ["--set", f"acquisition.{name}={value}"]
    assert main(said) == 0
    bmd = content(former / "out" / "result.json")["bone"]["summary"]["bmd"]
    assert bmd["value"] == pytest.approx(line["slope"] * 120 + line["intercept"], abs=1e-7)


def test_a_digit_that_moved_or_an_entry_that_went_is_seen() -> None:
    former = {"a": [1.0, {"b": 2}], "findings": [{"code": "x", "message": "M"}], "label": "L"}
    assert lost(former, {**former, "label": "put better", "more": 1}) == []
    assert lost(former, {**former, "a": [1.0, {"b": 3}]}) == ["/a/1/b: 2 became 3"]
    assert lost(former, {**former, "a": [1.0]}) == ["/a: [1.0, {'b': 2}] became [1.0]"]
    assert lost(former, {"a": former["a"], "findings": []}) == ["/label", "/findings/x"]
