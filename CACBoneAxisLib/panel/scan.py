"""Section Scan: selected CT, acquisition and suitability."""

from __future__ import annotations

from html import escape
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, set_long_text
from CACBoneAxisLib.reading.scanwords import acquisition_table, verdicts


class ScanSection(Section):
    """Checks and shows the scan whenever its selection or description changes."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.choices = Choices(self)
        self._soon = self.workspace.defer(0, self.onCheck)
        self._cancelled: Any = None

    def setup(self) -> None:
        """Connect the fields; the check runs after the display is updated."""
        yes_no = [(_("as the file says"), None), (_("no"), False), (_("yes"), True)]
        self.choices.combo(self.ui.gatedComboBox, "acquisition.ecg_gated", yes_no)
        connect(self.ui.scanCancelButton, "clicked()", self.host.cancel)
        connect(self.ui.scanCheckButton, "clicked()", self.onCheck)
        for widget in (self.ui.scanProgressBar, self.ui.scanCancelButton, self.ui.scanCheckButton):
            widget.visible = False

    def cleanup(self) -> None:
        """Cancel the pending check."""
        self._soon.stop()

    def update(self) -> None:
        """Show the check of the scan, scheduling a missing one."""
        self.choices.update()
        checker, parameters = self.workspace.checker, self.parameters
        wanted = checker.is_wanted(parameters) and not self.workspace.busy
        volume = parameters.volume if parameters is not None else None
        if self._cancelled is not volume:
            self._cancelled = None
        self.ui.scanCheckButton.visible = wanted and self._cancelled is not None
        if wanted and self._cancelled is None:
            self._soon.start()
        check = checker.known(parameters)
        if check is None:
            set_long_text(self.ui.acquisitionLabel, "")
            set_long_text(self.ui.scanLabel, escape(checker.problem(parameters)))
            return
        set_long_text(self.ui.acquisitionLabel, acquisition_table(check))
        set_long_text(self.ui.scanLabel, verdicts(check))

    def onCheck(self) -> None:
        """Check the selected scan."""
        checker, parameters = self.workspace.checker, self.parameters
        if not checker.is_wanted(parameters) or self.workspace.busy:
            return
        message = self.host.run(
            lambda progress: checker.run(parameters, progress), self.ui.scanProgressBar, self.ui.scanCancelButton
        )
        # After Cancel, the scan is checked again only on request.
        self._cancelled = parameters.volume if message else None
        # A pending analysis is scheduled again.
        self.workspace.input_changed()
