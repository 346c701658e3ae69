"""Calibration files of a scanner, read together and written as a history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.bone.qa import qa_series
from CACBoneAxisLib.report.html import write_page
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.qahistory import QA_COLUMNS, history_page, history_rows
from CACBoneAxisLib.report.tables import write_csv
from CACBoneAxisLib.study.calibration import calibration_from
from CACBoneAxisLib.study.output import QA_FILE, QA_SCHEMA, write_whole
from CACBoneAxisLib.study.settings import Settings, read_settings


def read_history(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Return the history of calibration files, as its file has it.

    Raises
    ------
    UnusableInputError
        When a file holds no calibration of ``cacboneaxis calibrate``, or none with a date.
    """
    read = []
    for path in map(Path, paths):
        found = calibration_from(read_settings(path))
        settings = Settings.from_mapping({"bone": {"calibration": found}})
        read.append((path.name, settings.bone.calibration))
    series = [one.to_mapping() for one in qa_series(read)]
    made: dict[str, Any] = stored(
        {"schema": QA_SCHEMA, "series": series, "provenance": {"software": "CACBoneAxis", "version": __version__}}
    )
    return made


def write_history(paths: Sequence[str | Path], folder: str | Path) -> str:
    """Write table, page and data of a history, whole or not at all; return what was found, in words."""
    history = read_history(paths)

    def fill(unfinished: Path) -> None:
        text = json.dumps(history, indent=1, ensure_ascii=False, allow_nan=False)
        (unfinished / QA_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
        write_csv(unfinished / "qa.csv", QA_COLUMNS, history_rows(history))
        write_page(unfinished / "report.html", history_page(history))

    written = write_whole(folder, fill)
    lines = []
    for one in history["series"]:
        lines.append(f"{one['title']}: {len(one['points'])} calibrations")
        lines += [
            f"  {p['date']}  100 mg/cm3 reads {p['reads_mg_cm3']:.1f} ({p['percent']:+.1f} %)" for p in one["points"]
        ]
        lines += [f"  {f['severity']}: {f['message']}" for f in one["findings"]]
    return "\n".join([*lines, "", f"Report: {written / 'report.html'}"])
