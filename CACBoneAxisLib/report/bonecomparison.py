"""Change of bone density between two scans: part of the page, CSV rows and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.report.blocks import Block, Paragraph, Row, Table, by_severity, of_numbers
from CACBoneAxisLib.report.numbers import format_value

COLUMNS = (
    "Level",
    "Of",
    *of_numbers("Baseline", "Follow-up", "Change", "%", "Least significant"),
    "Verdict",
    *of_numbers("A year", "Others lose a year"),
)
BONE_CHANGE_COLUMNS: dict[str, str] = {
    "baseline_id": "the earlier study",
    "followup_id": "the later study",
    "level": "vertebral level, or the levels of the mean",
    "quantity": "BMD (mg/cm3) or HU",
    "baseline": "value at the earlier scan",
    "followup": "value at the later scan",
    "change": "difference",
    "change_percent": "of the baseline",
    "least_significant": "what two measurements of one patient may differ by, in the same unit",
    "exceeds": "whether the change is larger",
    "per_year": "difference a year, where the years are known",
    "population_per_year": "what others of this sex change by a year",
    "source": "of the least significant change",
}


def bone_change_words(comparison: Mapping[str, Any]) -> str | None:
    """Return the change of bone density in words, a sentence per level; None where neither scan was read for bone."""
    bone = comparison["bone"]
    if bone is None:
        return None
    if not bone["changes"]:
        return " ".join(f["message"] for f in bone["findings"])
    return " ".join(_words(change) for change in bone["changes"])


def _words(change: Mapping[str, Any]) -> str:
    key, unit = ("bmd", "mg/cm3") if change["quantity"] == "BMD" else ("mean_hu", "HU")
    first, second = (format_value(change[name], key) for name in ("baseline", "followup"))
    percent = "" if change["change_percent"] is None else f", {change['change_percent']:+.1f} %"
    exceeds = "exceeds" if change["exceeds"] else "does not exceed"
    words = f"{change['level']}: {first} to {second} {unit} ({change['change']:+.1f}{percent}), which {exceeds} "
    words += f"the least significant change of {change['least_significant']:.1f} {unit}"
    if change["per_year"] is not None:
        words += f"; {change['per_year']:+.1f} a year"
        if change["population_per_year"] is not None:
            words += f", others {change['population_per_year']:+.2f} (thoracic)"
    return f"{words}."


def bone_change_blocks(comparison: Mapping[str, Any]) -> list[Block]:
    """Return the part of the page about bone."""
    bone = comparison["bone"]
    if bone is None:
        return [Paragraph("Neither scan was read for bone density.", "soft")]
    parts: list[Block] = []
    if bone["changes"]:
        rows = []
        for change in bone["changes"]:
            key = "bmd" if change["quantity"] == "BMD" else "mean_hu"
            cells = [change["level"], "BMD, mg/cm3" if key == "bmd" else "HU"]
            cells += [format_value(change[name], key) for name in ("baseline", "followup")]
            cells += [f"{change['change']:+.1f}"]
            cells += ["" if change["change_percent"] is None else f"{change['change_percent']:+.1f}"]
            cells += [f"{change['least_significant']:.1f}", "exceeded" if change["exceeds"] else "not exceeded"]
            cells += ["" if change["per_year"] is None else f"{change['per_year']:+.2f}"]
            usual = change["population_per_year"]
            cells += ["" if usual is None else f"{usual:+.2f}"]
            rows.append(Row(cells))
        sources = ", ".join(dict.fromkeys(change["source"] for change in bone["changes"]))
        caption = (
            f"Least significant change: {sources}. What others lose a year: {bone['population_source']}, "
            "measured in thoracic vertebrae."
        )
        parts.append(Table(caption, COLUMNS, rows))
    return [*parts, *by_severity(bone["findings"])]


def bone_change_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per level with the keys of :data:`BONE_CHANGE_COLUMNS`."""
    ids = {"baseline_id": comparison["baseline"]["id"], "followup_id": comparison["followup"]["id"]}
    return [{**ids, **change} for change in (comparison["bone"] or {}).get("changes", [])]
