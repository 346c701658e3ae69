"""Section Compare: this reading against an earlier one of the same patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.mrml.scene import find_result, result_mapping
from CACBoneAxisLib.panel.pages import show_page
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, set_text
from CACBoneAxisLib.report.comparison import comparison_figures, comparison_page, summary_words
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import territory_table
from CACBoneAxisLib.study.comparison import compare, read_result, write_comparison

SHOWN = ("baseline", "followup", "absolute", "percent", "per_year")


class CompareSection(Section):
    """Shows what changed since an earlier scan, and saves it."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._comparison: dict[str, Any] | None = None
        self._shown_for: Any = None

    def setup(self) -> None:
        """Connect the buttons."""
        connect(self.ui.compareButton, "clicked()", self.onCompare)
        connect(self.ui.saveComparisonButton, "clicked()", self.onSave)
        connect(self.ui.compareCancelButton, "clicked()", self.panel.onCancel)
        self.ui.compareProgressBar.visible = False
        self.ui.compareCancelButton.visible = False
        self._show()

    def update(self, parameters: Any) -> None:
        """Say what is missing; a comparison goes when one of its readings, or a choice, changed."""
        state = self._state(parameters)
        if state != self._shown_for:
            self._shown_for = state
            self._show()
        enable(self.ui.compareButton, self._missing(parameters), _("Show what changed since the earlier scan."))
        missing = "" if self._comparison is not None else _("Compare first.")
        session = self.panel.session
        if not missing and (session is None or str(session.outputFolder) in ("", ".")):
            missing = _("Choose a folder in the section Report first.")
        enable(
            self.ui.saveComparisonButton,
            missing,
            _("Save page, table and comparison.json in the folder of the section Report."),
        )

    # What a user does

    def onCompare(self) -> None:
        """Compare with the earlier scan that was chosen; both scans are laid over each other where both are here."""
        parameters = self.panel.parameters
        if self._missing(parameters) or self.panel.progress is not None:
            return
        made: list[Any] = []

        def work(progress: Any) -> None:
            baseline, first = self._baseline(parameters)
            images = self._images(parameters)
            comparison = compare(
                baseline,
                self.panel.result_mapping(),
                float(parameters.yearsBetween) or None,
                (first, ""),
                images=images,
                progress=progress,
            )
            figures = comparison_figures(comparison, (images[0], images[1])) if images else []
            made.extend((comparison, figures))

        message = self.panel.run(work, self.ui.compareProgressBar, self.ui.compareCancelButton)
        self.panel.refresh()
        self._show(*made)
        if message:
            set_text(self.ui.compareLabel, escape(message))
        self.update(parameters)

    def onSave(self) -> None:
        """Write the comparison into a new folder inside the chosen one; with pictures where both scans are here."""
        parameters = self.panel.parameters
        if self._comparison is None:
            return
        target = Path(self.panel.session.outputFolder) / f"CACBoneAxis change {datetime.now():%Y-%m-%d %H-%M-%S}"
        try:
            slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
            page = write_comparison(self._comparison, target, self._images(parameters))
            set_text(self.ui.compareLabel, _("Saved in {folder}").format(folder=escape(str(page.parent))))
        except (UnusableInputError, OSError) as error:
            set_text(self.ui.compareLabel, escape(str(error)))
        finally:
            slicer.app.restoreOverrideCursor()

    def _missing(self, parameters: Any) -> str:
        if parameters is None or self.panel.result() is None:
            return _("Analyse this scan first: there is no result yet.")
        if self.panel.changed_since_result:
            return _("Press Apply first: something changed since the last analysis.")
        if parameters.baseline is None and str(parameters.baselineFolder) in ("", "."):
            return _("Choose the earlier scan, or the folder of its result.")
        if parameters.baseline is parameters.volume:
            return _("The earlier scan is this one: choose another.")
        if parameters.baseline is not None and find_result(slicer.mrmlScene, parameters.baseline) is None:
            return _("The earlier scan was not analysed: choose it in the section Scan and read it first.")
        return ""

    def _baseline(self, parameters: Any) -> tuple[Mapping[str, Any], str]:
        if parameters.baseline is not None:
            return result_mapping(find_result(slicer.mrmlScene, parameters.baseline)), ""
        return read_result(Path(parameters.baselineFolder))

    def _images(self, parameters: Any) -> list[CTImage]:
        volumes = [parameters.baseline, parameters.volume] if parameters.baseline is not None else []
        return [self.panel.logic.sessions.of(volume).image for volume in volumes]

    def _state(self, parameters: Any) -> Any:
        if parameters is None:
            return None
        records = [self.panel.result()]
        if parameters.baseline is not None:
            records.append(find_result(slicer.mrmlScene, parameters.baseline))
        texts = [(record.GetID(), record.GetMTime()) for record in records if record is not None]
        return (
            parameters.parameterNode.GetID(),
            texts,
            str(parameters.baselineFolder),
            float(parameters.yearsBetween),
        )

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


def change_titles() -> list[str]:
    """Return the titles of the change table's columns."""
    return [_("Artery"), _("Earlier"), _("Now"), _("Change"), _("Change, %"), _("Per year")]


def change_texts(comparison: Mapping[str, Any]) -> list[list[str]]:
    """Return the change of the Agatston score as texts, the total first, then each artery with calcium in one scan."""
    names = {t["code"]: f"{t['code']} {t['name']}" for t in territory_table()}
    rows = []
    for what, by in comparison["changes"].items():
        change = by["agatston"]
        if what == "total" or change["baseline"] or change["followup"]:
            texts = [format_value(change[key], "rate_percent" if key == "percent" else "agatston") for key in SHOWN]
            rows.append([names.get(what, _("Total (coronary)")), *texts])
    return rows
