"""``lesions.csv`` and ``vertebrae.csv``: stable columns, units in their names, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.wording import NO_BMD_CODES, estimate_words, threshold_words, why_missing

Row = dict[str, Any]

LESION_COLUMNS: dict[str, str] = {
    "study_id": "the study",
    "lesion": "number of the lesion, as in result.json and in the report",
    "territory": "artery or structure; empty where its seeds name two",
    "in_total": "yes where the lesion counts in the coronary total",
    "status": "scored, excluded, conflict or implausible",
    "reason": "why a value of this row is missing",
    "agatston": "Agatston score, normalised to the protocol's increment",
    "volume_mm3": "volume",
    "mass_mg": "calcium mass, where a calibration factor was given",
    "peak_hu": "highest value",
    "mean_hu": "mean of the lesion's voxels",
    "voxels": "number of voxels",
    "slices": "number of slices with at least one region that counts",
    "seeds": "seeds that lie in it",
    "seed_r_mm": "position of its first seed, to the patient's right",
    "seed_a_mm": "to the front",
    "seed_s_mm": "to the head",
}

VERTEBRA_COLUMNS: dict[str, str] = {
    "study_id": "the study",
    "level": "vertebral level",
    "status": "measured, excluded or not-measured",
    "reason": "why a value of this row is missing",
    "source": "roi, labelmap or point",
    "mean_hu": "mean of the region",
    "median_hu": "median",
    "sd_hu": "standard deviation",
    "p10_hu": "10th percentile",
    "p90_hu": "90th percentile",
    "voxels": "number of voxels",
    "volume_mm3": "volume of the region",
    "bmd_mg_cm3": "bone mineral density, where a calibration was given",
    "bmd_material": "material the density is expressed in",
    "acr_class": "BMD class",
    "acr_class_source": "whose classes these are",
    "t_score": "T-score, where a reference was chosen",
    "t_score_reference": "its reference",
    "z_score": "Z-score, where a reference was chosen",
    "z_score_reference": "its reference",
    "z_score_group": "the group of the reference that the patient belongs to",
    "estimates": "densities computed by published equations, where asked for",
    "height_anterior_mm": "anterior height of the body, labelled or found around a point",
    "height_middle_mm": "middle height",
    "height_posterior_mm": "posterior height",
    "genant_grade": "grade that the heights suggest, 0 for none",
    "hu_thresholds": "each published threshold and the side of it the mean lies on",
    "findings": "codes of the findings at this level",
}

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?\Z")


def lesion_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return one row per lesion with the keys of :data:`LESION_COLUMNS`; ``None`` is not measured."""
    calcium = result["calcium"]
    rows = []
    for lesion in calcium["lesions"]:
        seed = lesion["seed_ras_mm"] or (None, None, None)
        row: Row = {key: lesion[key] for key in LESION_COLUMNS if key in lesion}
        row |= {
            "study_id": result["study"]["id"],
            "lesion": lesion["id"],
            "reason": lesion_reason(lesion, calcium["findings"]),
            "slices": len(lesion["slices"]),
            "seeds": " ".join(lesion["seeds"]),
            **dict(zip(("seed_r_mm", "seed_a_mm", "seed_s_mm"), seed, strict=True)),
        }
        rows.append({key: row[key] for key in LESION_COLUMNS})
    return rows


def lesion_reason(lesion: Mapping[str, Any], findings: Iterable[Mapping[str, str]]) -> str:
    """Return why values of a lesion are missing, in words; empty where none is."""
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
    """Return one row per vertebra with the keys of :data:`VERTEBRA_COLUMNS`; ``None`` is not measured."""
    rows = []
    for vertebra in result["bone"]["vertebrae"]:
        bmd, acr = vertebra["bmd"] or {}, vertebra["acr_class"] or {}
        t_score, z_score = vertebra["t_score"] or {}, vertebra["z_score"] or {}
        heights = vertebra["heights"] or {}
        row: Row = {
            "study_id": result["study"]["id"],
            "reason": vertebra_reason(vertebra, result["bone"]["findings"]),
            "bmd_mg_cm3": bmd.get("value"),
            "bmd_material": bmd.get("material"),
            "acr_class": acr.get("class"),
            "acr_class_source": acr.get("source"),
            "t_score": t_score.get("value"),
            "t_score_reference": t_score.get("reference"),
            "z_score": z_score.get("value"),
            "z_score_reference": z_score.get("reference"),
            "z_score_group": z_score.get("group"),
            "estimates": "; ".join(estimate_words(item) for item in vertebra["estimates"]),
            **{f"height_{place}_mm": heights.get(f"{place}_mm") for place in ("anterior", "middle", "posterior")},
            "genant_grade": heights.get("genant_grade"),
            "hu_thresholds": "; ".join(threshold_words(vertebra["hu_thresholds"])),
            "findings": " ".join(dict.fromkeys(item["code"] for item in vertebra["findings"])),
        }
        rows.append({key: row[key] if key in row else vertebra[key] for key in VERTEBRA_COLUMNS})
    return rows


def vertebra_reason(vertebra: Mapping[str, Any], findings: Iterable[Mapping[str, str]]) -> str:
    """Return why values of a vertebra are missing, in words; empty where none is."""
    if vertebra["mean_hu"] is None:
        return why_missing(vertebra["findings"], ("vertebra-excluded",))
    about_bmd = (*NO_BMD_CODES, "no-t-score-reference")
    missing = vertebra["bmd"] is None or vertebra["t_score"] is None
    telling = [f for f in [*vertebra["findings"], *findings] if f["code"] in about_bmd or "t-score" in f["code"]]
    return " ".join(dict.fromkeys(f["message"] for f in telling)) if missing else ""


def cell(value: Any) -> str:
    """Return a value as the text of a CSV cell.

    Numbers are written with the digits of :func:`~CACBoneAxisLib.report.numbers.stored`;
    ``None`` is empty. Text that a spreadsheet would run as a formula (it starts with
    ``=``, ``+``, ``-``, ``@``, a tab or a line end, blanks before it or not) gets an
    apostrophe before it, unless it is a plain number.
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
