"""Write a result's tables to table nodes that Slicer shows, plots and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import vtk

from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.quantities import Place, Subject, cells, quantities
from CACBoneAxisLib.report.tables import lesion_reason
from CACBoneAxisLib.report.wording import CLASS_WORDS, STATUS_WORDS, lesion_state, territory_table

Row = dict[str, str]

TOTAL = "Total (coronary)"


def lesion_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return a row of formatted texts per lesion of a result mapping."""
    findings = result["calcium"]["findings"]
    rows = []
    for lesion in result["calcium"]["lesions"]:
        made = {
            "lesion": str(lesion["id"]),
            "status": STATUS_WORDS[lesion_state(lesion)],
            "in_total": "yes" if lesion["in_total"] else "no",
            "slices": slice_range(lesion["slices"]),
            "seeds": " ".join(lesion["seeds"]),
            # A missing mass is stated once, not in every row.
            "reason": "" if lesion["status"] == "scored" else lesion_reason(lesion, findings),
        }
        rows.append(_row("lesion", lesion, made))
    return rows


def _row(subject: Subject, entry: Mapping[str, Any], made: Row) -> Row:
    """Return an entry's texts by column; ``made`` are those the table computes."""
    found = cells(subject, "scene", entry, made)
    return {
        one.key: format_value(found[one.key], one.key)
        if one.is_number and one.key not in made
        else str(found[one.key] or "")
        for one in quantities(subject, "scene")
    }


def slice_range(slices: Sequence[Mapping[str, Any]]) -> str:
    """Return a lesion's slices (``21-23``), from the feet and 0 as in result.json."""
    indices = [item["index"] for item in slices]
    if not indices:
        return ""
    return str(indices[0]) if min(indices) == max(indices) else f"{min(indices)}-{max(indices)}"


def territory_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return a row of formatted texts per territory, then the coronary total."""
    found = result["calcium"]["territories"]
    named = [(f"{t['code']} {t['name']}", found[t["code"]]) for t in territory_table() if t["code"] in found]
    entries = [*named, (TOTAL, result["calcium"]["total"])]
    return [_row("territory", entry, {"territory": name}) for name, entry in entries]


def vertebra_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return a row of formatted texts per vertebra, then the mean of several."""
    bone = result["bone"]
    summary = dict(bone["summary"] or {})
    rows = [_vertebra_row(v["level"], STATUS_WORDS[v["status"]], v) for v in bone["vertebrae"]]
    if summary.get("mean_hu") is not None and len(summary["levels"]) > 1:
        rows.append(_vertebra_row(str(summary["label"]), "", summary))
    return rows


def _vertebra_row(level: str, status: str, entry: Mapping[str, Any]) -> Row:
    acr = (entry.get("acr_class") or {}).get("class", "")
    return _row("vertebra", entry, {"level": level, "status": status, "acr_class": str(CLASS_WORDS.get(acr, acr))})


def headings(subject: Subject, place: Place) -> dict[str, str]:
    """Return column headings by key: title, with the unit if any."""
    return {one.key: one.heading("{title} [{unit}]") for one in quantities(subject, place)}


def fill_table(node: Any, subject: Subject, rows: Sequence[Row]) -> None:
    """Fill a table node with rows as text and column titles and units.

    Parameters
    ----------
    node : vtkMRMLTableNode
    subject : subject of the rows
    """
    columns = quantities(subject, "scene")
    table = vtk.vtkTable()
    for column in columns:
        array = vtk.vtkStringArray()
        array.SetName(column.key)
        for row in rows:
            array.InsertNextValue(row[column.key])
        table.AddColumn(array)
    was_modifying = node.StartModify()
    node.RemoveAllColumns()
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    for column in columns:
        # Slicer appends the unit.
        node.SetColumnTitle(column.key, column.title)
        node.SetColumnUnitLabel(column.key, column.unit)
    node.EndModify(was_modifying)
