"""Section Report: findings, report, saved files and approval."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.trail import trail
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.pages import page_of, show_page
from CACBoneAxisLib.panel.section import Section, choose_file, connect, enable, fill, no_ct, set_text, wait_cursor
from CACBoneAxisLib.reading.approval import approval
from CACBoneAxisLib.reading.saving import save_report
from CACBoneAxisLib.report.wording import RESEARCH_USE, remarks
from CACBoneAxisLib.study.dicomobjects import check_objects

PAPER = "a4"


class ReportSection(Section):
    """Lists findings, shows and saves the report, and approves the reading."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self._saved: tuple[Any, Path] | None = None
        self._trail_shown: Any = None

    def setup(self) -> None:
        """Connect the buttons."""
        connect(self.ui.showReportButton, "clicked(bool)", self.onShowReport)
        connect(self.ui.saveReportButton, "clicked()", self.onSaveReport)
        connect(self.ui.saveDicomButton, "clicked()", lambda: self.onSaveReport(objects=True))
        connect(self.ui.openReportButton, "clicked()", self.onOpenReport)
        connect(self.ui.restoreReadingButton, "clicked()", self.onRestore)
        connect(self.ui.approveButton, "clicked()", self.onApprove)
        connect(self.ui.unlockButton, "clicked()", self.onUnlock)
        self._hide_report()

    def update(self) -> None:
        """Show whether a report can be saved or opened and the approval state."""
        missing = self._not_ready()
        enable(self.ui.showReportButton, missing, _("Show the whole report here, as it is saved."))
        if missing:
            self._hide_report()
        parameters, session = self.parameters, self.workspace.session
        if not missing and (session is None or str(session.outputFolder) in ("", ".")):
            missing = _("Choose a folder first.")
        enable(self.ui.saveReportButton, missing, _("Save page, PDF, tables, segmentations and result.json."))
        if not missing:
            missing = self._no_objects(parameters.volume)
        ready = _("Save the report, and measurements, segmentation and PDF as DICOM objects of the CT's study.")
        enable(self.ui.saveDicomButton, missing, ready)
        missing = "" if parameters is not None else no_ct()
        if not missing and approval(parameters) is not None:
            missing = _("The reading is approved: unlock it first.")
        ready = _("Take seeds, regions and settings from measurements.dcm, as Save DICOM wrote it.")
        enable(self.ui.restoreReadingButton, missing, ready)
        page = self._page()
        enable(
            self.ui.openReportButton, "" if page else _("Save the report first."), _("Open the page in the browser.")
        )
        set_text(self.ui.reportLabel, _("Saved in {folder}").format(folder=page.parent) if page else "")
        self._show_approval()

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show every finding of the result once, errors first."""
        self._hide_report()
        browser = self.ui.findingsBrowser
        browser.visible = result is not None
        if result is None:
            return
        marks = {"error": _("Error"), "warning": _("Careful"), "note": _("Note")}
        items = [f"<p><b>{marks.get(r.severity, '')}:</b> {escape(r.message)}</p>" for r in remarks(result)]
        browser.setHtml("".join([*items, f"<p>{escape(RESEARCH_USE)}</p>"]))

    # User actions

    def onShowReport(self, checked: bool = True) -> None:
        """Show the report below the button, or hide it."""
        if not checked:
            self._hide_report()
            return
        result = self.reading.latest_result() if self.reading is not None else None
        if result is None:
            self._hide_report()
            return
        self.ui.reportBrowser.visible = True
        with wait_cursor():
            show_page(self.ui.reportBrowser, page_of(result))

    def onSaveReport(self, objects: bool = False) -> None:
        """Write the report into a new subfolder of the selected folder.

        Parameters
        ----------
        objects : also write DICOM objects into the CT's study
        """
        if self.reading is None or (objects and not self._ready_for_objects()):
            return
        folder = Path(self.workspace.session.outputFolder)
        try:
            with wait_cursor():
                saved = save_report(self.reading.volume, folder, paper=PAPER, objects=objects, qt=qt)
        except (UnusableInputError, OSError) as error:
            set_text(self.ui.reportLabel, _("The report could not be saved: {why}").format(why=escape(str(error))))
            return
        self._saved = (self.reading.result().GetID(), saved / "report.html")
        self.update()

    def onOpenReport(self) -> None:
        """Open the saved page in the user's browser."""
        page = self._page()
        if page is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page)))

    def onRestore(self) -> None:
        """Ask for a structured report and restore its reading."""
        path = choose_file(_("Structured report"), _("DICOM (*.dcm *);;All (*)"))
        if path is not None:
            self.restore(path)

    def restore(self, path: Path) -> None:
        """Replace the reading with that of a structured report and analyse it."""
        if self.reading is None:
            return
        try:
            with wait_cursor():
                self.reading.restore(path)
        except (UnusableInputError, OSError) as error:
            set_text(self.ui.reportLabel, _("Nothing was restored: {why}").format(why=escape(str(error))))

    def onApprove(self) -> None:
        """Approve the reading in the reader's name, as stated in the result."""
        if self.reading is not None:
            self.reading.approve(self._reader())

    def onUnlock(self) -> None:
        """Withdraw the approval so that the reading can be changed."""
        if self.reading is not None:
            self.reading.unlock(self._reader())

    def _reader(self) -> str:
        session = self.workspace.session
        return str(session.readerName).strip() if session is not None else ""

    def _not_ready(self) -> str:
        return self.reading.not_current() if self.reading is not None else no_ct()

    def _no_objects(self, volume: Any) -> str:
        """Return why DICOM objects cannot be made; empty if they can."""
        if not volume.GetAttribute("DICOM.instanceUIDs"):
            return _("DICOM objects belong to a study: load the CT from the DICOM database.")
        return ""

    def _ready_for_objects(self) -> bool:
        """Return whether DICOM objects can be made; offer to install highdicom."""
        try:
            check_objects(qt=qt)
        except UnusableInputError:
            question = _("DICOM objects are made with highdicom, which Slicer has from 5.12 on. Install it now?")
            if not slicer.util.confirmOkCancelDisplay(question):
                return False
            with wait_cursor():
                slicer.util.pip_install("highdicom")
        return True

    def _show_approval(self) -> None:
        reading, parameters = self.reading, self.parameters
        approved = approval(parameters)
        ready = _("Lock the reading in your name. It can be unlocked again; both stay in its trail.")
        missing = reading.cannot_approve(self._reader()) if reading is not None else no_ct()
        enable(self.ui.approveButton, missing, ready)
        missing = "" if approved is not None else _("The reading is not approved.")
        if not missing and not self._reader():
            missing = _("Say who unlocks the reading first.")
        enable(self.ui.unlockButton, missing, _("Take the approval back, so that the reading can be changed."))
        text = ""
        if approved is not None:
            text = _("Approved by <b>{name}</b>, {time}").format(name=escape(approved.name), time=approved.time)
            if reading is not None and reading.changed_since_result:
                text += "<br>" + _("Something was changed outside this panel since then.")
        set_text(self.ui.approvalLabel, text)
        actions = trail(parameters) if parameters is not None else []
        if actions != self._trail_shown:
            self._trail_shown = actions
            rows = [[item["time"], item.get("by", ""), item["action"]] for item in reversed(actions)]
            fill(self.ui.trailTable, [_("Time (UTC)"), _("Who"), _("What")], rows)

    def _hide_report(self) -> None:
        self.ui.reportBrowser.visible = False
        self.ui.showReportButton.checked = False

    def _page(self) -> Path | None:
        record = self.reading.result() if self.reading is not None else None
        if record is None or self._saved is None or self._saved[0] != record.GetID() or not self._saved[1].is_file():
            return None
        return self._saved[1]
