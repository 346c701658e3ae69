"""Suggestions: candidates with the artery they may lie in, taken by the reader, all or some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from CACBoneAxisLib.calcium.suggestions import Suggestion
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.choices import choose, chosen
from CACBoneAxisLib.mrml.inputs import inputs_from_nodes
from CACBoneAxisLib.mrml.labels import segments_state
from CACBoneAxisLib.mrml.parameters import nodes_from_parameters, settings_from_parameters
from CACBoneAxisLib.mrml.scene import fingerprint
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study import Settings

SETTLE_MS = 250
SETTING = "calcium.suggestions"


class SuggestionsSection(Section):
    """Lists what may be calcium of an artery, how sure that is, and takes what the reader says."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._entered = False
        self._shown: Any = None
        self._suggestions: Sequence[Suggestion] = ()

    def setup(self) -> None:
        """Connect the widgets."""
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(SETTLE_MS)
        connect(self.timer, "timeout()", self.onSettled)
        connect(self.ui.suggestCheckBox, "clicked()", self.onSuggest)
        connect(self.ui.suggestionsTable, "itemSelectionChanged()", self.onSelected)
        connect(self.ui.takeSelectedButton, "clicked()", self.onTakeSelected)
        connect(self.ui.takeSuggestionsButton, "clicked()", self.onTakeAll)
        self._list((), "")

    def enter(self) -> None:
        """Look again when the module is shown."""
        self._entered = True

    def exit(self) -> None:
        """Look no more while another module is shown."""
        self._entered = False
        self.timer.stop()

    def cleanup(self) -> None:
        """Let go of the timer."""
        self.exit()

    def update(self, parameters: Any) -> None:
        """Follow everything that a suggestion rests on."""
        missing = "" if parameters is not None else _("Choose a CT volume first.")
        enable(
            self.ui.suggestCheckBox,
            missing,
            _(
                "List what may be coronary calcium, with the artery it may lie in and how sure that is. "
                "Nothing of it is scored before you take it."
            ),
        )
        enable(
            self.ui.heartSegmentationSelector,
            missing,
            _(
                "Segmentation with the heart or its chambers, such as TotalSegmentator's: suggestions and "
                "candidates are looked for in it. Without one the heart is looked for between the lungs."
            ),
        )
        wanted = not missing and self.wanted(parameters)
        self.ui.suggestCheckBox.checked = wanted
        if not wanted:
            self.timer.stop()
            self._shown = None
            self._list((), "")
            return
        if self._entered and self._state(parameters) != self._shown:
            self.timer.start()
        self._show_buttons()

    def wanted(self, parameters: Any) -> bool:
        """Return whether the reading asks for suggestions."""
        return chosen(parameters, SETTING) not in (None, "none")

    # What a user does

    def onSuggest(self) -> None:
        """Ask for suggestions, or for none any more; the analysis lists them as well."""
        parameters = self.panel.parameters
        if parameters is not None:
            choose(parameters, {SETTING: "list" if self.ui.suggestCheckBox.checked else None})

    def onSettled(self) -> None:
        """List what is suggested for the reading as it is now."""
        parameters = self.panel.parameters
        if parameters is None or not self._entered or not self.wanted(parameters):
            return
        if self.panel.progress is not None:
            # The layer of candidates may be on its way, which ends without telling anybody.
            self.timer.start()
            return
        state = self._state(parameters)
        message = self.panel.run(lambda progress: self._look(parameters, progress), self.ui.progressBar, None)
        if message:
            self._list((), message)
        self._shown = state

    def onSelected(self) -> None:
        """Show the suggestion of the current row in the slice views."""
        row = self.ui.suggestionsTable.currentRow()
        rows = self._selected()
        if rows:
            jump_to(swap_ras_lps(self._suggestions[row if row in rows else rows[0]].position_mm))
        self._show_buttons()

    def onTakeSelected(self) -> None:
        """Take the suggestions of the selected rows."""
        self._take([self._suggestions[row] for row in self._selected()])

    def onTakeAll(self) -> None:
        """Take every suggestion of the list."""
        self._take(self._suggestions)

    def _take(self, suggestions: Sequence[Suggestion]) -> None:
        taken = tuple(suggestions)
        self.panel.tools.act(lambda editor: editor.take_suggestions(taken))

    def _look(self, parameters: Any, progress: Any) -> None:
        progress(_("Looking for suggestions"), 0.1)
        session = self.panel.logic.sessions.of(parameters.volume)
        settings = Settings.from_mapping(settings_from_parameters(parameters))
        inputs = inputs_from_nodes(nodes_from_parameters(parameters), settings, image=session.image)
        found = session.suggestions(inputs)
        progress(_("Looking for suggestions"), 0.9)
        if found is None:
            said = _("Nothing can be suggested: the heart was not found, or the scan cannot be scored.")
        elif found:
            said = _("{count} suggestions, none of them scored before you take it.").format(count=len(found))
        else:
            said = _("Nothing more is suggested.")
        self._list(found or (), said)

    def _list(self, suggestions: Sequence[Suggestion], said: str) -> None:
        self._suggestions = suggestions
        set_text(self.ui.suggestionsLabel, said)
        rows = [
            [
                one.territory,
                format_value(one.confidence, "share"),
                format_value(one.volume_mm3, "volume_mm3", unit=True),
                format_value(one.peak_hu, "peak_hu", unit=True),
                ", ".join(format_value(float(v), "length_mm") for v in swap_ras_lps(one.position_mm)),
            ]
            for one in suggestions
        ]
        titles = [_("Artery"), _("Confidence"), _("Volume"), _("Peak"), _("Position (R, A, S mm)")]
        fill(self.ui.suggestionsTable, titles, rows, [str(row) for row in range(len(rows))])
        self._show_buttons()

    def _show_buttons(self) -> None:
        locked = self.panel.locked() if self.panel.parameters is not None else ""
        none = locked or ("" if self._suggestions else _("There is no suggestion to take."))
        enable(
            self.ui.takeSuggestionsButton,
            none,
            _(
                "Take every suggestion for the artery it is suggested for: one step, which Undo takes back. The result "
                "says that they were suggested."
            ),
        )
        chosen_rows = none or ("" if self._selected() else _("Select rows of the list first."))
        enable(
            self.ui.takeSelectedButton,
            chosen_rows,
            _("Take the suggestions of the selected rows; correct an artery afterwards in the table of lesions."),
        )
        for widget in (self.ui.takeSuggestionsButton, self.ui.takeSelectedButton):
            widget.visible = bool(self._suggestions)

    def _selected(self) -> list[int]:
        rows = {item.row() for item in self.ui.suggestionsTable.selectedItems()}
        return sorted(row for row in rows if row < len(self._suggestions))

    def _state(self, parameters: Any) -> Any:
        """Return what suggestions rest on; None where it cannot be read."""
        try:
            nodes = nodes_from_parameters(parameters)
            settings = Settings.from_mapping(settings_from_parameters(parameters))
            heart = None if nodes.heart is None else segments_state(nodes.heart)
            return (id(self.panel.logic.sessions.of(parameters.volume)), fingerprint(nodes, settings), heart)
        except UnusableInputError:
            return None
