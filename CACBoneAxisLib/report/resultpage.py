"""The report: one page that a referring physician understands in a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from CACBoneAxisLib.imaging.contrast import result_is_enhanced
from CACBoneAxisLib.report import calciummeaning, details, wording
from CACBoneAxisLib.report.answers import answers
from CACBoneAxisLib.report.blocks import (
    Block,
    Definitions,
    Figure,
    Group,
    Heading,
    Page,
    Paragraph,
    Section,
    Span,
    by_severity,
)
from CACBoneAxisLib.report.numbers import format_value

VOLUME_WORDS = {
    "voxels": "voxels of the lesions times the volume of one.",
    "isotropic": "cubes at or above the threshold after linear interpolation.",
}

IDENTIFIER_NAMES = {
    "patient_name": "patient",
    "patient_id": "ID",
    "birth_date": "born",
    "accession_number": "accession number",
    "study_date": "study of",
    "study_uid": "study",
    "series_uid": "series",
}

SEVERITY_TITLES = {"error": "Numbers that are withheld", "warning": "Numbers that may be wrong", "note": "To know"}


def result_page(
    result: Mapping[str, Any],
    lesion_figures: Sequence[Figure] = (),
    vertebra_figures: Sequence[Figure] = (),
    bone_figures: Sequence[Figure] = (),
) -> Page:
    """Return the report of a result, with its pictures."""
    sections = [
        Section("What to be careful about", "careful", careful(result)),
        Section("Calcium by artery and lesion", "calcium", details.calcium_tables(result)),
        Section(
            "Worst lesion of each artery and structure",
            "calcium-pictures",
            [Group("pictures", lesion_figures)] if lesion_figures else [],
        ),
        Section("What the calcium score means", "meaning", calciummeaning.meaning_table(result)),
        Section("The same calcium under other protocols", "protocols", calciummeaning.protocol_tables(result)),
        Section("Suggested candidates", "suggestions", calciummeaning.suggestion_tables(result)),
        Section("Bone by vertebra", "bone", [*details.bone_tables(result), *vertebra_figures]),
        Section("Bone in pictures", "bone-pictures", bone_figures),
        Section("How the numbers are defined", "definitions", [definition_list(result)]),
        Section("What was set", "set", settings(result)),
        Section("Provenance", "provenance", [provenance(result)]),
    ]
    title = f"{result['study']['id']} - coronary calcium and bone density"
    shown = [section for section in sections if section.blocks]
    return Page(title, header(result), [answers(result), *shown], _software(result))


def header(result: Mapping[str, Any]) -> list[Block]:
    """Return title, study, one line on patient and scan, and both verdicts.

    Identifiers appear only where the result contains them.
    """
    study = result["study"]
    patient, scan, image = study["patient"], study["acquisition"], study["image"]
    sex = {"F": "woman", "M": "man"}.get(patient.get("sex") or "", "sex not known")
    age = patient.get("age_years")
    facts = [
        f"{format_value(age, 'age_years', unit=True)}" if age is not None else "age not known",
        sex,
        format_value(scan.get("kvp"), "kvp", unit=True) if scan.get("kvp") is not None else "tube voltage not known",
        {True: "contrast-enhanced", False: "no contrast agent", None: "contrast not known"}[result_is_enhanced(result)],
        {True: "ECG-gated", False: "not ECG-gated", None: "gating not known"}[scan.get("ecg_gated")],
        f"slices every {format_value(image['slice_increment_mm'], 'spacing_mm', unit=True)}",
    ]
    named = [f"{IDENTIFIER_NAMES.get(key, key)} {value}" for key, value in (study.get("identifiers") or {}).items()]
    fitness = [f"for {question}: {result['suitability'][question]['verdict']}" for question in ("calcium", "bone")]
    return [
        Heading("Coronary calcium and bone density from one CT", 1),
        Paragraph([Span(f"Study {study['id']}")]),
        *([Paragraph(" · ".join(named))] if named else []),
        Paragraph(" · ".join(facts), "soft"),
        Paragraph([Span(f"The scan {' · '.join(fitness)}")]),
    ]


def careful(result: Mapping[str, Any]) -> list[Block]:
    """Return the findings of the whole result, each once, by severity."""
    found = by_severity([asdict(remark) for remark in wording.remarks(result)], SEVERITY_TITLES)
    return found or [Paragraph("Nothing was found that speaks against these numbers.")]


def definition_list(result: Mapping[str, Any]) -> Definitions:
    """Return a short definition of each number, with its source."""
    protocol = result["calcium"]["protocol"]
    threshold = format_value(protocol.get("threshold_hu", 130), "threshold_hu", unit=True)
    area = format_value(protocol.get("minimum_area_mm2", 1), "area_mm2", unit=True)
    increment = format_value(protocol.get("reference_increment_mm", 3), "length_mm", unit=True)
    pairs = [
        (
            "Agatston score",
            f"In every axial slice, the area (mm2) of each connected region at or above {threshold} and of at least "
            f"{area}, times a weight of 1 to 4 from its peak HU, times slice increment / {increment}; summed over "
            f"slices, lesions and the four coronary arteries. {protocol.get('citation', '')}",
        ),
        (
            "Volume, mass",
            f"Volume: {VOLUME_WORDS[protocol.get('volume', 'voxels')]} Mass: volume of the voxels times mean HU times "
            "the scanner's calibration factor, which has no default. Callister 1998, Radiology 208:807",
        ),
        *(
            (entry["scheme"], f"{wording.category_words(entry)}. {entry.get('source') or ''}")
            for entry in wording.categories(result)
        ),
        (
            "Mean HU",
            "Mean of the voxels whose centres lie in the region of trabecular bone. HU thresholds hold for the level "
            "and the tube voltage they were published for.",
        ),
        (
            "BMD",
            "Volumetric bone mineral density, slope times HU plus intercept of the calibration, always in the "
            "material it was calibrated with; HA and K2HPO4 are not the same scale.",
        ),
        (
            "T-score",
            "Difference to the mean of the named young reference, in its standard deviations. QCT T-scores are not "
            "DXA T-scores, and the WHO classes do not apply to them (ISCD).",
        ),
        (
            "Z-score",
            "Difference to the mean of people of the same age, sex and ancestry in the named reference, in its "
            "standard deviations.",
        ),
    ]
    return Definitions(pairs)


def settings(result: Mapping[str, Any]) -> list[Block]:
    """Return every field of protocols and calibration, and the facts stated about patient and scan."""
    # Phantom and tissue measurements are shown as pictures, not as settings.
    line = {k: v for k, v in (result["bone"]["calibration"] or {}).items() if k not in ("phantom_scan", "tissue_scan")}
    calcium, bone = result["calcium"]["protocol"], {"calibration": line, **result["bone"]["protocol"]}
    stated = result["provenance"].get("settings") or {}
    given = {key: value for key, value in stated.items() if key not in ("calcium", "bone")}
    sides = [Group("column", _listed(title, fields)) for title, fields in (("Calcium", calcium), ("Bone", bone))]
    return [Group("columns", sides), *_listed("Stated about patient and scan", given)]


def _listed(title: str, fields: Mapping[str, Any]) -> list[Block]:
    pairs = list(_flat(fields))
    return [Heading(title), Definitions(pairs)] if pairs else []


def provenance(result: Mapping[str, Any]) -> Definitions:
    """Return software and version, time, and every input with its SHA-256."""
    made = result["provenance"]
    image, scan = result["study"]["image"], result["study"]["acquisition"]
    size = " x ".join(str(n) for n in image["size"])
    spacing = " x ".join(format_value(s, "spacing_mm") for s in image["spacing_mm"])
    pairs = [
        ("Software", _software(result)),
        ("Made", f"{made['started']}, in {format_value(made['seconds'], 'seconds', unit=True)}"),
        ("Image", f"{image['name']} ({image['format']}), {size} voxels of {spacing} mm"),
        (
            "Scan",
            "; ".join(f"{key} {_plain(value)}" for key, value in scan.items() if value is not None) or "not known",
        ),
    ]
    if review := made.get("review"):
        replaced = review["replaces_sha256"]
        more = f"; the result before has SHA-256 {replaced}" if replaced else ""
        pairs.append(("Corrected in review", f"{review['corrected']}, correction {review['corrections']}{more}"))
    if "trail" in made:
        approved = made["approved"]
        said = f"by {approved['name']}, {approved['time']}" if approved else "no"
        pairs.append(("Approved", said))
        pairs += [("Done" if n == 0 else "", trail_words(item)) for n, item in enumerate(made["trail"])]
    pairs += [
        (f"Input: {item['role']}", f"{item['name']}, SHA-256 {item['sha256'] or 'not computed'}")
        for item in made["inputs"]
    ]
    return Definitions(pairs)


def trail_words(item: Mapping[str, Any]) -> str:
    """Return one action of a reading's trail as a line."""
    by = f", {item['by']}" if item.get("by") else ""
    return f"{item['time']}{by}: {item['action']}"


def _software(result: Mapping[str, Any]) -> str:
    return f"{result['provenance']['software']} {result['provenance']['version']}"


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or "none"
    return str(value)
