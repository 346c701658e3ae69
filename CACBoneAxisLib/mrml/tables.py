"""A result's tables as table nodes that Slicer shows, plots and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import vtk

from CACBoneAxisLib.report.numbers import QUANTITIES, format_value
from CACBoneAxisLib.report.tables import lesion_reason
from CACBoneAxisLib.report.wording import CLASS_WORDS, STATUS_WORDS, lesion_state, territory_table

Row = dict[str, str]

# Column: what it is called, and the quantity (report.numbers) that gives digits and unit.
LESION_COLUMNS = {
    "lesion": ("Lesion", None),
    "territory": ("Artery", None),
    "status": ("Status", None),
    "in_total": ("In total", None),
    "agatston": ("Agatston", "agatston"),
    "volume_mm3": ("Volume", "volume_mm3"),
    "mass_mg": ("Mass", "mass_mg"),
    "peak_hu": ("Peak", "peak_hu"),
    "slices": ("Slices", None),
    "seeds": ("Seeds", None),
    "reason": ("Reason", None),
}
TERRITORY_COLUMNS = {
    "territory": ("Artery", None),
    "lesions": ("Lesions", None),
    "agatston": ("Agatston", "agatston"),
    "volume_mm3": ("Volume", "volume_mm3"),
    "mass_mg": ("Mass", "mass_mg"),
}
VERTEBRA_COLUMNS = {
    "level": ("Level", None),
    "status": ("Status", None),
    "mean_hu": ("Mean", "mean_hu"),
    "median_hu": ("Median", "median_hu"),
    "sd_hu": ("SD", "sd_hu"),
    "p10_hu": ("P10", "p10_hu"),
    "p90_hu": ("P90", "p90_hu"),
    "voxels": ("Voxels", "voxels"),
    "bmd": ("BMD", "bmd"),
    "material": ("Material", None),
    "acr_class": ("Class", None),
    "t_score": ("T-score", "t_score"),
    "z_score": ("Z-score", "z_score"),
}
TOTAL = "Total (coronary)"


def lesion_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return one row of formatted texts per lesion of a result mapping."""
    rows = []
    for lesion in result["calcium"]["lesions"]:
        shown = {
            name: format_value(lesion[name], quantity) for name, (_, quantity) in LESION_COLUMNS.items() if quantity
        }
        shown |= {
            "lesion": str(lesion["id"]),
            "territory": lesion["territory"] or "",
            "status": STATUS_WORDS[lesion_state(lesion)],
            "in_total": "yes" if lesion["in_total"] else "no",
            "slices": slice_range(lesion["slices"]),
            "seeds": " ".join(lesion["seeds"]),
            # That there is no mass is said once, not in every row.
            "reason": "" if lesion["status"] == "scored" else lesion_reason(lesion, result["calcium"]["findings"]),
        }
        rows.append({name: shown[name] for name in LESION_COLUMNS})
    return rows


def slice_range(slices: Sequence[Mapping[str, Any]]) -> str:
    """Return the slices of a lesion, counted from the feet and from 0 as in result.json, as ``21-23``."""
    indices = [item["index"] for item in slices]
    if not indices:
        return ""
    return str(indices[0]) if min(indices) == max(indices) else f"{min(indices)}-{max(indices)}"


def territory_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return one row of formatted texts per territory of a result mapping, and the coronary total at the end."""
    found = result["calcium"]["territories"]
    named = [(f"{t['code']} {t['name']}", found[t["code"]]) for t in territory_table() if t["code"] in found]
    rows = []
    for name, entry in [*named, (TOTAL, result["calcium"]["total"])]:
        shown = {
            key: format_value(entry[key], quantity) for key, (_, quantity) in TERRITORY_COLUMNS.items() if quantity
        }
        rows.append({"territory": name, "lesions": format_value(entry["lesions"], "count"), **shown})
    return rows


def vertebra_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return one row of formatted texts per vertebra of a result mapping, and last the mean of several."""
    bone = result["bone"]
    summary = dict(bone["summary"] or {})
    rows = [_vertebra_row(v["level"], STATUS_WORDS[v["status"]], v) for v in bone["vertebrae"]]
    if summary.get("mean_hu") is not None and len(summary["levels"]) > 1:
        rows.append(_vertebra_row(str(summary["label"]), "", summary))
    return rows


def _vertebra_row(level: str, status: str, entry: Mapping[str, Any]) -> Row:
    bmd, acr = entry.get("bmd") or {}, entry.get("acr_class") or {}
    values = {**entry, **{name: (entry.get(name) or {}).get("value") for name in ("bmd", "t_score", "z_score")}}
    shown = {
        name: format_value(values.get(name), quantity) for name, (_, quantity) in VERTEBRA_COLUMNS.items() if quantity
    }
    shown |= {
        "level": level,
        "status": status,
        "material": bmd.get("material") or "",
        "acr_class": str(CLASS_WORDS.get(acr.get("class", ""), acr.get("class", ""))),
    }
    return {name: shown[name] for name in VERTEBRA_COLUMNS}


def heading(columns: Mapping[str, tuple[str, str | None]], name: str) -> str:
    """Return what stands over a column: its title, and its unit where it has one."""
    title, quantity = columns[name]
    unit = QUANTITIES[quantity].unit if quantity else ""
    return f"{title} [{unit}]" if unit else title


def fill_table(node: Any, columns: Mapping[str, tuple[str, str | None]], rows: Sequence[Row]) -> None:
    """Make a table node hold the rows as text, with titles and units of the columns.

    Parameters
    ----------
    node : vtkMRMLTableNode
    columns : one of the column tables of this file
    """
    table = vtk.vtkTable()
    for name in columns:
        array = vtk.vtkStringArray()
        array.SetName(name)
        for row in rows:
            array.InsertNextValue(row[name])
        table.AddColumn(array)
    was_modifying = node.StartModify()
    node.RemoveAllColumns()
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    for name, (title, quantity) in columns.items():
        # Slicer writes the unit behind it.
        node.SetColumnTitle(name, title)
        node.SetColumnUnitLabel(name, QUANTITIES[quantity].unit if quantity else "")
    node.EndModify(was_modifying)
