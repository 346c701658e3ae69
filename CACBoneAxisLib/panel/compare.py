"""Section Compare: compare with an earlier reading of the same patient."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.pages import show_page
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, set_text, wait_cursor
from CACBoneAxisLib.reading.comparison import (
    cannot_compare,
    change_texts,
    change_titles,
    compared,
    comparison_state,
    save_comparison,
)
from CACBoneAxisLib.report.comparison import comparison_page, summary_words


class CompareSection(Section):
    """Shows and saves the changes since an earlier scan."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self._comparison: dict[str, Any] | None = None
        self._shown_for: Any = None

    def setup(self) -> None:
        """Connect the buttons."""
        connect(self.ui.compareButton, "clicked()", self.onCompare)
        connect(self.ui.saveComparisonButton, "clicked()", self.onSave)
        connect(self.ui.compareCancelButton, "clicked()", self.host.cancel)
        self.ui.compareProgressBar.visible = False
        self.ui.compareCancelButton.visible = False
        self._show()

    def update(self) -> None:
        """Show what is missing; drop the comparison once its inputs changed."""
        state = comparison_state(self.reading)
        if state != self._shown_for:
            self._shown_for = state
            self._show()
        enable(self.ui.compareButton, cannot_compare(self.reading), _("Show what changed since the earlier scan."))
        missing = "" if self._comparison is not None else _("Compare first.")
        session = self.workspace.session
        if not missing and (session is None or str(session.outputFolder) in ("", ".")):
            missing = _("Choose a folder in the section Report first.")
        enable(
            self.ui.saveComparisonButton,
            missing,
            _("Save page, table and comparison.json in the folder of the section Report."),
        )

    # User actions

    def onCompare(self) -> None:
        """Compare with the selected earlier scan."""
        reading = self.reading
        if reading is None or cannot_compare(reading) or self.workspace.busy:
            return
        made: list[Any] = []
        message = self.host.run(
            lambda progress: made.extend(compared(reading, progress)),
            self.ui.compareProgressBar,
            self.ui.compareCancelButton,
        )
        self.workspace.refresh()
        self._show(*made)
        if message:
            set_text(self.ui.compareLabel, escape(message))
        self.update()

    def onSave(self) -> None:
        """Write the comparison into a new subfolder of the selected folder."""
        if self._comparison is None or self.reading is None:
            return
        try:
            with wait_cursor():
                page = save_comparison(self._comparison, self.reading, Path(self.workspace.session.outputFolder))
            set_text(self.ui.compareLabel, _("Saved in {folder}").format(folder=escape(str(page.parent))))
        except (UnusableInputError, OSError) as error:
            set_text(self.ui.compareLabel, escape(str(error)))

    def _show(self, comparison: dict[str, Any] | None = None, figures: Sequence[Any] = ()) -> None:
        self._comparison = comparison
        if comparison is None:
            set_text(self.ui.compareLabel, "")
            fill(self.ui.changeTable, [], [])
            self.ui.compareBrowser.visible = False
            return
        set_text(self.ui.compareLabel, escape(summary_words(comparison)))
        fill(self.ui.changeTable, change_titles(), change_texts(comparison))
        self.ui.compareBrowser.visible = True
        show_page(self.ui.compareBrowser, comparison_page(comparison, figures))
