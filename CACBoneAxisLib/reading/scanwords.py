"""Describe the scan check: acquisition and suitability for both questions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.words import verdict_words
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study.scancheck import ScanCheck


def acquisition_rows(check: ScanCheck) -> list[tuple[str, str]]:
    """Return the acquisition as names and texts.

    The increment comes from slice positions.
    """
    scan, geometry = check.image.acquisition, check.image.geometry
    unknown = _("not known")

    def said(value: Any, text: str) -> str:
        return unknown if value is None else text

    size = " x ".join(map(str, geometry.shape[::-1]))
    spacing = " x ".join(format_value(value, "spacing_mm") for value in geometry.spacing_mm)
    scanner = " ".join(dict.fromkeys(word for word in (scan.manufacturer, scan.model) if word))
    answers = {None: unknown, True: _("yes"), False: _("no")}
    rows = [
        (_("Voxels"), _("{size} of {spacing} mm").format(size=size, spacing=spacing)),
        (_("Slice increment"), format_value(geometry.slice_increment_mm, "spacing_mm", unit=True)),
        (_("Slice thickness"), said(scan.slice_thickness_mm, f"{scan.slice_thickness_mm or 0:g} mm")),
        (_("Tube voltage"), said(scan.kvp, format_value(scan.kvp, "kvp", unit=True))),
        (_("Kernel"), said(scan.kernel, str(scan.kernel))),
        (_("Contrast agent"), answers[scan.contrast]),
        (_("ECG gating"), answers[scan.ecg_gated]),
        (_("Scanner"), scanner or unknown),
        (_("Table height"), said(scan.table_height_mm, f"{scan.table_height_mm or 0:g} mm")),
    ]
    if check.blood is not None:
        blood = _("{hu} HU, {where}").format(hu=f"{check.blood.hu:.0f}", where=check.blood.where)
        rows.insert(6, (_("Blood in the aorta"), blood))
    if scan.age_years is not None or scan.sex is not None:
        sexes = {"F": _("female"), "M": _("male")}
        age = format_value(scan.age_years, "age_years", unit=True) if scan.age_years is not None else ""
        rows.append((_("Patient"), ", ".join(filter(None, (age, sexes.get(scan.sex or "", ""))))))
    return rows


def acquisition_table(check: ScanCheck) -> str:
    """Return the acquisition as a rich-text table."""
    cells = "".join(
        f"<tr><td>{escape(name)}:&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in acquisition_rows(check)
    )
    return f"<table cellspacing='0' cellpadding='1'>{cells}</table>"


def verdicts(check: ScanCheck) -> str:
    """Return each question's verdict and its findings as rich text."""
    words = verdict_words()
    fitness = {_("For calcium"): check.suitability.calcium, _("For bone"): check.suitability.bone}
    both = set(check.suitability.calcium.findings) & set(check.suitability.bone.findings)
    parts = []
    for name, one in fitness.items():
        own = [finding for finding in one.findings if finding not in both]
        parts.append(f"{escape(name)}: <b>{words[one.verdict]}</b>{sentences(own)}")
    common = [finding for finding in check.suitability.calcium.findings if finding in both]
    if common:
        parts.append(_("For both") + ":" + sentences(common))
    return "".join(f"<div>{part}</div>" for part in parts)


def sentences(findings: Sequence[Finding]) -> str:
    """Return findings as a rich-text list, errors first; empty if none."""
    order = {"error": 0, "warning": 1, "note": 2}
    items = sorted(dict.fromkeys(findings), key=lambda one: order[one.severity])
    marks = {"error": "<b>{}</b>", "warning": "{}", "note": "{}"}
    said = "".join(f"<li>{marks[one.severity].format(escape(one.message))}</li>" for one in items)
    return f"<ul style='margin-top:0; margin-left:-20px'>{said}</ul>" if said else ""
