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
from CACBoneAxisLib.report.comparison import comparison_figures, render_comparison, summary_words
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import territory_table
from CACBoneAxisLib.study.comparing import compare, read_result, write_comparison

SHOWN = ("baseline", "followup", "absolute", "percent", "per_year")


class CompareSection(Section):
    """Shows what changed since an earlier scan, and saves it."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._comparison: dict[str, Any] | None = None
        self._results: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
        self._shown_for: Any = None

    def setup(self) -> None:
        """Connect the two buttons."""
        connect(self.ui.compareButton, "clicked()", self.onCompare)
        connect(self.ui.saveComparisonButton, "clicked()", self.onSave)
        self._show(None)

    def update(self, parameters: Any) -> None:
        """Say what is missing; a comparison goes when one of its readings, or a choice, changed."""
        state = self._state(parameters)
        if state != self._shown_for:
            self._shown_for = state
            self._show(None)
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
        """Compare with the earlier scan that was chosen."""
        parameters = self.panel.parameters
        if self._missing(parameters):
            return
        try:
            baseline, first = self._baseline(parameters)
            followup = self.panel.result_mapping()
            comparison = compare(baseline, followup, float(parameters.yearsBetween) or None, (first, ""))
            images = self._images(parameters)
            figures = comparison_figures(baseline, followup, (images[0], images[1])) if images else []
        except UnusableInputError as error:
            self._show(None)
            set_text(self.ui.compareLabel, escape(str(error)))
            return
        self._results = baseline, followup
        self._show(comparison, figures)
        self.update(parameters)

    def onSave(self) -> None:
        """Write the comparison into a new folder inside the chosen one; with pictures where both scans are here."""
        parameters = self.panel.parameters
        if self._comparison is None or self._results is None:
            return
        target = Path(self.panel.session.outputFolder) / f"CACBoneAxis change {datetime.now():%Y-%m-%d %H-%M-%S}"
        try:
            slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
            page = write_comparison(self._comparison, self._results, target, self._images(parameters))
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

    def _show(self, comparison: dict[str, Any] | None, figures: Sequence[Any] = ()) -> None:
        self._comparison = comparison
        if comparison is None:
            self._results = None
            set_text(self.ui.compareLabel, "")
            fill(self.ui.changeTable, [], [])
            self.ui.compareBrowser.visible = False
            return
        set_text(self.ui.compareLabel, escape(summary_words(comparison)))
        fill(self.ui.changeTable, change_titles(), change_texts(comparison))
        self.ui.compareBrowser.visible = True
        show_page(self.ui.compareBrowser, render_comparison(comparison, figures))


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
