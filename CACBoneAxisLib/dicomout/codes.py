"""Coded concepts: standard codes from DICOM and SNOMED CT, private ones where neither has a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.report.quantities import Quantity, Subject, quantities
from CACBoneAxisLib.report.segmentation import CORONARY_ARTERY, VERTEBRA, level_entry
from CACBoneAxisLib.report.wording import territory_table

Code = tuple[str, str, str]
CALCIUM_SCORING: Code = ("DCM", "122603", "Calcium Scoring Analysis")
COMMENT: Code = ("DCM", "121106", "Comment")
SPINE: Code = ("SCT", "421060004", "Spine")
LONGEST_VALUE, LONGEST_MEANING = 16, 64


@cache
def highdicom() -> Any:
    """Return the highdicom library.

    Raises
    ------
    UnusableInputError
        ``extra-missing`` where it is not installed.
    """
    try:
        import highdicom as hd
        import highdicom.seg
        import highdicom.sr
    except ImportError:
        raise refusal("extra-missing", what="DICOM output", package="highdicom", extra="dicom") from None
    return hd


def concept(name: str) -> Code:
    """Return a private concept of ``data/dicom_concepts.json``: scheme, value, meaning."""
    table = load_table("dicom_concepts")
    value, meaning = table["concepts"][name]
    return table["scheme"]["designator"], value, meaning


def private(value: str, meaning: str) -> Code:
    """Return a private code for a value from a table or a user, within DICOM's length limits."""
    clean = re.sub(r"[^A-Za-z0-9./>+-]+", "-", value).strip("-").upper()[:LONGEST_VALUE]
    designator = load_table("dicom_concepts")["scheme"]["designator"]
    return designator, clean or "OTHER", long_text(meaning) or clean or "not named"


def long_text(text: str) -> str:
    """Return a text that fits a DICOM long string: 64 characters, no backslash, no line ends."""
    return " ".join("".join(c if c.isprintable() and c != "\\" else " " for c in text).split())[:LONGEST_MEANING]


def coded(code: Code) -> Any:
    """Convert a code to a highdicom concept."""
    scheme, value, meaning = code
    return highdicom().sr.CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)


def territory_code(territory: str | None) -> Code:
    """Return the code of a territory; without one, the code of the coronary arteries in general."""
    for entry in territory_table():
        if entry["code"] == territory:
            return "SCT", entry["snomed"]["value"], entry["snomed"]["meaning"]
    return CORONARY_ARTERY


def level_code(level: str) -> Code:
    """Return the code of a vertebral level."""
    snomed = level_entry(level).get("snomed")
    return ("SCT", snomed["value"], snomed["meaning"]) if snomed else VERTEBRA


def measurement(quantity: Quantity, value: Any) -> Any:
    """Return a value as a coded measurement with its unit, method and derivation; None for None."""
    if value is None or quantity.code is None:
        return None
    unit, meaning = load_table("quantities")["units"][quantity.unit]
    return highdicom().sr.Measurement(
        name=coded(quantity.code),
        value=value,
        unit=coded(("UCUM", unit, meaning)),
        method=coded(quantity.method) if quantity.method else None,
        derivation=coded(quantity.derivation) if quantity.derivation else None,
    )


def measurements(subject: Subject, entry: Mapping[str, Any], *, counts: bool = True) -> list[Any]:
    """Return the coded measurements of an entry of ``result.json``.

    Parameters
    ----------
    subject, entry : which quantities, and where their values are
    counts : whether the entry counts in a total; if not, quantities that add up are left out
    """
    kept = [one for one in quantities(subject) if counts or not one.adds_up]
    return [found for one in kept if (found := measurement(one, one.of(entry))) is not None]


def evaluation(name: Code, value: Code) -> Any:
    """Return a qualitative evaluation: a coded name and a coded value."""
    return highdicom().sr.QualitativeEvaluation(coded(name), coded(value))


def dated(dataset: Any, made: datetime) -> Any:
    """Set a new object's date and time to the result's, and its character set to UTF-8."""
    when = made.time().replace(microsecond=0)
    dataset.ContentDate = dataset.SeriesDate = made.strftime("%Y%m%d")
    dataset.ContentTime = dataset.SeriesTime = when.strftime("%H%M%S")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset
