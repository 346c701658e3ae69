"""Section Scan: which CT, how it was acquired, and how fit it is for the two questions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import qt
from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.section import Section, connect, set_long_text
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study.scancheck import ScanCheck


class ScanSection(Section):
    """Checks the scan as soon as it is chosen or described otherwise, and shows what it is."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.choices = Choices(panel)

    def setup(self) -> None:
        """Connect the fields; the check waits until what changed has been shown."""
        yes_no = [(_("as the file says"), None), (_("no"), False), (_("yes"), True)]
        self.choices.combo(self.ui.gatedComboBox, "acquisition.ecg_gated", yes_no)
        connect(self.ui.scanCancelButton, "clicked()", self.panel.onCancel)
        connect(self.ui.scanCheckButton, "clicked()", self.onCheck)
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(0)
        connect(self.timer, "timeout()", self.onCheck)
        self._cancelled: Any = None
        for widget in (self.ui.scanProgressBar, self.ui.scanCancelButton, self.ui.scanCheckButton):
            widget.visible = False

    def cleanup(self) -> None:
        """Check nothing any more."""
        self.timer.stop()

    def update(self, parameters: Any) -> None:
        """Show what is known of the scan; what is not is looked for in a moment."""
        self.choices.update(parameters)
        checker = self.panel.checker
        wanted = checker.is_wanted(parameters) and self.panel.progress is None
        volume = parameters.volume if parameters is not None else None
        if self._cancelled is not volume:
            self._cancelled = None
        self.ui.scanCheckButton.visible = wanted and self._cancelled is not None
        if wanted and self._cancelled is None:
            self.timer.start()
        check = checker.known(parameters)
        if check is None:
            set_long_text(self.ui.acquisitionLabel, "")
            set_long_text(self.ui.scanLabel, escape(checker.problem(parameters)))
            return
        set_long_text(self.ui.acquisitionLabel, acquisition_table(check))
        set_long_text(self.ui.scanLabel, verdicts(check))

    def onCheck(self) -> None:
        """Check the scan that is chosen now."""
        parameters = self.panel.parameters
        if not self.panel.checker.is_wanted(parameters) or self.panel.progress is not None:
            return
        message = self.panel.run(
            lambda progress: self.panel.checker.run(parameters, progress),
            self.ui.scanProgressBar,
            self.ui.scanCancelButton,
        )
        # Cancelled once, a scan is checked again when its reader asks.
        self._cancelled = parameters.volume if message else None
        # What waited for a moment of rest to be analysed waits again.
        self.panel.inputChanged()


def acquisition_rows(check: ScanCheck) -> list[tuple[str, str]]:
    """Return what is known of how the scan was made, as names and texts; the increment comes from the positions."""
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
    """Return the acquisition as a table in rich text."""
    cells = "".join(
        f"<tr><td>{escape(name)}:&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in acquisition_rows(check)
    )
    return f"<table cellspacing='0' cellpadding='1'>{cells}</table>"


def verdicts(check: ScanCheck) -> str:
    """Return the verdict for each question as rich text, and under each the findings it rests on."""
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
    """Return findings as a list in rich text, errors first; empty where there are none."""
    order = {"error": 0, "warning": 1, "note": 2}
    items = sorted(dict.fromkeys(findings), key=lambda one: order[one.severity])
    marks = {"error": "<b>{}</b>", "warning": "{}", "note": "{}"}
    said = "".join(f"<li>{marks[one.severity].format(escape(one.message))}</li>" for one in items)
    return f"<ul style='margin-top:0; margin-left:-20px'>{said}</ul>" if said else ""


def verdict_words() -> dict[str, str]:
    """Return how the verdicts are called."""
    return {"standard": _("standard"), "opportunistic": _("opportunistic"), "unsuitable": _("unsuitable")}
