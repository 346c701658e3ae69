"""The summary in the terminal."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.terminal import WIDTH, terminal_summary


def test_both_answers_with_scheme_and_source_fit_the_width(example: Any) -> None:
    summary = terminal_summary(example.result)
    total = example.result["calcium"]["total"]["agatston"]
    assert f"Agatston score: {format_value(total, 'agatston')}" in summary
    assert "Agatston 0 / 1-10 / 11-100 / 101-400 / >400" in summary
    assert f"mean of L1: {format_value(example.result['bone']['summary']['mean_hu'], 'mean_hu')} HU" in summary
    assert "Pickhardt 2013" in summary
    assert summary.endswith("Research use only. Not for diagnosis.")
    assert max(map(len, summary.splitlines())) <= WIDTH


def test_every_error_and_warning_is_there(example: Any) -> None:
    item = {"code": "seeds-conflict", "severity": "error", "message": "Seeds LAD-1 and LCX-1 lie in one lesion. " * 5}
    example.result["calcium"]["findings"].append(item)
    flat = " ".join(terminal_summary(example.result).split())
    assert " ".join(item["message"].split()) in flat
    assert "T12: the BMD classes were made for lumbar vertebrae" in flat


def test_zero_says_what_was_not_found_and_null_says_why(example: Any) -> None:
    calcium = example.result["calcium"]
    calcium["total"]["agatston"] = 0
    assert "Agatston score: 0 - no calcium at or above 130 HU" in terminal_summary(example.result)
    calcium["total"]["agatston"] = None
    for values in calcium["territories"].values():
        values["agatston"] = None
    for entry in calcium["categories"].values():
        entry |= {"category": None, "label": None}
    reason = "No seeds were given, so calcium was not scored."
    calcium["findings"] = [{"code": "no-seeds", "severity": "note", "message": reason}]
    assert f"Agatston score: — not measured. {reason}" in terminal_summary(example.result)
    assert "categor" not in terminal_summary(example.result)
    assert "Left anterior" not in terminal_summary(example.result)


def test_no_vertebra_is_not_measured_and_not_an_empty_table(example: Any) -> None:
    bone = example.result["bone"]
    bone |= {"vertebrae": [], "summary": {"levels": [], "mean_hu": None, "findings": []}}
    bone["findings"] = [{"code": "no-regions", "severity": "note", "message": "No vertebral region was given."}]
    assert "Mean: — not measured. No vertebral region was given." in terminal_summary(example.result)


def test_control_characters_do_not_reach_the_terminal(example: Any) -> None:
    example.result["study"]["id"] = "a\x1b[31mb"
    assert "\x1b" not in terminal_summary(example.result)


def test_aortic_calcium_stands_below_the_total(example: Any) -> None:
    lines = terminal_summary(example.result).splitlines()
    total = next(n for n, line in enumerate(lines) if "Total of the coronary arteries" in line)
    assert total < next(n for n, line in enumerate(lines) if line.strip().startswith("DA "))
