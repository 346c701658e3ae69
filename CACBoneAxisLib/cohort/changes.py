"""Follow-up of a batch: one row per pair of successive scans, with the published rules for change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from CACBoneAxisLib.bone.followup import least_significant_change, unlike_scans
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.calcium.change import MEASURES, Change, Verdict, change_of, verdicts
from CACBoneAxisLib.data import load_table

CHANGE_COLUMNS: dict[str, str] = {
    "patient_id": "pseudonym from the manifest",
    "baseline_study": "study_id of the earlier scan",
    "followup_study": "study_id of the next one",
    "years": "between them",
    "differs": "what was not the same in both: a warning about calcium",
    "bone_not_compared": "why no change of bone is given, by the rule of `compare`: what differs or is not known",
    "agatston_baseline": "total of the earlier scan",
    "agatston_followup": "total of the next one",
    "agatston_change": "follow-up minus baseline",
    "agatston_percent": "of the baseline; empty from 0",
    "agatston_per_year": "change divided by years",
    "smallest_significant_change": "for this baseline, {sevrukov}",
    "beyond_smallest": "whether the change, up or down, is larger than it",
    "rescan_limit": "for this baseline and its body mass index, {chung}; empty where that is not known",
    "beyond_rescan_limit": "whether the change, up or down, is larger than it",
    "root_change": "sqrt(follow-up) - sqrt(baseline) of the Agatston score",
    "beyond_root": "whether it is a progression, {root} or more: {square-root}",
    "volume_change_mm3": "follow-up minus baseline",
    "volume_smallest_significant_change_mm3": "for this baseline, {sevrukov}",
    "volume_beyond_smallest": "whether the change, up or down, is larger than it",
    "volume_rescan_limit_mm3": "for this baseline and its body mass index, {chung}",
    "volume_beyond_rescan_limit": "whether the change, up or down, is larger than it",
    "hu_change": "of the mean HU of bone",
    "hu_per_year": "HU a year",
    "hu_least_significant_change": "of lumbar vertebrae: {hu}",
    "hu_beyond": "whether the change, up or down, is larger than it",
    "bmd_change_mg_cm3": "of bone mineral density",
    "bmd_percent": "of the baseline",
    "bmd_per_year": "mg/cm3 a year",
    "bmd_least_significant_change_mg_cm3": "for this baseline: {bmd}",
    "bmd_beyond": "whether the change, up or down, is larger than it",
}
# In words, the columns of the results that must be equal.
CONDITIONS: dict[str, str] = {
    "settings_sha256": "calcium or bone settings",
    "kvp": "tube voltage",
    "manufacturer": "manufacturer",
    "model": "scanner",
    "kernel": "kernel",
    "slice_increment_mm": "slice increment",
    "spectral": "kind of image",
    "bone_levels": "vertebral levels",
    "bmd_material": "material of BMD",
}
# Beside how the scans were made, which `compare` judges.
BONE_CONDITIONS = ("settings_sha256", "bone_levels", "bmd_material")
DAYS_A_YEAR = 365.25
# Scanners give positions with rounding; this much makes no other increment.
SAME_NUMBER = 1e-3

Row = Mapping[str, Any]


def change_meanings() -> dict[str, str]:
    """Return the meaning of each column of changes.csv, with the sources of the rules."""
    table = load_table("calcium_change")
    rules = {rule["id"]: rule["source"] for rule in table.values() if isinstance(rule, dict)}
    precision = {row["name"]: row["source"] for row in load_table("bone_precision")["rows"]}
    words = {**rules, **precision, "root": table["root_change"]["agatston"]["at_least"]}
    return {name: meaning.format_map(words) for name, meaning in CHANGE_COLUMNS.items()}


def change_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return one row of :data:`CHANGE_COLUMNS` per pair of successive scans of a patient, by date.

    Studies without ``patient_id`` or ``scan_date`` are skipped, and so are scans of the same
    day, whose order is unknown. A change that cannot be computed is None.
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
    apart = [*(CONDITIONS[column] for column in differs if column in BONE_CONDITIONS), *unlike_scans(before, after)]
    measured = any(_both(before, after, column) for column in ("mean_hu", "bmd_mg_cm3"))
    changes: dict[Any, Change] = {
        measure: change_of(measure, _number(before.get(measure)), _number(after.get(measure)), years)
        for measure in MEASURES
    }
    said = {(v.rule, v.measure): v for v in verdicts(changes, _number(before.get("bmi_kg_m2")))}
    score, volume = changes["agatston"], changes["volume_mm3"]
    row: dict[str, Any] = dict.fromkeys(CHANGE_COLUMNS)
    row |= {
        "patient_id": patient,
        "baseline_study": before["study_id"],
        "followup_study": after["study_id"],
        "years": years,
        "differs": "; ".join(CONDITIONS[column] for column in differs) or None,
        "bone_not_compared": ("; ".join(apart) or None) if measured else None,
        "agatston_baseline": score.baseline,
        "agatston_followup": score.followup,
        "agatston_change": score.absolute,
        "agatston_percent": score.percent,
        "agatston_per_year": score.per_year,
        "root_change": score.root,
        "beyond_root": said["square-root", "agatston"].exceeds,
        "volume_change_mm3": volume.absolute,
    }
    for measure, prefix, unit in (("agatston", "", ""), ("volume_mm3", "volume_", "_mm3")):
        for rule, limit, beyond in (
            ("sevrukov", "smallest_significant_change", "beyond_smallest"),
            ("chung", "rescan_limit", "beyond_rescan_limit"),
        ):
            verdict: Verdict = said[rule, measure]
            if verdict.exceeds is not None:
                row |= {f"{prefix}{limit}{unit}": verdict.limit, f"{prefix}{beyond}": verdict.exceeds}
    return row | (_bone_change(before, after, years) if not apart else {})


def _bone_change(before: Row, after: Row, years: float) -> dict[str, Any]:
    row: dict[str, Any] = {}
    hu, bmd = _both(before, after, "mean_hu"), _both(before, after, "bmd_mg_cm3")
    if hu is not None:
        change = hu[1] - hu[0]
        row |= {"hu_change": change, "hu_per_year": change / years}
        measured = str(before.get("bone_levels") or "").split()
        # What is known of the precision of HU was measured in lumbar vertebrae.
        if measured and all(level in levels() and levels()[level].site == "lumbar" for level in measured):
            limit, _ = least_significant_change("hu", hu[0])
            row |= {"hu_least_significant_change": limit, "hu_beyond": abs(change) > limit}
    if bmd is not None:
        change = bmd[1] - bmd[0]
        limit, _ = least_significant_change("bmd", bmd[0])
        row |= {
            "bmd_change_mg_cm3": change,
            "bmd_percent": 100 * change / bmd[0] if bmd[0] > 0 else None,
            "bmd_per_year": change / years,
            "bmd_least_significant_change_mg_cm3": limit,
            "bmd_beyond": abs(change) > limit,
        }
    return row


def _both(before: Row, after: Row, column: str) -> tuple[float, float] | None:
    first, second = _number(before.get(column)), _number(after.get(column))
    return None if first is None or second is None else (first, second)


def _number(value: Any) -> float | None:
    """Return a table value as a float; None for a missing one (None or NaN)."""
    return None if value is None or value != value else float(value)


def _same(first: Any, second: Any) -> bool:
    """Return whether two conditions are the same; unknown values count as equal."""
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
