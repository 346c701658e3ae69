"""How the scan was made, as far as the file or the user says."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from CACBoneAxisLib.imaging.findings import Finding, finding

# What the fields are called where file and user disagree.
FIELD_WORDS = {
    "kvp": "Tube voltage (kVp)",
    "slice_thickness_mm": "Slice thickness (mm)",
    "contrast": "Contrast agent",
    "ecg_gated": "ECG gating",
    "age_years": "Age (years)",
    "table_height_mm": "Table height (mm)",
}


@dataclass(frozen=True)
class Acquisition:
    """Facts about the scan; ``None`` where neither the file nor the user says.

    NRRD and NIfTI carry none of them. ``slice_thickness_mm`` is the tag and never
    used for a score: the increment comes from the slices' positions.
    """

    kvp: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    contrast: bool | None = None
    ecg_gated: bool | None = None
    manufacturer: str | None = None
    model: str | None = None
    modality: str | None = None
    image_type: tuple[str, ...] | None = None
    sex: Literal["F", "M"] | None = None
    age_years: float | None = None
    table_height_mm: float | None = None

    def merged(self, stated: Acquisition) -> tuple[Acquisition, tuple[Finding, ...]]:
        """Return this acquisition completed, and where both speak overruled, by ``stated``.

        Each field in which the file and the user disagree is a finding; the user's
        word stands, because it was given knowing the file.
        """
        changes = {}
        findings = []
        for field in fields(self):
            said = getattr(stated, field.name)
            if said is None:
                continue
            read = getattr(self, field.name)
            if read is not None and read != said:
                name = FIELD_WORDS.get(field.name, field.name.capitalize())
                findings.append(finding("acquisition-disagrees", field=name, file=_word(read), stated=_word(said)))
            changes[field.name] = said
        return replace(self, **changes), tuple(findings)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
