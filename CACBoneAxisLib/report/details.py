"""Tables of the page by artery, lesion and vertebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.report import wording
from CACBoneAxisLib.report.blocks import Block, Bullets, Paragraph, Row, Table, of_numbers
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.segmentation import level_color
from CACBoneAxisLib.report.tables import lesion_reason, vertebra_reason

ARTERY_COLUMNS = ("Artery", *of_numbers("Agatston", "Volume, mm3", "Mass, mg", "Lesions"))
LESION_COLUMNS = (
    "Lesion",
    "Artery",
    *of_numbers("Agatston", "Volume, mm3", "Mass, mg", "Peak, HU", "Mean, HU", "Voxels", "Slices", "Position S, mm"),
    "Status",
)
VERTEBRA_COLUMNS = (
    "Level",
    *of_numbers(
        "Mean, HU", "SD", "Median", "10th-90th percentile", "Voxels", "Volume, mm3", "BMD, mg/cm3", "T-score", "Z-score"
    ),
    "Class",
    "Status",
)


def calcium_tables(result: Mapping[str, Any]) -> list[Block]:
    """Return the table per artery, and per lesion where there are any."""
    return [artery_table(result), *([lesion_table(result)] if result["calcium"]["lesions"] else [])]


def artery_table(result: Mapping[str, Any]) -> Table:
    """Return the table per artery with the total, and below it the territories beside the coronaries."""
    calcium = result["calcium"]
    known = [t for t in wording.territory_table() if t["code"] in calcium["territories"]]
    rows = [
        *(_artery_row(calcium, t) for t in known if t["coronary"]),
        Row(["Total of the coronary arteries", *_scores(calcium["total"])], "total"),
        Row(["Beside the coronary arteries; never part of the total"], "group"),
        *(_artery_row(calcium, t) for t in known if not t["coronary"]),
    ]
    return Table(
        "Calcium by artery. — is not measured; 0 is measured and nothing found.", ARTERY_COLUMNS, rows, whole=True
    )


def _artery_row(calcium: Mapping[str, Any], territory: Mapping[str, Any]) -> Row:
    name = f"{territory['code']}  {territory['name']}"
    scores = _scores(calcium["territories"][territory["code"]])
    return Row([name, *scores], "" if territory["coronary"] else "beside", territory["color"])


def _scores(values: Mapping[str, Any]) -> list[str]:
    texts = [format_value(values[key], key) for key in ("agatston", "volume_mm3", "mass_mg")]
    return [*texts, format_value(values["lesions"], "count")]


def lesion_table(result: Mapping[str, Any]) -> Table:
    """Return the table per lesion, with those that were not scored and why."""
    calcium = result["calcium"]
    rows = []
    for lesion in calcium["lesions"]:
        state = wording.lesion_state(lesion)
        status = wording.STATUS_WORDS.get(state, state)
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
        rows.append(Row([lesion["id"], artery, *numbers, *place, status], "" if lesion["in_total"] else "beside"))
    return Table("Every lesion that a seed lies in; those in grey are not in the coronary total.", LESION_COLUMNS, rows)


HEIGHT_COLUMNS = (
    "Level",
    *of_numbers("Anterior, mm", "Middle, mm", "Posterior, mm", "Wedge, %", "Biconcave, %", "Crush, %"),
    "Genant grade suggested",
)


def height_table(result: Mapping[str, Any]) -> Table | None:
    """Return the six-point heights of the vertebrae that have them; None where there are none."""
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
        rows.append(Row([v["level"], *heights, *losses, grade], "", level_color(v["level"])))
    if not rows:
        return None
    caption = (
        "Heights of the bodies, labelled or found around a point, and the loss of height, per cent. A grade (Genant "
        "1993) is a suggestion to look: normal lumbar wedging reaches 21 %."
    )
    return Table(caption, HEIGHT_COLUMNS, rows)


def bone_tables(result: Mapping[str, Any]) -> list[Block]:
    """Return density, requested estimates and heights per vertebra, or the reason why nothing was measured."""
    vertebrae = result["bone"]["vertebrae"]
    if not vertebrae:
        return [Paragraph(f"— not measured. {wording.bone_missing(result)}")]
    estimates = [f"{v['level']}: {wording.estimate_words(item)}" for v in vertebrae for item in v["estimates"]]
    listed = Bullets(estimates) if estimates else None
    return [block for block in (vertebra_table(result), listed, height_table(result)) if block is not None]


def vertebra_table(result: Mapping[str, Any]) -> Table:
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
        rows.append(Row(cells, "" if v["status"] == "measured" else "beside", level_color(v["level"])))
    return Table("Trabecular density by vertebra.", VERTEBRA_COLUMNS, rows)
