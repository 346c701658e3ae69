"""The tidy table of a batch: one row per complete study, stable columns, nothing that differs between runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.contrast import result_is_enhanced
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.quantities import Kind, Quantity, quantities
from CACBoneAxisLib.report.wording import bone_missing, calcium_missing, remarks, territory_table

Column = tuple[Kind, str]

FAILURE_COLUMNS: dict[str, str] = {
    "line": "of the manifest",
    "study_id": "the study",
    "code": "of the refusal ([findings.md](findings.md))",
    "problem": "one sentence; files are called by their role, not by their name",
    "errors": "file with the place in the software where the study failed; empty where the study itself was refused",
}


def category_column(scheme: str) -> str:
    """Return the column that holds the category of a scheme (``cac-drs``: ``category_cac_drs``)."""
    return "category_" + scheme.replace("-", "_")


@cache
def result_columns() -> dict[str, Column]:
    """Return kind and meaning of every column of results.csv and results.parquet, in order."""
    columns: dict[str, Column] = {
        "study_id": ("text", "the study, as the manifest calls it"),
        "patient_id": ("text", "pseudonym from the manifest"),
        "scan_date": ("text", "from the manifest"),
        "age_years": ("number", "age at the scan"),
        "sex": ("text", "F or M"),
        "ethnicity": ("text", "as stated"),
        "bmi_kg_m2": ("number", "body mass index, as stated"),
        "kvp": ("number", "tube voltage"),
        "kernel": ("text", "reconstruction kernel"),
        "manufacturer": ("text", "of the scanner"),
        "model": ("text", "of the scanner"),
        "contrast": ("yes/no", "whether contrast agent was given: by the blood where it was measured, else as stated"),
        "ecg_gated": ("yes/no", "whether the scan was ECG-gated"),
        "spectral": ("text", "what an image of several energies shows, and which part of the header says so"),
        "slice_increment_mm": ("number", "distance of slice centres"),
        "calcium_verdict": ("text", "how fit the scan is for calcium: standard, opportunistic, unsuitable"),
        "bone_verdict": ("text", "how fit the scan is for bone"),
        **{one.csv: (one.kind, one.meaning) for one in quantities("coronary", "cohort")},
    }
    for territory in territory_table():
        columns[f"agatston_{territory['code'].lower()}"] = ("number", f"{territory['name']}")
    for scheme in load_table("calcium_categories")["schemes"]:
        columns[category_column(scheme["id"])] = ("text", f"category of the total: {scheme['scheme']}")
    columns |= {
        "calcium_reason": ("text", "why there is no total"),
        "bone_levels": ("text", "levels that the mean rests on"),
        **{
            one.csv: (one.kind, f"{one.meaning}; mean of these levels" if one.is_number else one.meaning)
            for one in quantities("vertebra", "cohort")
        },
        "bone_reason": ("text", "why there is no mean"),
        "findings": ("text", "codes of all findings"),
        "corrections": ("integer", "how often the reading was corrected in review; 0: as the manifest has it"),
        "folder": ("text", "where the study's report and result.json are, below `studies`"),
        "image_sha256": ("text", "of the CT"),
        "settings_sha256": (
            "text",
            "of all calcium and bone settings: equal where studies were measured by the same rules",
        ),
        "version": ("text", "of CACBoneAxis"),
    }
    return columns


def result_row(
    result: Mapping[str, Any], cells: Mapping[str, str], folder: str, settings_sha256: str
) -> dict[str, Any]:
    """Return the row of a study.

    Parameters
    ----------
    result : the mapping of its result.json
    cells : of its row of the manifest
    folder : the name of its folder
    settings_sha256 : of its calcium and bone settings
    """
    study, calcium, bone = result["study"], result["calcium"], result["bone"]["summary"]
    inputs = {entry["role"]: entry["sha256"] for entry in result["provenance"]["inputs"]}
    row: dict[str, Any] = {
        "study_id": study["id"],
        "patient_id": cells.get("patient_id"),
        "scan_date": cells.get("scan_date"),
        **{name: study["patient"][name] for name in ("age_years", "sex", "ethnicity")},
        "bmi_kg_m2": result["provenance"]["settings"]["patient"]["bmi_kg_m2"],
        **{
            name: study["acquisition"][name]
            for name in ("kvp", "kernel", "manufacturer", "model", "ecg_gated", "spectral")
        },
        "contrast": result_is_enhanced(result),
        "slice_increment_mm": study["image"]["slice_increment_mm"],
        **{f"{question}_verdict": result["suitability"][question]["verdict"] for question in ("calcium", "bone")},
        **{one.csv: one.of(calcium) for one in quantities("coronary", "cohort")},
        **{f"agatston_{code.lower()}": values["agatston"] for code, values in calcium["territories"].items()},
        **{category_column(scheme): entry["category"] for scheme, entry in calcium["categories"].items()},
        "calcium_reason": calcium_missing(result) if calcium["total"]["agatston"] is None else None,
        "bone_levels": " ".join(bone["levels"]) or None,
        **{one.csv: _of_levels(one, result["bone"]) for one in quantities("vertebra", "cohort")},
        "bone_reason": bone_missing(result) if bone["mean_hu"] is None else None,
        "findings": " ".join(sorted({remark.code for remark in remarks(result)})) or None,
        "corrections": result["provenance"].get("review", {}).get("corrections", 0),
        "folder": folder,
        "image_sha256": inputs.get("image"),
        "settings_sha256": settings_sha256,
        "version": result["provenance"]["version"],
    }
    return {name: _typed(stored(row.get(name)), kind) for name, (kind, _) in result_columns().items()}


def _of_levels(quantity: Quantity, bone: Mapping[str, Any]) -> Any:
    """Return a value of the summary; of a number that it does not have, the mean over its levels."""
    summary = bone["summary"]
    value = quantity.of(summary)
    path = quantity.path or (quantity.key,)
    if value is not None or path[0] in summary:
        return value
    found = [quantity.of(vertebra) for vertebra in bone["vertebrae"] if vertebra["level"] in summary["levels"]]
    return None if not found or None in found else sum(found) / len(found)


def _typed(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    return {"text": str, "number": float, "integer": int, "yes/no": bool}[kind](value)
