"""Implement the Slicer panel: its sections over the scene's workspace."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.panel.batch import BatchSection
from CACBoneAxisLib.panel.bone import BoneSection
from CACBoneAxisLib.panel.calcium import CalciumSection
from CACBoneAxisLib.panel.calibration import CalibrationSection
from CACBoneAxisLib.panel.candidates import CandidatesSection
from CACBoneAxisLib.panel.clicks import Clicks
from CACBoneAxisLib.panel.compare import CompareSection
from CACBoneAxisLib.panel.forms import bound_widgets, release_forms
from CACBoneAxisLib.panel.layout import ViewsSection
from CACBoneAxisLib.panel.lesions import LesionTools
from CACBoneAxisLib.panel.locking import Lock
from CACBoneAxisLib.panel.patient import PatientSection
from CACBoneAxisLib.panel.progress import ProgressBar
from CACBoneAxisLib.panel.protocol import ProtocolSection
from CACBoneAxisLib.panel.quickstart import QuickStartSection
from CACBoneAxisLib.panel.regions import RegionsSection
from CACBoneAxisLib.panel.report import ReportSection
from CACBoneAxisLib.panel.scan import ScanSection
from CACBoneAxisLib.panel.section import Section, connect, enable, set_text
from CACBoneAxisLib.panel.selectors import NodeSelectors
from CACBoneAxisLib.panel.suggestions import SuggestionsSection
from CACBoneAxisLib.reading.core import no_volume
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.reading import Reading
from CACBoneAxisLib.reading.workspace import Workspace

SECTIONS = (
    QuickStartSection,
    ViewsSection,
    ScanSection,
    PatientSection,
    CalciumSection,
    LesionTools,
    CandidatesSection,
    SuggestionsSection,
    ProtocolSection,
    RegionsSection,
    CalibrationSection,
    BoneSection,
    ReportSection,
    CompareSection,
    BatchSection,
)


class Panel:
    """Shows the selected volume's reading and result; hosts workspace and sections.

    Parameters
    ----------
    ui : widgets of CACBoneAxis.ui by name
    logic : CACBoneAxisLogic
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        self.ui = ui
        self.logic = logic
        self.workspace = Workspace(slicer.mrmlScene, self, logic.getSessionNode, logic.getParameterNode, logic.analyses)
        self.clicks = Clicks()
        self._lock = Lock(ui)
        self._progress: ProgressBar | None = None
        self._shown: tuple[Any, int] | None = None
        self._session_widgets, self._reading_widgets = bound_widgets(ui)
        self._selectors = NodeSelectors(self)
        self._connected: dict[str, tuple[Any, Any]] = {}
        self.sections: list[Section] = [section(self) for section in SECTIONS]

    def setup(self) -> None:
        """Connect every widget, once."""
        connect(self.ui.applyButton, "clicked()", self.onApply)
        connect(self.ui.cancelButton, "clicked()", self.cancel)
        self.ui.progressBar.visible = False
        self.ui.cancelButton.visible = False
        self._selectors.setup()
        for section in self.sections:
            section.setup()
        self._enable_choices(False)
        self.workspace.setup()

    def enter(self) -> None:
        """Follow the scene."""
        for section in self.sections:
            section.enter()
        self.workspace.start()

    def exit(self) -> None:
        """Stop following the scene while other modules are open."""
        for section in self.sections:
            section.exit()
        self.workspace.stop()

    def cleanup(self) -> None:
        """Stop observing the scene; the widgets are deleted with their parent."""
        self.workspace.cleanup()
        for section in self.sections:
            section.cleanup()
        self.clicks.take(None)
        self._selectors.removeObservers()
        release_forms(self.ui)

    @property
    def session(self) -> Any:
        """The choices of the scene (CACBoneAxisSessionNode), or None."""
        return self.workspace.session

    @property
    def reading(self) -> Reading | None:
        """The reading that is shown, or None."""
        return self.workspace.reading

    @property
    def parameters(self) -> Any:
        """The choices of the reading (CACBoneAxisParameterNode)."""
        return self.reading.parameters if self.reading is not None else None

    def onApply(self) -> None:
        """Analyse now; show an error as one sentence in the panel."""
        if self.reading is not None and not self.reading.missing():
            self.reading.analyze()

    # Host interface used by the workspace

    def later(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Call a function once after a delay."""
        qt.QTimer.singleShot(milliseconds, function)

    def session_changed(self, session: Any) -> None:
        """Connect the widgets to the choices of the scene."""
        if session is not None and str(session.outputFolder) in ("", "."):
            session.outputFolder = documents_folder()
        self._connect("session", session, self._session_widgets)

    def reading_changed(self, reading: Reading | None) -> None:
        """Connect the widgets to the choices of another reading."""
        self._connect("reading", reading.parameters if reading is not None else None, self._reading_widgets)
        self._enable_choices(reading is not None)
        # The message was about the other reading.
        for label in (self.ui.clickLabel, self.ui.regionLabel):
            set_text(label, "")

    def refresh(self) -> None:
        """Show the current reading and scene."""
        reading = self.reading
        self._lock.release()
        self._selectors.update()
        self._show_result()
        for section in self.sections:
            section.update()
        notices = reading.guard.notices() if reading is not None else []
        set_text(self.ui.noticeLabel, "<br>".join(escape(sentence) for sentence in notices))
        self._lock.apply(reading.locked() if reading is not None else "")
        self._show_apply()

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        set_text(self.ui.messageLabel, message)

    def run(self, work: Callable[[Progress], object], bar: Any = None, cancel_button: Any = None) -> str:
        """Run work that reports progress; return a one-sentence error or "".

        Parameters
        ----------
        bar : progress bar; None for the one beside Apply, with its Cancel
        cancel_button : button that cancels the work at its next step; None if it cannot be cancelled
        """
        if bar is None:
            bar, cancel_button = self.ui.progressBar, self.ui.cancelButton
        self._progress = ProgressBar(bar, cancel_button)

        def shown(progress: Progress) -> None:
            self._show_apply()
            work(progress)

        try:
            return self.workspace.run(shown, self._progress)
        finally:
            self._progress.hide()
            self._progress = None
            self._show_apply()

    def cancel(self) -> None:
        """Cancel the running work at its next step."""
        if self._progress is not None:
            self._progress.cancel()

    def choose_row(self, role: str, name: str) -> None:
        """Select a result table's row in the section that shows it."""
        for section in self.sections:
            section.choose_row(role, name)

    def _connect(self, what: str, choices: Any, widgets: Any) -> None:
        before = self._connected.pop(what, None)
        if before is not None:
            before[0].disconnectGui(before[1])
        if choices is not None:
            self._connected[what] = (choices, choices.connectGui(widgets))

    def _enable_choices(self, there_are_some: bool) -> None:
        for widget in vars(self._reading_widgets).values():
            widget.enabled = there_are_some

    def _show_apply(self) -> None:
        missing = self.reading.missing() if self.reading is not None else no_volume()
        enable(self.ui.applyButton, missing, _("Analyse the scan with these choices"))

    def _show_result(self) -> None:
        reading = self.reading
        record = reading.result() if reading is not None else None
        shown = (record, record.GetMTime()) if record is not None else None
        if shown != self._shown or shown is None:
            mapping = reading.result_mapping() if reading is not None else None
            for section in self.sections:
                section.show(mapping)
            self._shown = shown
        self.say("")


def documents_folder() -> Path:
    """Return the user's documents folder, the default for reports."""
    return Path(qt.QStandardPaths.writableLocation(qt.QStandardPaths.DocumentsLocation))
