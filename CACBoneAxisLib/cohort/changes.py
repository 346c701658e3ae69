"""Follow-up in bulk: a row for every two successive scans of a patient, with the published rules for change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from math import sqrt
from typing import Any

from CACBoneAxisLib.data import load_table

CHANGE_COLUMNS: dict[str, str] = {
    "patient_id": "pseudonym from the manifest",
    "baseline_study": "study_id of the earlier scan",
    "followup_study": "study_id of the next one",
    "years": "between them",
    "differs": "what was not the same in both: a warning about calcium; but for kernel and slice increment, no change "
    "of bone is given",
    "agatston_baseline": "total of the earlier scan",
    "agatston_followup": "total of the next one",
    "agatston_change": "follow-up minus baseline",
    "agatston_percent": "of the baseline; empty from 0",
    "agatston_per_year": "change divided by years",
    "smallest_significant_change": "for this baseline, {sevrukov}",
    "beyond_smallest": "whether the change, up or down, is larger than it",
    "root_change": "sqrt(follow-up) - sqrt(baseline) of the Agatston score",
    "beyond_root": "whether it is a progression, {root} or more: {square-root}",
    "volume_change_mm3": "follow-up minus baseline",
    "volume_smallest_significant_change_mm3": "for this baseline, {sevrukov}",
    "volume_beyond_smallest": "whether the change, up or down, is larger than it",
    "hu_change": "of the mean HU of bone; no rule is applied to it",
    "hu_per_year": "HU a year",
    "bmd_change_mg_cm3": "of bone mineral density; no rule is applied to it",
    "bmd_percent": "of the baseline",
    "bmd_per_year": "mg/cm3 a year",
}
# In words, the columns of the results that must be equal; the second says whether bone depends on it.
CONDITIONS: dict[str, tuple[str, bool]] = {
    "settings_sha256": ("calcium or bone settings", True),
    "kvp": ("tube voltage", True),
    "manufacturer": ("manufacturer", True),
    "model": ("scanner", True),
    "kernel": ("kernel", False),
    "slice_increment_mm": ("slice increment", False),
    "bone_levels": ("vertebral levels", True),
    "bmd_material": ("material of BMD", True),
}
DAYS_A_YEAR = 365.25
# Scanners give positions with rounding; this much makes no other increment.
SAME_NUMBER = 1e-3

Row = Mapping[str, Any]


def change_meanings() -> dict[str, str]:
    """Return what each column of changes.csv is, with the sources of the rules."""
    table = load_table("calcium_change")
    rules = {rule["id"]: rule["source"] for rule in table.values() if isinstance(rule, dict)}
    words = {**rules, "root": table["root_change"]["agatston"]["at_least"]}
    return {name: meaning.format_map(words) for name, meaning in CHANGE_COLUMNS.items()}


def change_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return a row with :data:`CHANGE_COLUMNS` for every two successive scans of a patient, by date.

    Studies without ``patient_id`` or ``scan_date`` are passed over, and so are scans of one
    day: which came first is not known. A change that cannot be given is None.
    """
    by_patient: dict[str, list[tuple[date, Row]]] = {}
    for row in rows:
        day = _day(row.get("scan_date"))
        if row.get("patient_id") and day is not None:
            by_patient.setdefault(str(row["patient_id"]), []).append((day, row))
    found = []
    for patient in sorted(by_patient):
        scans = sorted(by_patient[patient], key=lambda scan: (scan[0], str(scan[1]["study_id"])))
        for (day, before), (later, after) in pairwise(scans):
            if later > day:
                found.append(_change(patient, before, after, (later - day).days / DAYS_A_YEAR))
    return found


def _change(patient: str, before: Row, after: Row, years: float) -> dict[str, Any]:
    differs = [column for column in CONDITIONS if not _same(before.get(column), after.get(column))]
    bone = not any(CONDITIONS[column][1] for column in differs)
    rules = load_table("calcium_change")
    score = _both(before, after, "agatston")
    volume = _both(before, after, "volume_mm3")
    hu = _both(before, after, "mean_hu") if bone else None
    bmd = _both(before, after, "bmd_mg_cm3") if bone else None
    row: dict[str, Any] = dict.fromkeys(CHANGE_COLUMNS)
    row |= {
        "patient_id": patient,
        "baseline_study": before["study_id"],
        "followup_study": after["study_id"],
        "years": years,
        "differs": "; ".join(CONDITIONS[column][0] for column in differs) or None,
        "agatston_baseline": _number(before.get("agatston")),
        "agatston_followup": _number(after.get("agatston")),
    }
    if score is not None:
        first, second = score
        limit = smallest_significant(first, "agatston")
        root = sqrt(second) - sqrt(first)
        row |= {
            "agatston_change": second - first,
            "agatston_percent": 100 * (second - first) / first if first else None,
            "agatston_per_year": (second - first) / years,
            "smallest_significant_change": limit,
            "beyond_smallest": abs(second - first) > limit,
            "root_change": root,
            "beyond_root": root >= rules["root_change"]["agatston"]["at_least"],
        }
    if volume is not None:
        limit = smallest_significant(volume[0], "volume_mm3")
        row |= {
            "volume_change_mm3": volume[1] - volume[0],
            "volume_smallest_significant_change_mm3": limit,
            "volume_beyond_smallest": abs(volume[1] - volume[0]) > limit,
        }
    if hu is not None:
        row |= {"hu_change": hu[1] - hu[0], "hu_per_year": (hu[1] - hu[0]) / years}
    if bmd is not None:
        percent = 100 * (bmd[1] - bmd[0]) / bmd[0] if bmd[0] > 0 else None
        change = bmd[1] - bmd[0]
        row |= {"bmd_change_mg_cm3": change, "bmd_percent": percent, "bmd_per_year": change / years}
    return row


def smallest_significant(baseline: float, measure: str) -> float:
    """Return by how much a score or volume must differ to exceed measurement error (Sevrukov 2005, AJR)."""
    rule = load_table("calcium_change")["smallest_significant_change"][measure]
    return float(rule["per_root"] * sqrt(baseline) if baseline > 0 else rule["from_zero"])


def _both(before: Row, after: Row, column: str) -> tuple[float, float] | None:
    first, second = _number(before.get(column)), _number(after.get(column))
    return None if first is None or second is None else (first, second)


def _number(value: Any) -> float | None:
    """Return a value as a number; None for what is missing, as tables say it (None or NaN)."""
    return None if value is None or value != value else float(value)


def _same(first: Any, second: Any) -> bool:
    """Return whether two conditions are the same; what is not known of either is not held against them."""
    if first is None or second is None or first != first or second != second:
        return True
    if isinstance(first, int | float) and isinstance(second, int | float):
        return abs(first - second) <= SAME_NUMBER
    return bool(first == second)


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
