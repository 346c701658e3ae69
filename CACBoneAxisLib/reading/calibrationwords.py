"""Describe the consequences of a selected calibration or reference."""

from __future__ import annotations

from html import escape
from typing import Any

from CACBoneAxisLib.bone.calibration import FURTHER_KINDS, Calibration
from CACBoneAxisLib.bone.references import TScoreReference, t_score_references
from CACBoneAxisLib.bone.zscores import GROUP_WORDS, z_score_references
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.mrml.choices import chosen
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.study.scancheck import ScanCheck


def kind_words() -> dict[str, str]:
    """Return the display names of the calibration kinds."""
    return {
        "none": _("none: HU only"),
        "linear": _("linear: slope and intercept"),
        "phantom": _("phantom in the scan"),
        "asynchronous": _("phantom of another day: file"),
        "tissue": _("the patient's own tissues: research only"),
        "dual-energy": _("dual energy: two volumes of the scan"),
    }


def missing_words() -> dict[str, str]:
    """Return the sentences about incomplete calibrations."""
    return {
        "slope": _("No BMD until the slope of your scanner's calibration is typed."),
        "material": _("No BMD until the material is chosen."),
        "phantom": _("No BMD until the phantom is chosen."),
        "file": _("No BMD until a calibration file is chosen."),
        "second": _("No BMD until the second volume is chosen."),
        "energies": _("No BMD until the energies of both volumes are typed."),
    }


def calibration_words(calibration: Calibration, check: ScanCheck | None) -> list[str]:
    """Return what a calibration gives, its limits and any refusal, as rich text.

    Parameters
    ----------
    calibration : from the settings
    check : check of the scan, None if not made yet
    """
    if calibration.kind == "none":
        return [_("HU and published HU thresholds; no BMD, class, T- or Z-score.")]
    lines = []
    line = calibration
    findings: tuple[Finding, ...] = ()
    if check is not None and calibration.kind == "phantom":
        phantom = check.phantom
        findings = phantom.findings if phantom is not None else ()
        line = phantom.calibration if phantom is not None and phantom.calibration is not None else calibration
    elif check is not None:
        usable, findings = calibration.check(check.image.acquisition.kvp, check.image.acquisition)
        if not usable and calibration.kind not in FURTHER_KINDS:
            lines.append("<b>{}</b>".format(_("Refused for this scan; no BMD is given.")))
    if calibration.kind == "tissue":
        lines.append(
            _("Research only: density of HA from air, fat, blood and muscle, with its uncertainty; no class or score.")
        )
    if calibration.kind == "dual-energy":
        lines.append(dual_words(calibration))
    elif line.slope is not None and line.intercept is not None:
        sign = "+" if line.intercept >= 0 else "-"
        equation = f"BMD = {line.slope:.5g} x HU {sign} {abs(line.intercept):.4g} mg/cm3 {line.material}"
        made = _("made at {kvp} kVp").format(kvp=f"{line.kvp:g}") if line.kvp else _("tube voltage not stated")
        lines.append(f"{escape(equation)}; {made}")
    elif check is not None and calibration.kind == "phantom":
        lines.append("<b>{}</b>".format(_("No BMD is given.")))
    if calibration.kind == "asynchronous":
        facts = [calibration.date, calibration.manufacturer, calibration.model, calibration.kernel]
        if calibration.table_height_mm is not None:
            facts.append(_("table at {height} mm").format(height=f"{calibration.table_height_mm:g}"))
        lines.append(escape(", ".join(fact for fact in facts if fact)))
    return [*lines, *(escape(finding.message) for finding in findings)]


def dual_words(calibration: Calibration) -> str:
    """Return what a dual-energy calibration gives."""
    if calibration.slope is None or calibration.intercept is None:
        return _("BMD is the density of HA that both volumes give; a slope, intercept and material may map it.")
    sign = "+" if calibration.intercept >= 0 else "-"
    line = f"BMD = {calibration.slope:.5g} x HA {sign} {abs(calibration.intercept):.4g} mg/cm3 {calibration.material}"
    return escape(line)


def t_score_items(parameters: Any) -> list[tuple[str, Any]]:
    """Return the available T-score references, including the site's own."""
    own = own_references(parameters)
    named = {row.reference: row for row in (*t_score_references(), *own)}
    return [(_("none"), None), *((f"{name}: {row.site}, {row.material}", name) for name, row in named.items())]


def z_score_items() -> list[tuple[str, Any]]:
    """Return the available Z-score references."""
    names = dict.fromkeys(row.reference for row in z_score_references())
    return [(_("none"), None), *((name, name) for name in names)]


def own_references(parameters: Any) -> tuple[TScoreReference, ...]:
    """Return the site references kept with a reading."""
    rows = (chosen(parameters, "bone.site_references") or []) if parameters is not None else []
    try:
        return tuple(TScoreReference(**row) for row in rows)
    except (TypeError, ValueError):
        return ()


def references_implied(parameters: Any) -> list[str]:
    """Return the selected references' populations and limits as rich text."""
    lines = []
    name = chosen(parameters, "bone.t_score_reference")
    rows = [row for row in (*t_score_references(), *own_references(parameters)) if row.reference == name]
    if rows:
        groups = ", ".join(
            f"{GROUP_WORDS.get(row.sex, row.sex)} {row.mean_mg_cm3:g} ± {row.sd_mg_cm3:g}" for row in rows
        )
        text = _("T-score: only for {site} vertebrae with the material {material}; {groups} mg/cm3 ({source}).")
        lines.append(
            escape(text.format(site=rows[0].site, material=rows[0].material, groups=groups, source=rows[0].source))
        )
    name = chosen(parameters, "bone.z_score_reference")
    of_z = [row for row in z_score_references() if row.reference == name]
    if of_z:
        ages = f"{min(r.age_from_years for r in of_z)}-{max(r.age_to_years for r in of_z)}"
        groups = ", ".join(dict.fromkeys(row.ancestry for row in of_z))
        text = _("Z-score: needs age ({ages}), sex and group ({groups}) of the patient ({source}).")
        lines.append(escape(text.format(ages=ages, groups=groups, source=of_z[0].source)))
    own = own_references(parameters)
    if own:
        names = ", ".join(dict.fromkeys(row.reference for row in own))
        lines.append(escape(_("Site's own: {names}.").format(names=names)))
    return lines


def estimate_text(name: str) -> str:
    """Return the list text of an equation in ``data/bmd_conversions.json``."""
    row = next(row for row in load_table("bmd_conversions")["rows"] if row["name"] == name)
    return f"{row['from']} / {row['to']}: {row['source']}" + (f", {row['kvp']} kVp" if row["kvp"] else "")
