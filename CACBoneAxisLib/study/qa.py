"""Write the history of a scanner's calibration files."""

from __future__ import annotations

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
from CACBoneAxisLib.study.destination import Destination, OutputKind, write_json
from CACBoneAxisLib.study.settings import Settings, read_settings

QA_SCHEMA = "cacboneaxis/qa/1"
# A history may be replaced by one of the same series.
QA = OutputKind(
    "qa.json",
    (QA_SCHEMA,),
    frozenset({"qa.json", "qa.csv", "report.html"}),
    lambda history: [series["title"] for series in history["series"]],
)


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


def write_history(paths: Sequence[str | Path], folder: str | Path | Destination) -> str:
    """Write table, page and data of a history atomically; return a summary in words.

    Raises as :func:`~CACBoneAxisLib.study.output.write_study` does.
    """
    history = read_history(paths)

    def fill(unfinished: Path) -> None:
        write_json(unfinished / QA.main, history)
        write_csv(unfinished / "qa.csv", QA_COLUMNS, history_rows(history))
        write_page(unfinished / "report.html", history_page(history))

    destination = folder if isinstance(folder, Destination) else Destination(Path(folder), QA)
    written = destination.write(fill, QA.study(history))
    lines = []
    for one in history["series"]:
        lines.append(f"{one['title']}: {len(one['points'])} calibrations")
        lines += [
            f"  {p['date']}  100 mg/cm3 reads {p['reads_mg_cm3']:.1f} ({p['percent']:+.1f} %)" for p in one["points"]
        ]
        lines += [f"  {f['severity']}: {f['message']}" for f in one["findings"]]
    return "\n".join([*lines, "", f"Report: {written / 'report.html'}"])
