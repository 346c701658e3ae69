"""Acquisition: what file and user say about how a scan was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from CACBoneAxisLib.imaging.findings import Finding, finding

# Names of the fields where file and user disagree.
FIELD_WORDS = {
    "kvp": "Tube voltage (kVp)",
    "slice_thickness_mm": "Slice thickness (mm)",
    "contrast": "Contrast agent",
    "ecg_gated": "ECG gating",
    "age_years": "Age (years)",
    "table_height_mm": "Table height (mm)",
}


@dataclass(frozen=True)
class ScanFacts:
    """Facts about a scan that a file or a user can state; None where nothing is said.

    Parameters
    ----------
    kvp : tube voltage
    kernel : reconstruction kernel
    slice_thickness_mm : nominal thickness; never used for a score
    contrast : whether contrast agent was given
    ecg_gated : whether the scan was ECG-gated
    manufacturer, model : of the scanner
    table_height_mm : height of the table
    """

    kvp: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    contrast: bool | None = None
    ecg_gated: bool | None = None
    manufacturer: str | None = None
    model: str | None = None
    table_height_mm: float | None = None


@dataclass(frozen=True)
class Acquisition(ScanFacts):
    """Everything known of how a scan was made, and of the patient in it; None where nothing says.

    NRRD and NIfTI carry none of it. The slice increment comes from the slices' positions.

    Parameters
    ----------
    modality, image_type : from the DICOM header
    sex, age_years : of the patient
    spectral : what an image of several energies shows, and which part of the header says so
    """

    modality: str | None = None
    image_type: tuple[str, ...] | None = None
    sex: Literal["F", "M"] | None = None
    age_years: float | None = None
    spectral: str | None = None

    @classmethod
    def from_mapping(cls, facts: Mapping[str, Any]) -> Acquisition:
        """Return the acquisition that a scene keeps, without the facts that only a newer version knows.

        Examples
        --------
        >>> Acquisition.from_mapping({"kvp": 120.0, "dose_mgy": 3.1}) == Acquisition(kvp=120.0)
        True
        """
        names = {field.name for field in fields(cls)}
        known: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in facts.items() if name in names
        }
        return cls(**known)

    def merged(self, stated: Acquisition) -> tuple[Acquisition, tuple[Finding, ...]]:
        """Return this acquisition completed and overruled by ``stated``, and their disagreements.

        Each field in which the file and the user disagree is a finding; the user's
        word stands, because it was given knowing the file.
        """
        changes = {}
        findings = []
        for field in fields(self):
            value = getattr(stated, field.name)
            if value is None:
                continue
            read = getattr(self, field.name)
            if read is not None and read != value:
                name = FIELD_WORDS.get(field.name, field.name.capitalize())
                findings.append(finding("acquisition-disagrees", field=name, file=_word(read), stated=_word(value)))
            changes[field.name] = value
        return replace(self, **changes), tuple(findings)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
