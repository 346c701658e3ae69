"""Select a reading's protocol and compare all protocols on its lesions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.calcium.protocol import presets
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.protocols import UNREAD, VISUAL_FIELDS, choose_protocol, protocol_of, take_protocol
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, choose_file, connect, enable, fill, no_ct, set_text
from CACBoneAxisLib.reading.answers import contrast_words, protocol_words, visual_words
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study.settings import read_settings


class ProtocolSection(Section):
    """Selects the scoring and contrast-enhanced rules and holds the visual reading."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
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

    def update(self) -> None:
        """Show the protocol of the reading and its changes."""
        parameters = self.parameters
        missing = "" if parameters is not None else no_ct()
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
        """Show the scores under every protocol and the contrast-enhanced findings."""
        self._rows = [] if result is None else result["calcium"]["under_protocols"]
        self._filled = None
        self._fill()
        found = None if result is None else result["calcium"]["contrast_calcium"]
        set_text(self.ui.contrastLabel, contrast_words(found) if found else "")
        visual = None if result is None else result["calcium"]["visual"]
        set_text(self.ui.visualLabel, visual_words(visual) if visual else "")

    def _fill(self) -> None:
        wanted = bool(self._rows) and self.workspace.session is not None and bool(self.workspace.session.showProtocols)
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

    # User actions

    def onProtocol(self, index: int) -> None:
        """Select a protocol by name."""
        name = self.ui.protocolComboBox.itemData(index)
        if self.reading is not None and name in presets():
            with self.reading.in_one_event():
                choose_protocol(self.parameters, name)

    def onFile(self) -> None:
        """Use the protocol of a settings file."""
        path = choose_file(_("Protocol"), _("Settings (*.json *.toml)"))
        if path is not None:
            self.takeFile(path)

    def takeFile(self, path: Path) -> None:
        """Use the protocol of a settings file; show an error in the panel."""
        if self.reading is None:
            return
        try:
            with self.reading.in_one_event():
                take_protocol(self.parameters, read_settings(path))
        except (UnusableInputError, ValueError) as error:
            set_text(self.ui.protocolLabel, f"{path.name}: {error}")

    def onVisual(self) -> None:
        """Store the visual reading."""
        letters = [UNREAD if w.currentIndex == 0 else str(w.currentIndex - 1) for w in self._visual()]
        self.parameters.visual = "".join(letters)

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
            # A custom protocol is listed under its name.
            combo.addItem(name, name)
            index = combo.findData(name)
        if combo.currentIndex != index:
            combo.setCurrentIndex(index)
