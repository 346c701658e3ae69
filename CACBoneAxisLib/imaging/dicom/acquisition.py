"""Acquisition parameters of a DICOM series from its header; nothing that identifies the patient."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any, Literal

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.coverage import shows_no_trunk
from CACBoneAxisLib.imaging.dicom.agents import contrast_stated
from CACBoneAxisLib.imaging.dicom.elements import first, image_type, items, kernel, number, text, unreadable
from CACBoneAxisLib.imaging.dicom.spectral import spectral_image
from CACBoneAxisLib.imaging.findings import Finding, finding

YEARS_PER_UNIT = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
OLDEST_YEARS = 120
# Numbers the measurement can do without; invalid ones are treated as absent.
NUMBERS = {
    "KVP": "KVP (0018,0060)",
    "SliceThickness": "Slice Thickness (0018,0050)",
    "TableHeight": "Table Height (0018,1130)",
    "ContrastBolusVolume": "Contrast/Bolus Volume (0018,1041)",
}
# The age may be that at the time of the order, or rounded.
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
    """Return the acquisition parameters in a CT header (pydicom dataset, classic or enhanced), for one frame.

    ``contrast`` is True when an agent is named or administered, or a volume above 0 was
    injected; False when the text denies an agent; None where the header
    is silent or not understood, or the agent was given by mouth. ``ecg_gated`` is True only where an element
    of cardiac synchronisation says so, False only where the technique is stated as NONE.
    Anonymisers write an age of 0, so the age is then computed from the dates.
    """
    with warnings.catch_warnings():
        # pydicom's warnings on value spelling are of no use to a reader of the scan.
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
    # Enhanced CT stores the table height in its own macro.
    geometry = [first(group, "CTTableDynamicsSequence") for group in (shared, frame)]
    geometry += [first(group, "CTGeometrySequence") for group in (shared, frame)]
    kvp = _first_number(sources, "KVP")
    thickness = _first_number(sources, "SliceThickness")
    kinds = [first(group, "CTImageFrameTypeSequence") for group in (shared, frame)]
    spectral = spectral_image(header, " ".join(text(kind, "FrameType") for kind in kinds))
    return Acquisition(
        kvp=kvp if kvp and kvp > 0 else None,
        kernel=kernel(header),
        slice_thickness_mm=thickness if thickness and thickness > 0 else None,
        contrast=_contrast(header, shared, frame, converted)[0],
        ecg_gated=_gated(header, shared, frame, converted),
        manufacturer=text(header, "Manufacturer") or None,
        model=text(header, "ManufacturerModelName") or None,
        modality=text(header, "Modality") or "CT",
        image_type=_image_type(header, kinds) or None,
        sex=_sex(text(header, "PatientSex")),
        age_years=_age(header),
        table_height_mm=_first_number([*sources, *geometry], "TableHeight"),
        spectral=None if spectral is None else f"{spectral.words} (by {spectral.by})",
    )


def _image_type(header: Any, kinds: list[Any]) -> tuple[str, ...]:
    """Return Image Type, and what the frame of an enhanced CT adds to it: its type and how it was calculated."""
    values = image_type(header)
    words = [word for kind in kinds for word in text(kind, "FrameType").split()]
    words += [text(kind, "VolumeBasedCalculationTechnique") for kind in kinds]
    return (*values, *(word for word in dict.fromkeys(words) if word not in ("", "NONE", *values)))


def _first_number(sources: list[Any], keyword: str) -> float | None:
    return next((value for source in sources if (value := number(source, keyword)) is not None), None)


def _sex(value: str) -> Literal["F", "M"] | None:
    letter = value.upper()
    return "F" if letter == "F" else "M" if letter == "M" else None


def header_findings(header: Any, frame: int = 0) -> tuple[Finding, ...]:
    """Return findings about missing or contradictory header values: age, contrast agent, numbers, energies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shared = first(header, "SharedFunctionalGroupsSequence")
        frames = items(header, "PerFrameFunctionalGroupsSequence")
        converted = first(shared, "UnassignedSharedConvertedAttributesSequence")
        own = frames[frame] if frame < len(frames) else None
        said = list(_age_findings(header))
        if not _contrast(header, shared, own, converted)[1]:
            said.append(finding("contrast-words"))
        body_part = text(header, "BodyPartExamined")
        if shows_no_trunk(body_part):
            said.append(finding("body-part-elsewhere", part=body_part))
        damaged = [name for keyword, name in NUMBERS.items() if unreadable(header, keyword)]
        if damaged:
            said.append(finding("elements-unreadable", elements=", ".join(damaged)))
    return tuple(said)


def _age_findings(header: Any) -> tuple[Finding, ...]:
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
    # A bare number means years.
    written += "Y" if written.isdigit() else ""
    if len(written) < 2 or not written[:-1].isdigit() or written[-1] not in YEARS_PER_UNIT:
        return None
    years = int(written[:-1]) * YEARS_PER_UNIT[written[-1]]
    return round(years, 2) if 0 < years <= OLDEST_YEARS else None


def _blank_age(written: str) -> bool:
    """Return whether an age is a placeholder written by anonymisers."""
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


def _contrast(header: Any, shared: Any, frame: Any, converted: Any) -> tuple[bool | None, bool]:
    """Return whether contrast agent was given (None if unknown) and whether the text is understood."""
    usage = first(shared, "ContrastBolusUsageSequence") or first(frame, "ContrastBolusUsageSequence")
    administered = text(usage, "ContrastBolusAgentAdministered").upper()
    if administered in ("YES", "NO"):
        return administered == "YES", True
    for source in (header, converted):
        if source is None:
            continue
        route = contrast_stated(text(source, "ContrastBolusRoute"))
        code = first(source, "ContrastBolusAgentSequence")
        agent = " ".join(filter(None, (text(source, "ContrastBolusAgent"), text(code, "CodeMeaning"))))
        volume = number(source, "ContrastBolusVolume")
        given, understood = contrast_stated(agent)
        if "ORAL" in text(source, "ContrastBolusRoute").upper() and route[0] is None:
            return None, True
        if agent:
            # A volume of 0 beside a named agent is a scanner default.
            return (None, False) if given is False and (volume or 0) > 0 else (given, understood)
        if volume is not None and volume > 0:
            return True, True
    return None, True


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
