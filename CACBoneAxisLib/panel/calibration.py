"""Section Bone, part 2: calibration, references and their consequences."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from CACBoneAxisLib.bone.calibration import CALIBRATION_KINDS, FURTHER_KINDS, MATERIALS
from CACBoneAxisLib.bone.estimates import estimate_names
from CACBoneAxisLib.bone.phantoms import phantoms
from CACBoneAxisLib.bone.references import load_t_score_references, t_score_references
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.choices import choose, chosen
from CACBoneAxisLib.mrml.parameters import settings_from_parameters, unfinished_calibration
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.pictures import scaled, show_picture
from CACBoneAxisLib.panel.section import Section, connect, enable, set_checked, set_text
from CACBoneAxisLib.reading.calibrationwords import (
    calibration_words,
    estimate_text,
    kind_words,
    missing_words,
    references_implied,
    t_score_items,
    z_score_items,
)
from CACBoneAxisLib.report.bonefigures import calibration_panels
from CACBoneAxisLib.report.plots import GAP, side_by_side, stacked
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.calibration import calibration_from
from CACBoneAxisLib.study.scancheck import ScanCheck
from CACBoneAxisLib.study.settings import read_settings

PLOT_PIXELS = 460
KIND = "bone.calibration"
LINE = (("slope", "SpinBox"), ("intercept", "SpinBox"), ("material", "ComboBox"), ("calibrationKvp", "SpinBox"))


class CalibrationSection(Section):
    """Selects calibration, references and estimates, and explains consequences."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.choices = Choices(self)
        self._problem = ""
        self._plotted: Any = None
        self._updating = False

    def setup(self) -> None:
        """Connect the fields."""
        ui, choices = self.ui, self.choices
        words = kind_words()
        kinds = [(words.get(kind, kind), kind) for kind in (*CALIBRATION_KINDS, *FURTHER_KINDS)]
        choices.combo(ui.calibrationComboBox, f"{KIND}.kind", kinds, self._with_kind)
        for box in (ui.firstEnergySpinBox, ui.secondEnergySpinBox):
            connect(box, "valueChanged(double)", lambda value: self.onEnergies())
        named = [(_("choose it"), None), *((one.title, name) for name, one in phantoms().items())]
        choices.combo(ui.phantomComboBox, f"{KIND}.phantom", named)
        choices.number(ui.slopeSpinBox, f"{KIND}.slope")
        choices.number(ui.interceptSpinBox, f"{KIND}.intercept", None)
        choices.combo(ui.materialComboBox, f"{KIND}.material", [(_("choose it"), None), *((m, m) for m in MATERIALS)])
        choices.number(ui.calibrationKvpSpinBox, f"{KIND}.kvp")
        connect(ui.calibrationPathLineEdit, "currentPathChanged(QString)", self.onCalibrationFile)
        connect(ui.rodsCheckBox, "toggled(bool)", self.onShowRods)
        connect(ui.moveRodsButton, "clicked()", self.onMoveRods)
        connect(ui.findRodsButton, "clicked()", self.onFindRods)
        choices.combo(ui.tScoreReferenceComboBox, "bone.t_score_reference", t_score_items(None))
        choices.combo(ui.zScoreReferenceComboBox, "bone.z_score_reference", z_score_items())
        connect(ui.siteReferencePathLineEdit, "currentPathChanged(QString)", self.onSiteReferences)
        for name in estimate_names():
            item = qt.QListWidgetItem(estimate_text(name))
            item.setCheckState(qt.Qt.Unchecked)
            ui.estimatesListWidget.addItem(item)
        connect(ui.estimatesListWidget, "itemChanged(QListWidgetItem*)", self.onEstimate)
        show_picture(ui.calibrationPlotLabel, None)

    def update(self) -> None:
        """Show the fields of the selected kind and its consequences."""
        ui, parameters = self.ui, self.parameters
        self._updating = True
        self.choices.fill(ui.tScoreReferenceComboBox, t_score_items(parameters))
        self.choices.update()
        self._show_estimates(parameters)
        self._updating = False
        kind = str(chosen(parameters, f"{KIND}.kind") or "none") if parameters is not None else "none"
        rows = {
            "phantom": (ui.phantomLabel, ui.phantomComboBox, ui.rodsPanel),
            "asynchronous": (ui.calibrationPathLabel, ui.calibrationPathLineEdit),
            "dual-energy": (ui.secondVolumeLabel, ui.secondVolumeSelector, ui.energiesLabel, ui.energiesPanel),
        }
        for of_kind, widgets in rows.items():
            for widget in widgets:
                widget.visible = kind == of_kind
        for name, box in LINE:
            of_line = kind == "linear" or (kind == "dual-energy" and name != "calibrationKvp")
            getattr(ui, f"{name}Label").visible = of_line
            getattr(ui, f"{name}{box}").visible = of_line
        self._show_energies(parameters)
        check = self._check()
        phantom = check.phantom if check is not None else None
        found = phantom is not None and bool(phantom.axes)
        locked = self.locked()
        for widget in (ui.calibrationPathLineEdit, ui.siteReferencePathLineEdit, ui.estimatesListWidget):
            widget.enabled = parameters is not None and not locked
        missing = "" if found else _("No rods were found in the scan.")
        enable(self.ui.rodsCheckBox, missing, _("Show the discs that are measured in the rods over the scan."))
        enable(
            self.ui.moveRodsButton, locked or missing, _("Put a point on each rod, to be moved to where the rod is.")
        )
        rods = self.reading.rods if self.reading is not None else None
        enable(
            self.ui.findRodsButton,
            locked or ("" if rods is not None and rods.corrected else _("The rods are where they were found.")),
            _("Forget the corrected places and look for the rods again."),
        )
        set_checked(ui.rodsCheckBox, rods is not None and rods.shown)
        if rods is not None:
            rods.update(check)
        set_text(ui.calibrationLabel, "<br>".join(self._implied(parameters, check)))
        set_text(ui.referenceLabel, "<br>".join(references_implied(parameters)) if parameters is not None else "")
        self._draw(phantom, check)

    # User actions

    def onCalibrationFile(self, path: str) -> None:
        """Load a calibration file into the reading."""
        if not path or self.parameters is None:
            return
        try:
            found = calibration_from(read_settings(Path(path)))
            Settings.from_mapping({"bone": {"calibration": found}})
            self._problem = ""
            choose(self.parameters, {KIND: found})
        except UnusableInputError as error:
            self._problem = str(error)
        self.update()

    def onSiteReferences(self, path: str) -> None:
        """Load a site's reference file into the reading; an empty path clears it."""
        parameters = self.parameters
        if parameters is None:
            return
        try:
            rows = [asdict(row) for row in load_t_score_references(Path(path))] if path else []
            self._problem = ""
            known = {row.reference for row in t_score_references()} | {row["reference"] for row in rows}
            name = chosen(parameters, "bone.t_score_reference")
            # A missing reference would block the analysis of the whole scan.
            kept = name if name in known else None
            choose(parameters, {"bone.site_references": rows or None, "bone.t_score_reference": kept})
        except UnusableInputError as error:
            self._problem = str(error)
        self.update()

    def onEnergies(self) -> None:
        """Store the energies of both volumes once both are entered."""
        if self._updating or self.parameters is None:
            return
        typed = [float(self.ui.firstEnergySpinBox.value), float(self.ui.secondEnergySpinBox.value)]
        if all(typed):
            choose(self.parameters, {f"{KIND}.energies_kev": typed})

    def _with_kind(self, kind: str) -> dict[str, Any]:
        """Return what changes with the kind: dual-energy slopes fit no other kind."""
        former = chosen(self.parameters, f"{KIND}.kind")
        if (kind in FURTHER_KINDS) == (former in FURTHER_KINDS):
            return {}
        return {f"{KIND}.{name}": None for name in ("slope", "intercept", "material", "kvp")}

    def _show_energies(self, parameters: Any) -> None:
        typed = (chosen(parameters, f"{KIND}.energies_kev") if parameters is not None else None) or ()
        if len(typed) == 2:
            self._updating = True
            for box, value in zip((self.ui.firstEnergySpinBox, self.ui.secondEnergySpinBox), typed, strict=True):
                if float(box.value) != float(value):
                    box.value = float(value)
            self._updating = False

    def onEstimate(self, item: Any) -> None:
        """Request an equation, or drop it."""
        if self._updating or self.parameters is None:
            return
        widget = self.ui.estimatesListWidget
        asked = [n for row, n in enumerate(estimate_names()) if widget.item(row).checkState() == qt.Qt.Checked]
        choose(self.parameters, {"bone.estimates": asked or None})

    def onShowRods(self, on: bool) -> None:
        """Show or hide the measured discs over the scan."""
        if self._updating or self.reading is None:
            return
        if on:
            self.reading.rods.show(self._check())
        else:
            self.reading.rods.hide()

    def onMoveRods(self) -> None:
        """Add a point to each rod; the rods are then measured at the points."""
        if self.reading is not None:
            self.reading.rods.move(self._check())

    def onFindRods(self) -> None:
        """Detect the rods again."""
        if self.reading is not None:
            self.reading.rods.find()

    def _check(self) -> ScanCheck | None:
        return self.workspace.checker.known(self.parameters)

    def _draw(self, phantom: Any, check: ScanCheck | None) -> None:
        if phantom is self._plotted:
            return
        self._plotted = phantom
        picture = None
        if phantom is not None and phantom.rods and check is not None:
            over, line, drift = calibration_panels(phantom.to_mapping(), check.image)
            half = (PLOT_PIXELS - GAP) // 2
            plots = side_by_side([scaled(line, half), scaled(drift, half)])
            picture = stacked([scaled(over, PLOT_PIXELS), plots])
        show_picture(
            self.ui.calibrationPlotLabel, picture, _("The rods over the scan, their line, and their HU along it.")
        )

    def _implied(self, parameters: Any, check: ScanCheck | None) -> list[str]:
        if parameters is None:
            return []
        said = [escape(self._problem)] if self._problem else []
        missing = unfinished_calibration(chosen(parameters, KIND))
        if not missing and chosen(parameters, f"{KIND}.kind") == "dual-energy" and parameters.secondVolume is None:
            missing = "second"
        if missing:
            return [*said, f"<b>{escape(missing_words()[missing])}</b>"]
        try:
            settings = Settings.from_mapping(settings_from_parameters(parameters))
        except UnusableInputError as error:
            return [*said, escape(str(error))]
        return [*said, *calibration_words(settings.bone.calibration, check)]

    def _show_estimates(self, parameters: Any) -> None:
        asked = chosen(parameters, "bone.estimates") if parameters is not None else None
        widget = self.ui.estimatesListWidget
        for row, name in enumerate(estimate_names()):
            state = qt.Qt.Checked if name in (asked or ()) else qt.Qt.Unchecked
            if widget.item(row).checkState() != state:
                widget.item(row).setCheckState(state)
