"""Describe changed choices for the trail, in English whatever the panel language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from CACBoneAxisLib.reading.history import Step
from CACBoneAxisLib.reading.words import field_words

FIELDS = field_words(str)
# Panel labels of the settings with widgets, by dotted path.
SETTINGS = {
    "acquisition.ecg_gated": "ECG gating",
    "patient.ethnicity": "group",
    "patient.total_cholesterol_mg_dl": "total cholesterol",
    "patient.hdl_mg_dl": "HDL cholesterol",
    "patient.systolic_mmhg": "systolic pressure",
    "patient.bmi_kg_m2": "body mass index",
    "patient.diabetes": "diabetes",
    "patient.smoker": "smoker",
    "patient.lipid_medication": "lipid medication",
    "patient.pressure_medication": "pressure medication",
    "patient.family_history": "heart attack in the family",
    "bone.region.protocol": "bone region",
    "bone.region.shape": "shape of the bone region",
    "bone.region.erosion_mm": "erosion",
    "bone.calibration.kind": "calibration",
    "bone.calibration.slope": "calibration slope",
    "bone.calibration.intercept": "calibration intercept",
    "bone.calibration.material": "calibration material",
    "bone.calibration.phantom": "calibration phantom",
    "bone.calibration.kvp": "calibration made at",
    "bone.calibration.energies_kev": "calibration energies",
    "bone.calibration.rod_centers_ras_mm": "places of the rods",
    "bone.t_score_reference": "T-score reference",
    "bone.z_score_reference": "Z-score reference",
    "bone.site_references": "site's own T-score references",
    "bone.estimates": "estimates",
}
UNITS = {
    "kvp": "kVp",
    "ageYears": "years",
    "threshold": "HU",
    "minimumArea": "mm2",
    "contrastThreshold": "HU",
    "massFactor": "mg/mm3/HU",
    "contrastSd": "SD above blood",
    "patient.total_cholesterol_mg_dl": "mg/dL",
    "patient.hdl_mg_dl": "mg/dL",
    "patient.systolic_mmhg": "mmHg",
    "patient.bmi_kg_m2": "kg/m2",
    "bone.region.erosion_mm": "mm",
    "bone.calibration.kvp": "kVp",
    "bone.calibration.energies_kev": "keV",
}
# The meaning of 0 in a field that cannot be 0, as its widget shows it.
ZERO = {
    "kvp": "as the file says",
    "ageYears": "as the file says",
    "massFactor": "none",
    "contrastThreshold": "not set",
    "contrastSd": "not set",
}
VALUES = {
    "contrast": {"UNKNOWN": "as the file says", "NO": "none given", "YES": "given"},
    "sex": {"UNKNOWN": "as the file says", "FEMALE": "female", "MALE": "male"},
}
# Too long to read.
UNREADABLE = ("bone.calibration.rod_centers_ras_mm", "bone.site_references")


def words_of(step: Step) -> str:
    """Describe an unnamed step: what changed and, for a choice, its new value."""
    name = step.text
    after = step.after.choices.get(name)
    if name == "otherSettings":
        return changed_settings(step.before.choices.get(name, ""), after or "")
    return f"{FIELDS.get(name, name)}: {'changed' if after is None else _value(name, after)}"


def changed_settings(before: str, after: str) -> str:
    """Describe the differences of two settings (JSON).

    For example ``calibration slope: 0.8; smoker: not said``.
    """
    former, now = (dict(_flat(json.loads(text or "{}"))) for text in (before, after))
    changed = [path for path in {**former, **now} if former.get(path) != now.get(path)]
    said = "; ".join(f"{_setting(path)}: {_value(path, now.get(path))}" for path in changed)
    return said or "settings: as before"


def _setting(path: str) -> str:
    """Return the name of a setting.

    Settings without a widget use the last part of their path.
    """
    return SETTINGS.get(path) or path.split(".", 1)[-1].replace(".", " ").replace("_", " ")


def _value(name: str, value: Any) -> str:
    text = str(value)
    if name in VALUES:
        return VALUES[name].get(text, text)
    if name in ZERO and text in ("0", "0.0"):
        return ZERO[name]
    if value is None or text == "":
        return "not said"
    if text.lower() in ("true", "false"):
        return "yes" if text.lower() == "true" else "no"
    if name in UNREADABLE:
        return "changed"
    if isinstance(value, list | tuple):
        text = ", ".join(map(str, value))
    text = text.removesuffix(".0")
    return f"{text} {UNITS[name]}" if name in UNITS else text


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
