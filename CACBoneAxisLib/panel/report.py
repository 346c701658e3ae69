"""Section Report: what to be careful about, and the report as files."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.panel.section import Section, connect, enable, set_text
from CACBoneAxisLib.report.wording import RESEARCH_USE, remarks


def documents_folder() -> Path:
    """Return the folder in which the user's documents are, where reports go unless another is chosen."""
    return Path(qt.QStandardPaths.writableLocation(qt.QStandardPaths.DocumentsLocation))


class ReportSection(Section):
    """Lists the findings and saves the report of the current volume."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._saved: tuple[Any, Path] | None = None

    def setup(self) -> None:
        """Connect the two buttons."""
        connect(self.ui.saveReportButton, "clicked()", self.onSaveReport)
        connect(self.ui.openReportButton, "clicked()", self.onOpenReport)

    def update(self, parameters: Any) -> None:
        """Show whether there is a report to save and one to open."""
        record = self.panel.result()
        missing = "" if record is not None else _("Press Apply first: there is no result yet.")
        if not missing and self.panel.changed_since_result:
            missing = _("Press Apply first: something changed since the last analysis.")
        session = self.panel.session
        folder = str(session.outputFolder) if session is not None else "."
        if not missing and folder in ("", "."):
            missing = _("Choose a folder first.")
        enable(self.ui.saveReportButton, missing, _("Save page, tables, segmentations and result.json."))
        page = self._page()
        enable(
            self.ui.openReportButton, "" if page else _("Save the report first."), _("Open the page in the browser.")
        )
        set_text(self.ui.reportLabel, _("Saved in {folder}").format(folder=page.parent) if page else "")

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show every finding of the result once, errors first."""
        browser = self.ui.findingsBrowser
        browser.visible = result is not None
        if result is None:
            return
        marks = {"error": _("Error"), "warning": _("Careful"), "note": _("Note")}
        items = [f"<p><b>{marks.get(r.severity, '')}:</b> {escape(r.message)}</p>" for r in remarks(result)]
        browser.setHtml("".join([*items, f"<p>{escape(RESEARCH_USE)}</p>"]))

    def onSaveReport(self) -> None:
        """Write the report into a new folder inside the chosen one."""
        parameters, record = self.panel.parameters, self.panel.result()
        with slicer.util.tryWithErrorDisplay(_("The report could not be saved."), waitCursor=True):
            folder = self.panel.logic.saveReport(parameters.volume, Path(self.panel.session.outputFolder))
            self._saved = (record.GetID(), folder / "report.html")
        self.update(parameters)

    def onOpenReport(self) -> None:
        """Open the saved page in the user's browser."""
        page = self._page()
        if page is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page)))

    def _page(self) -> Path | None:
        record = self.panel.result()
        if record is None or self._saved is None or self._saved[0] != record.GetID() or not self._saved[1].is_file():
            return None
        return self._saved[1]
