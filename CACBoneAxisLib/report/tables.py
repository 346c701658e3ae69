"""Write ``lesions.csv`` and ``vertebrae.csv``.

Columns are stable, carry their unit in the name and are safe to open in a spreadsheet.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.quantities import Subject, cells, columns, quantities
from CACBoneAxisLib.report.wording import NO_BMD_CODES, estimate_words, threshold_words, why_missing

Row = dict[str, Any]

LESION_COLUMNS = {"study_id": "the study", **columns("lesion", "csv")}
VERTEBRA_COLUMNS = {"study_id": "the study", **columns("vertebra", "csv")}

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?\Z")


def lesion_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return a row per lesion (:data:`LESION_COLUMNS`); ``None`` is not measured."""
    findings = result["calcium"]["findings"]
    return [
        _row(
            result,
            "lesion",
            lesion,
            {"lesion": lesion["id"], "reason": lesion_reason(lesion, findings), "seeds": " ".join(lesion["seeds"])},
        )
        for lesion in result["calcium"]["lesions"]
    ]


def _row(result: Mapping[str, Any], subject: Subject, entry: Mapping[str, Any], made: Mapping[str, Any]) -> Row:
    found = cells(subject, "csv", entry, made)
    return {"study_id": result["study"]["id"], **{one.csv: found[one.key] for one in quantities(subject, "csv")}}


def lesion_reason(lesion: Mapping[str, Any], findings: Iterable[Mapping[str, str]]) -> str:
    """Return why a lesion has missing values; empty if none are missing."""
    if lesion["reason"]:
        return str(lesion["reason"])
    if lesion["agatston"] is None:
        return why_missing([f for f in findings if _names_any(f["message"], lesion["seeds"])])
    if lesion["mass_mg"] is None:
        return " ".join(f["message"] for f in findings if f["code"] == "mass-unavailable")
    return ""


def _names_any(message: str, seeds: Iterable[str]) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(seed)}(?![\w-])", message) for seed in seeds)


def vertebra_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return a row per vertebra (:data:`VERTEBRA_COLUMNS`); ``None`` is not measured."""
    return [
        _row(
            result,
            "vertebra",
            vertebra,
            {
                "reason": vertebra_reason(vertebra, result["bone"]["findings"]),
                "estimates": "; ".join(estimate_words(item) for item in vertebra["estimates"]),
                "hu_thresholds": "; ".join(threshold_words(vertebra["hu_thresholds"])),
                "findings": " ".join(dict.fromkeys(item["code"] for item in vertebra["findings"])),
            },
        )
        for vertebra in result["bone"]["vertebrae"]
    ]


def vertebra_reason(vertebra: Mapping[str, Any], findings: Iterable[Mapping[str, str]]) -> str:
    """Return why a vertebra has missing values; empty if none are missing."""
    if vertebra["mean_hu"] is None:
        return why_missing(vertebra["findings"], ("vertebra-excluded",))
    about_bmd = (*NO_BMD_CODES, "no-t-score-reference")
    missing = vertebra["bmd"] is None or vertebra["t_score"] is None
    telling = [f for f in [*vertebra["findings"], *findings] if f["code"] in about_bmd or "t-score" in f["code"]]
    return " ".join(dict.fromkeys(f["message"] for f in telling)) if missing else ""


def cell(value: Any) -> str:
    """Return a value as the text of a CSV cell.

    Numbers are written with the digits of :func:`~CACBoneAxisLib.report.numbers.stored`;
    ``None`` is empty. Text that a spreadsheet would run as a formula
    (it starts with ``=``, ``+``, ``-``, ``@``, a tab or a line end, after optional blanks) is
    prefixed with an apostrophe, unless it is a plain number.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return repr(stored(value))
    text = str(value).replace("\0", "")
    dangerous = text[:1] in ("\t", "\r", "\n") or text.lstrip()[:1] in tuple("=+-@＝＋－＠")
    return "'" + text if text and dangerous and not _NUMBER.match(text) else text


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write rows as CSV: UTF-8, a header line, LF line ends, every cell through :func:`cell`."""
    names = list(columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(row[name]) for name in names] for row in rows)
