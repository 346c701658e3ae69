"""List suggested calcium with its artery for the reader to accept."""

from __future__ import annotations

from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, no_ct, set_text
from CACBoneAxisLib.reading.outcome import Outcome
from CACBoneAxisLib.reading.suggestions import SuggestionList
from CACBoneAxisLib.report.numbers import format_value


class SuggestionsSection(Section):
    """Shows possible calcium with artery and confidence, and accepts the selection."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.list = SuggestionList(self.workspace, self.onChanged)

    def setup(self) -> None:
        """Connect the widgets."""
        connect(self.ui.suggestCheckBox, "clicked()", self.onSuggest)
        connect(self.ui.suggestionsTable, "itemSelectionChanged()", self.onSelected)
        connect(self.ui.takeSelectedButton, "clicked()", self.onTakeSelected)
        connect(self.ui.takeSuggestionsButton, "clicked()", self.onTakeAll)
        self.onChanged()

    def enter(self) -> None:
        """Update suggestions while the module is shown."""
        self.list.switch(True)

    def exit(self) -> None:
        """Stop while another module is shown."""
        self.list.switch(False)

    def cleanup(self) -> None:
        """Stop looking for suggestions."""
        self.exit()

    def update(self) -> None:
        """Update the list for the current inputs."""
        missing = "" if self.reading is not None else no_ct()
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
        self.ui.suggestCheckBox.checked = self.list.wanted
        self.list.update()
        self._show_buttons()

    # User actions

    def onSuggest(self) -> None:
        """Switch suggestions on or off."""
        self.list.ask(bool(self.ui.suggestCheckBox.checked))

    def onSelected(self) -> None:
        """Show the current row's suggestion in the slice views."""
        row, rows = self.ui.suggestionsTable.currentRow(), self._selected()
        if rows:
            self.list.look_at(row if row in rows else rows[0])
        self._show_buttons()

    def onTakeSelected(self) -> None:
        """Accept the suggestions of the selected rows."""
        self._tell(self.list.take(self._selected()))

    def onTakeAll(self) -> None:
        """Accept every listed suggestion."""
        self._tell(self.list.take())

    def onChanged(self) -> None:
        """Show the list."""
        set_text(self.ui.suggestionsLabel, self.list.sentence)
        rows = [
            [
                one.territory,
                format_value(one.confidence, "share"),
                format_value(one.volume_mm3, "volume_mm3", unit=True),
                format_value(one.peak_hu, "peak_hu", unit=True),
                ", ".join(format_value(float(v), "length_mm") for v in swap_ras_lps(one.position_mm)),
            ]
            for one in self.list.suggestions
        ]
        titles = [_("Artery"), _("Confidence"), _("Volume"), _("Peak"), _("Position (R, A, S mm)")]
        fill(self.ui.suggestionsTable, titles, rows, [str(row) for row in range(len(rows))])
        self._show_buttons()

    def _tell(self, outcome: Outcome) -> None:
        set_text(self.ui.clickLabel, outcome.sentence)

    def _show_buttons(self) -> None:
        none = self.locked() or ("" if self.list.suggestions else _("There is no suggestion to take."))
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
            widget.visible = bool(self.list.suggestions)

    def _selected(self) -> list[int]:
        rows = {item.row() for item in self.ui.suggestionsTable.selectedItems()}
        return sorted(row for row in rows if row < len(self.list.suggestions))
