"""How a DICOM series was made, from its header; nothing that identifies the patient."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any, Literal

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom.elements import first, image_type, items, kernel, number, text
from CACBoneAxisLib.imaging.findings import Finding, finding

# What people write into Contrast/Bolus Agent to say that none was given.
NO_CONTRAST = {"NONE", "NO", "N", "NIL", "0", "WITHOUT", "NO CONTRAST", "NON CONTRAST", "NON-CONTRAST", "UNENHANCED"}
NO_CONTRAST |= {"NATIVE", "NATIV", "W/O", "WO", "NOT APPLIED", "KEIN", "OHNE", "SANS", "FALSE"}
YEARS_PER_UNIT = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
OLDEST_YEARS = 120
# An age may be that at the order of the scan, or rounded.
AGE_TOLERANCE_YEARS = 1
# Elements that only an ECG-synchronised scan fills with a number above zero.
GATING_NUMBERS = (
    "NominalPercentageOfCardiacPhase",
    "HeartRate",
    "LowRRValue",
    "HighRRValue",
    "NominalInterval",
    "TriggerTime",
    "NominalCardiacTriggerDelayTime",
    "CardiacNumberOfImages",
)


def acquisition_from(header: Any, frame: int = 0) -> Acquisition:
    """Return what a CT header (classic or enhanced; pydicom dataset) says about the scan, of one of its frames.

    ``contrast`` is True when an agent is named or administered, or a volume above 0 was
    injected; False when the agent's name says that there was none; None where the header
    is silent or the agent was given by mouth. ``ecg_gated`` is True only where an element
    of cardiac synchronisation says so, False only where the technique is stated as NONE.
    An age of 0 is what anonymisers write, so it is counted from the dates then.
    """
    with warnings.catch_warnings():
        # Remarks on the spelling of values say nothing to a reader of the scan.
        warnings.simplefilter("ignore")
        frames = items(header, "PerFrameFunctionalGroupsSequence")
        return _acquisition(header, frames[frame] if frame < len(frames) else None)


def _acquisition(header: Any, frame: Any) -> Acquisition:
    shared = first(header, "SharedFunctionalGroupsSequence")
    converted = first(shared, "UnassignedSharedConvertedAttributesSequence")
    sources = [
        header,
        *(
            first(group, name)
            for group in (shared, frame)
            for name in ("CTXRayDetailsSequence", "PixelMeasuresSequence")
        ),
        converted,
    ]
    # Enhanced CT keeps the table's height in a macro of its own.
    geometry = [first(group, "CTTableDynamicsSequence") for group in (shared, frame)]
    geometry += [first(group, "CTGeometrySequence") for group in (shared, frame)]
    kvp = _first_number(sources, "KVP")
    thickness = _first_number(sources, "SliceThickness")
    return Acquisition(
        kvp=kvp if kvp and kvp > 0 else None,
        kernel=kernel(header),
        slice_thickness_mm=thickness if thickness and thickness > 0 else None,
        contrast=_contrast(header, shared, frame, converted),
        ecg_gated=_gated(header, shared, frame, converted),
        manufacturer=text(header, "Manufacturer") or None,
        model=text(header, "ManufacturerModelName") or None,
        modality=text(header, "Modality") or "CT",
        image_type=image_type(header) or None,
        sex=_sex(text(header, "PatientSex")),
        age_years=_age(header),
        table_height_mm=_first_number([*sources, *geometry], "TableHeight"),
    )


def _first_number(sources: list[Any], keyword: str) -> float | None:
    return next((value for source in sources if (value := number(source, keyword)) is not None), None)


def _sex(value: str) -> Literal["F", "M"] | None:
    letter = value.upper()
    return "F" if letter == "F" else "M" if letter == "M" else None


def age_findings(header: Any) -> tuple[Finding, ...]:
    """Return a finding where the age that a header states is not that of its dates of birth and scan, or unreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written, stated, counted = text(header, "PatientAge"), _stated_age(header), _counted_age(header)
    if written and stated is None and not _blank_age(written):
        return (finding("age-unreadable"),)
    if stated is not None and counted is not None and abs(int(stated) - counted) > AGE_TOLERANCE_YEARS:
        return (finding("age-contradicted", stated=f"{stated:g}", counted=f"{counted:g}"),)
    return ()


def _age(header: Any) -> float | None:
    stated = _stated_age(header)
    return stated if stated is not None else _counted_age(header)


def _stated_age(header: Any) -> float | None:
    written = "".join(text(header, "PatientAge").upper().split())
    # Some write the number alone, which is of years.
    written += "Y" if written.isdigit() else ""
    if len(written) < 2 or not written[:-1].isdigit() or written[-1] not in YEARS_PER_UNIT:
        return None
    years = int(written[:-1]) * YEARS_PER_UNIT[written[-1]]
    return round(years, 2) if 0 < years <= OLDEST_YEARS else None


def _blank_age(written: str) -> bool:
    """Return whether an age is one of those that anonymisers write."""
    return not any(digit in written for digit in "123456789")


def _counted_age(header: Any) -> float | None:
    born = _date(text(header, "PatientBirthDate"))
    scanned = next((d for k in ("AcquisitionDate", "SeriesDate", "StudyDate") if (d := _date(text(header, k)))), None)
    if born is None or scanned is None:
        return None
    birthday_passed = (scanned.month, scanned.day) >= (born.month, born.day)
    whole_years = scanned.year - born.year - (0 if birthday_passed else 1)
    return float(whole_years) if 0 < whole_years <= OLDEST_YEARS else None


def _date(value: str) -> date | None:
    try:
        return datetime.strptime(value, "%Y%m%d").date()
    except ValueError:
        return None


def _contrast(header: Any, shared: Any, frame: Any, converted: Any) -> bool | None:
    usage = first(shared, "ContrastBolusUsageSequence") or first(frame, "ContrastBolusUsageSequence")
    administered = text(usage, "ContrastBolusAgentAdministered").upper()
    for source in (header, converted):
        if source is None:
            continue
        if "ORAL" in text(source, "ContrastBolusRoute").upper().split():
            return None
        agent = text(source, "ContrastBolusAgent")
        if agent:
            return agent.upper().strip(" .") not in NO_CONTRAST
        if (number(source, "ContrastBolusVolume") or 0) > 0:
            return True
    if administered in ("YES", "NO"):
        return administered == "YES"
    return True if first(header, "ContrastBolusAgentSequence") is not None else None


def _gated(header: Any, shared: Any, frame: Any, converted: Any) -> bool | None:
    technique = text(header, "CardiacSynchronizationTechnique").upper()
    if technique:
        return technique != "NONE"
    groups = [first(group, "CardiacSynchronizationSequence") for group in (shared, frame)]
    for source in (header, converted, *groups):
        if source is None:
            continue
        if any((number(source, keyword) or 0) > 0 for keyword in GATING_NUMBERS):
            return True
        if text(source, "CardiacRRIntervalSpecified") not in ("", "NONE"):
            return True
    return None
