"""Compare the current reading with an earlier one of the same patient.

The earlier one is in the scene or in a results folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.mrml.scene import find_result, result_mapping
from CACBoneAxisLib.reading.core import ReadingCore
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.report.comparison import comparison_figures
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import territory_table
from CACBoneAxisLib.study.comparison import compare, read_result, write_comparison

SHOWN = ("baseline", "followup", "absolute", "percent", "per_year")


def cannot_compare(reading: ReadingCore | None) -> str:
    """Return why a reading cannot be compared; empty if it can."""
    if reading is None or reading.result() is None:
        return _("Analyse this scan first: there is no result yet.")
    if reading.changed_since_result:
        return reading.not_current()
    parameters = reading.parameters
    if parameters.baseline is None and str(parameters.baselineFolder) in ("", "."):
        return _("Choose the earlier scan, or the folder of its result.")
    if parameters.baseline is parameters.volume:
        return _("The earlier scan is this one: choose another.")
    if parameters.baseline is not None and find_result(reading.workspace.scene, parameters.baseline) is None:
        return _("The earlier scan was not analysed: choose it in the section Scan and read it first.")
    return ""


def compared(reading: ReadingCore, progress: Progress) -> tuple[dict[str, Any], list[Any]]:
    """Compare with the selected earlier scan; return the comparison and figures.

    The scans are registered if both are in the scene.

    Raises
    ------
    UnusableInputError
        If the two cannot be compared.
    """
    parameters, images = reading.parameters, _images(reading)
    if parameters.baseline is not None:
        baseline, first = result_mapping(find_result(reading.workspace.scene, parameters.baseline)), ""
    else:
        baseline, first = read_result(Path(parameters.baselineFolder))
    followup = reading.result_mapping() or {}
    years = float(parameters.yearsBetween) or None
    comparison = compare(baseline, followup, years, (first, ""), images=images, progress=progress)
    return comparison, comparison_figures(comparison, (images[0], images[1])) if images else []


def save_comparison(comparison: Mapping[str, Any], reading: ReadingCore, folder: Path) -> Path:
    """Write a comparison into a new subfolder of ``folder``; return its page.

    Pictures are included if both scans are in the scene.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    target = folder / f"CACBoneAxis change {datetime.now():%Y-%m-%d %H-%M-%S}"
    return write_comparison(dict(comparison), target, _images(reading))


def comparison_state(reading: ReadingCore | None) -> Any:
    """Return a cache key of both readings and the comparison choices."""
    if reading is None:
        return None
    parameters = reading.parameters
    records = [reading.result()]
    if parameters.baseline is not None:
        records.append(find_result(reading.workspace.scene, parameters.baseline))
    texts = [(record.GetID(), record.GetMTime()) for record in records if record is not None]
    return (reading.node.GetID(), texts, str(parameters.baselineFolder), float(parameters.yearsBetween))


def _images(reading: ReadingCore) -> list[CTImage]:
    parameters = reading.parameters
    volumes = [parameters.baseline, parameters.volume] if parameters.baseline is not None else []
    return [reading.workspace.analyses.of(volume).image for volume in volumes]


def change_titles() -> list[str]:
    """Return the column titles of the change table."""
    return [_("Artery"), _("Earlier"), _("Now"), _("Change"), _("Change, %"), _("Per year")]


def change_texts(comparison: Mapping[str, Any]) -> list[list[str]]:
    """Return the Agatston score changes as texts.

    The total first, then each artery with calcium in at least one scan.
    """
    names = {t["code"]: f"{t['code']} {t['name']}" for t in territory_table()}
    rows = []
    for what, by in comparison["changes"].items():
        change = by["agatston"]
        if what == "total" or change["baseline"] or change["followup"]:
            texts = [format_value(change[key], "rate_percent" if key == "percent" else "agatston") for key in SHOWN]
            rows.append([names.get(what, _("Total (coronary)")), *texts])
    return rows
