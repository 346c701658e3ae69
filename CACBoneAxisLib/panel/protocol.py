"""The protocol of a reading: chosen by name or from a file, and what every protocol makes of the same lesions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, presets
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.choices import other_settings
from CACBoneAxisLib.mrml.protocols import UNREAD, VISUAL_FIELDS, choose_protocol, own_protocol, protocol_of
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, set_text
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.settings import read_settings


class ProtocolSection(Section):
    """Chooses the rules of the score, those for contrast-enhanced scans, and holds what the reader sees by eye."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._rows: list[Mapping[str, Any]] = []
        self._filled: bool | None = None

    def setup(self) -> None:
        """Fill the choices and connect the widgets."""
        combo = self.ui.protocolComboBox
        for name, row in presets().items():
            combo.addItem(row["name"], name)
        combo.toolTip = _("By whose rules calcium is found and scored; threshold and smallest area become theirs.")
        connect(combo, "activated(int)", self.onProtocol)
        connect(self.ui.protocolFileButton, "clicked()", self.onFile)
        for number, widget in enumerate(self._visual()):
            for words in (_("not read"), *self._visual_words(number)):
                widget.addItem(words)
            connect(widget, "activated(int)", lambda index: self.onVisual())
        set_text(self.ui.protocolLabel, "")
        set_text(self.ui.contrastLabel, "")
        set_text(self.ui.visualLabel, "")
        fill(self.ui.protocolsTable, [], [])

    def update(self, parameters: Any) -> None:
        """Show the protocol of the reading and what was changed of it."""
        missing = "" if parameters is not None else _("Choose a CT volume first.")
        tip = _("By whose rules calcium is found and scored; threshold and smallest area become theirs.")
        enable(self.ui.protocolComboBox, missing, tip)
        self.ui.protocolFileButton.enabled = not missing
        for widget in self._visual():
            widget.enabled = not missing
        if parameters is None:
            set_text(self.ui.protocolLabel, "")
            return
        self._show_name(str(parameters.protocol))
        text = str(parameters.visual).ljust(len(VISUAL_FIELDS), UNREAD)
        for widget, letter in zip(self._visual(), text, strict=False):
            widget.setCurrentIndex(int(letter) + 1 if letter.isdigit() else 0)
        try:
            protocol = protocol_of(parameters)
        except UnusableInputError as error:
            set_text(self.ui.protocolLabel, str(error))
            return
        set_text(self.ui.protocolLabel, protocol_words(protocol))
        self._fill()

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show what every protocol makes of the lesions, and what was found on a contrast-enhanced scan."""
        self._rows = [] if result is None else result["calcium"]["under_protocols"]
        self._filled = None
        self._fill()
        found = None if result is None else result["calcium"]["contrast_calcium"]
        set_text(self.ui.contrastLabel, contrast_words(found) if found else "")
        visual = None if result is None else result["calcium"]["visual"]
        set_text(self.ui.visualLabel, visual_words(visual) if visual else "")

    def _fill(self) -> None:
        wanted = bool(self._rows) and self.panel.session is not None and bool(self.panel.session.showProtocols)
        if wanted == self._filled:
            return
        self._filled = wanted
        titles = [_("Protocol"), _("Agatston"), _("Volume [mm3]"), _("Mass [mg]")]
        texts = [
            [
                row["name"],
                format_value(row["agatston"], "agatston"),
                format_value(row["volume_mm3"], "volume_mm3"),
                format_value(row["mass_mg"], "mass_mg"),
            ]
            for row in (self._rows if wanted else [])
        ]
        fill(self.ui.protocolsTable, titles, texts)

    # What a user does

    def onProtocol(self, index: int) -> None:
        """Choose a protocol by name."""
        name = self.ui.protocolComboBox.itemData(index)
        if self.panel.parameters is not None and name in presets():
            with slicer.util.NodeModify(self.panel.parameters.parameterNode):
                choose_protocol(self.panel.parameters, name)

    def onFile(self) -> None:
        """Take the protocol of a settings file."""
        window = slicer.util.mainWindow()
        chosen = qt.QFileDialog.getOpenFileName(window, _("Protocol"), "", _("Settings (*.json *.toml)"))
        # PySide gives the filter along with the name.
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if path:
            self.takeFile(Path(path))

    def takeFile(self, path: Path) -> None:
        """Take the protocol of a settings file; what is wrong with it is one sentence in the panel."""
        parameters = self.panel.parameters
        try:
            said = own_protocol(read_settings(path))
        except (UnusableInputError, ValueError) as error:
            set_text(self.ui.protocolLabel, f"{path.name}: {error}")
            return
        other = other_settings(parameters)
        other["calcium"] = {**other.get("calcium", {}), **said}
        base = Settings.from_mapping({"calcium": said}).calcium
        with slicer.util.NodeModify(parameters.parameterNode):
            parameters.otherSettings = json.dumps(other)
            parameters.protocol = said["protocol"]
            parameters.threshold, parameters.minimumArea = base.threshold_hu, base.minimum_area_mm2

    def onVisual(self) -> None:
        """Keep what the reader sees by eye."""
        letters = [UNREAD if w.currentIndex == 0 else str(w.currentIndex - 1) for w in self._visual()]
        self.panel.parameters.visual = "".join(letters)

    def _visual(self) -> list[Any]:
        return [getattr(self.ui, f"visual{name}ComboBox") for name in ("LM", "LAD", "LCX", "RCA", "Drs")]

    def _visual_words(self, number: int) -> tuple[str, ...]:
        if number == len(VISUAL_FIELDS) - 1:
            return ("V0", "V1", "V2", "V3")
        return (_("0: none"), _("1: under a third"), _("2: a third to two thirds"), _("3: more"))

    def _show_name(self, name: str) -> None:
        combo = self.ui.protocolComboBox
        index = combo.findData(name)
        if index < 0:
            # A reader's own protocol joins the list under its name.
            combo.addItem(name, name)
            index = combo.findData(name)
        if combo.currentIndex != index:
            combo.setCurrentIndex(index)


def protocol_words(protocol: CalciumProtocol) -> str:
    """Return by whose rules is scored and which of them the reader changed."""
    changes = protocol.changed()
    if not changes:
        return str(protocol.citation)
    said = _("{citation}; changed: {changes}.")
    return str(said.format(citation=protocol.citation, changes="; ".join(changes)))


def contrast_words(found: Mapping[str, Any]) -> str:
    """Return volume and number of lesions on a contrast-enhanced scan."""
    said = _(
        "Calcium on a contrast-enhanced scan at {threshold} ({rule}): {volume} in {count} lesions; no Agatston score."
    )
    return str(
        said.format(
            threshold=format_value(found["threshold_hu"], "threshold_hu", unit=True),
            rule=found["rule"],
            volume=format_value(found["volume_mm3"], "volume_mm3", unit=True),
            count=format_value(found["lesions"], "count"),
        )
    )


def visual_words(found: Mapping[str, Any]) -> str:
    """Return the sum of the visual classes and the class of CAC-DRS."""
    parts = []
    if found["sum"] is not None:
        parts.append(_("Visual score {sum} of 12").format(sum=found["sum"]))
    if found["cac_drs"]:
        parts.append(f"CAC-DRS {found['cac_drs']}")
    return str(", ".join(parts))
