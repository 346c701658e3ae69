"""The tables of the page: per artery, per lesion and per vertebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.report import wording
from CACBoneAxisLib.report.markup import element, group_row, row, table, text
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.segmentation import level_color
from CACBoneAxisLib.report.tables import lesion_reason, vertebra_reason

ARTERY_COLUMNS = (
    ("Artery", False),
    ("Agatston", True),
    ("Volume, mm3", True),
    ("Mass, mg", True),
    ("Lesions", True),
)
LESION_COLUMNS = (
    ("Lesion", False),
    ("Artery", False),
    ("Agatston", True),
    ("Volume, mm3", True),
    ("Mass, mg", True),
    ("Peak, HU", True),
    ("Mean, HU", True),
    ("Voxels", True),
    ("Slices", True),
    ("Position S, mm", True),
    ("Status", False),
)
VERTEBRA_COLUMNS = (
    ("Level", False),
    ("Mean, HU", True),
    ("SD", True),
    ("Median", True),
    ("10th-90th percentile", True),
    ("Voxels", True),
    ("Volume, mm3", True),
    ("BMD, mg/cm3", True),
    ("T-score", True),
    ("Z-score", True),
    ("Class", False),
    ("Status", False),
)


def artery_table(result: Mapping[str, Any]) -> str:
    """Return the table per artery, with the total; what is not coronary stands below it, apart."""
    calcium = result["calcium"]
    known = [t for t in wording.territory_table() if t["code"] in calcium["territories"]]
    rows = [_artery_row(calcium, t, "") for t in known if t["coronary"]]
    rows.append(row(ARTERY_COLUMNS, ["Total of the coronary arteries", *_scores(calcium["total"])], "total"))
    rows.append(group_row(ARTERY_COLUMNS, "Beside the coronary arteries; never part of the total"))
    rows += [_artery_row(calcium, t, "beside") for t in known if not t["coronary"]]
    return table(
        "Calcium by artery. — is not measured; 0 is measured and nothing found.", ARTERY_COLUMNS, rows, "whole"
    )


def _artery_row(calcium: Mapping[str, Any], territory: Mapping[str, Any], class_: str) -> str:
    name = f"{territory['code']}  {territory['name']}"
    return row(ARTERY_COLUMNS, [name, *_scores(calcium["territories"][territory["code"]])], class_, territory["color"])


def _scores(values: Mapping[str, Any]) -> list[str]:
    texts = [format_value(values[key], key) for key in ("agatston", "volume_mm3", "mass_mg")]
    return [*texts, format_value(values["lesions"], "count")]


def lesion_table(result: Mapping[str, Any]) -> str:
    """Return the table per lesion, with those that were not scored and why."""
    calcium = result["calcium"]
    rows = []
    for lesion in calcium["lesions"]:
        status = wording.STATUS_WORDS.get(lesion["status"], lesion["status"])
        if lesion["status"] != "scored":
            reason = lesion_reason(lesion, calcium["findings"])
            status = f"{status}: {reason}" if reason else status
        seed = lesion["seed_ras_mm"]
        numbers = [
            format_value(lesion[key], key)
            for key in ("agatston", "volume_mm3", "mass_mg", "peak_hu", "mean_hu", "voxels")
        ]
        place = [format_value(len(lesion["slices"]), "count"), format_value(seed and seed[2], "position_mm")]
        artery = lesion["territory"] or " ".join(lesion["seeds"])
        class_ = "" if lesion["status"] == "scored" else "beside"
        rows.append(row(LESION_COLUMNS, [lesion["id"], artery, *numbers, *place, status], class_))
    return table(
        "Every lesion that a seed lies in; those in grey are in no total of a coronary artery.", LESION_COLUMNS, rows
    )


HEIGHT_COLUMNS = (
    ("Level", False),
    ("Anterior, mm", True),
    ("Middle, mm", True),
    ("Posterior, mm", True),
    ("Wedge, %", True),
    ("Biconcave, %", True),
    ("Crush, %", True),
    ("Genant grade suggested", False),
)


def height_table(result: Mapping[str, Any]) -> str:
    """Return the six-point heights of the vertebrae that have them; empty where there are none."""
    rows = []
    for v in result["bone"]["vertebrae"]:
        h = v["heights"]
        if h is None:
            continue
        heights = [format_value(h[f"{place}_mm"], "length_mm") for place in ("anterior", "middle", "posterior")]
        losses = [
            format_value(None if h[kind] is None else 100 * h[kind], "percent")
            for kind in ("wedge", "biconcave", "crush")
        ]
        grade = f"{h['genant_grade']} ({h['deformity']})" if h["genant_grade"] else "none"
        rows.append(row(HEIGHT_COLUMNS, [v["level"], *heights, *losses, grade], "", level_color(v["level"])))
    if not rows:
        return ""
    caption = (
        "Heights of the bodies, labelled or found around a point, and the loss of height, per cent. A grade (Genant "
        "1993) is a suggestion to look: normal lumbar wedging reaches 21 %."
    )
    return table(caption, HEIGHT_COLUMNS, rows)


def vertebra_table(result: Mapping[str, Any]) -> str:
    """Return the table per vertebra, with those that were not measured and why."""
    rows = []
    for v in result["bone"]["vertebrae"]:
        bmd = v["bmd"] or {"value": None, "material": ""}
        status = wording.STATUS_WORDS.get(v["status"], v["status"])
        if v["mean_hu"] is None:
            status = f"{status}: {vertebra_reason(v, result['bone']['findings'])}"
        percentiles = f"{format_value(v['p10_hu'], 'p10_hu')} to {format_value(v['p90_hu'], 'p90_hu')}"
        cells = [
            v["level"],
            *(format_value(v[key], key) for key in ("mean_hu", "sd_hu", "median_hu")),
            percentiles if v["p10_hu"] is not None else format_value(None, "p10_hu"),
            format_value(v["voxels"], "voxels"),
            format_value(v["volume_mm3"], "volume_mm3"),
            f"{format_value(bmd['value'], 'bmd')} {bmd['material']}".strip(),
            format_value(v["t_score"] and v["t_score"]["value"], "t_score"),
            format_value(v["z_score"] and v["z_score"]["value"], "z_score"),
            wording.short_class_words(v["acr_class"]),
            status,
        ]
        rows.append(
            row(VERTEBRA_COLUMNS, cells, "" if v["status"] == "measured" else "beside", level_color(v["level"]))
        )
    estimates = [
        f"{v['level']}: {wording.estimate_words(item)}" for v in result["bone"]["vertebrae"] for item in v["estimates"]
    ]
    listed = element("ul", "".join(element("li", text(line)) for line in estimates)) if estimates else ""
    return table("Trabecular density by vertebra.", VERTEBRA_COLUMNS, rows) + listed
