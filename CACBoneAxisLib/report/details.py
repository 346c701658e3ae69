"""Tables of the page by artery, lesion and vertebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.report import wording
from CACBoneAxisLib.report.blocks import Block, Bullets, Number, Paragraph, Row, Table, of_numbers
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.quantities import Subject, cells, quantities
from CACBoneAxisLib.report.segmentation import level_color
from CACBoneAxisLib.report.tables import lesion_reason, vertebra_reason


def calcium_tables(result: Mapping[str, Any]) -> list[Block]:
    """Return the table per artery, and per lesion where there are any."""
    return [artery_table(result), *([lesion_table(result)] if result["calcium"]["lesions"] else [])]


def artery_table(result: Mapping[str, Any]) -> Table:
    """Return the table per artery with the total, and below it the territories beside the coronaries."""
    calcium = result["calcium"]
    known = [t for t in wording.territory_table() if t["code"] in calcium["territories"]]
    rows = [
        *(_artery_row(calcium, t) for t in known if t["coronary"]),
        Row(_cells("territory", calcium["total"], {"territory": "Total of the coronary arteries"}), "total"),
        Row(["Beside the coronary arteries; never part of the total"], "group"),
        *(_artery_row(calcium, t) for t in known if not t["coronary"]),
    ]
    return Table(
        "Calcium by artery. — is not measured; 0 is measured and nothing found.",
        _columns("territory"),
        rows,
        whole=True,
    )


def _artery_row(calcium: Mapping[str, Any], territory: Mapping[str, Any]) -> Row:
    name = f"{territory['code']}  {territory['name']}"
    cells_ = _cells("territory", calcium["territories"][territory["code"]], {"territory": name})
    return Row(cells_, "" if territory["coronary"] else "beside", territory["color"])


def _columns(subject: Subject) -> list[str]:
    page = quantities(subject, "page")
    return [Number(one.heading()) if one.is_number else one.heading() for one in page]


def _cells(subject: Subject, entry: Mapping[str, Any], made: Mapping[str, Any]) -> list[Any]:
    """Return the cells of an entry, numbers as they are shown; ``made`` are those that the table makes itself."""
    found = cells(subject, "page", entry, made)
    return [
        format_value(found[one.key], one.key) if one.is_number and one.key not in made else found[one.key]
        for one in quantities(subject, "page")
    ]


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
        artery = lesion["territory"] or " ".join(lesion["seeds"])
        made = {"lesion": lesion["id"], "territory": artery, "status": status}
        rows.append(Row(_cells("lesion", lesion, made), "" if lesion["in_total"] else "beside"))
    return Table(
        "Every lesion that a seed lies in; those in grey are not in the coronary total.", _columns("lesion"), rows
    )


HEIGHT_COLUMNS = (
    "Level",
    *of_numbers(*(one.heading() for one in quantities("vertebra", "heights")), "Wedge, %", "Biconcave, %", "Crush, %"),
    "Genant grade suggested",
)


def height_table(result: Mapping[str, Any]) -> Table | None:
    """Return the six-point heights of the vertebrae that have them; None where there are none."""
    rows = []
    for v in result["bone"]["vertebrae"]:
        h = v["heights"]
        if h is None:
            continue
        heights = [format_value(one.of(v), one.key) for one in quantities("vertebra", "heights")]
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
        status = wording.STATUS_WORDS.get(v["status"], v["status"])
        if v["mean_hu"] is None:
            status = f"{status}: {vertebra_reason(v, result['bone']['findings'])}"
        ends = [format_value(v[key], key) for key in ("p10_hu", "p90_hu")]
        made = {
            "percentiles": ends[0] if v["p10_hu"] is None else " to ".join(ends),
            "bmd": wording.bmd_words(v["bmd"], unit=False),
            "acr_class": wording.short_class_words(v["acr_class"]),
            "status": status,
        }
        rows.append(
            Row(_cells("vertebra", v, made), "" if v["status"] == "measured" else "beside", level_color(v["level"]))
        )
    return Table("Trabecular density by vertebra.", _columns("vertebra"), rows)
