"""Section Calcium: the artery in hand, the score, and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.highlight import hide_highlight, highlight
from CACBoneAxisLib.panel.icons import territory_icon
from CACBoneAxisLib.panel.lesiontable import LesionTable
from CACBoneAxisLib.panel.section import Section, connect, doubts, fill, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import arteries_words, calcium_missing, categories, category_words, territory_table


class CalciumSection(Section):
    """Shows the current artery, lesions, arteries and total."""

    def __init__(self, panel: Any) -> None:
        Section.__init__(self, panel)
        panel.lesions = self
        self._result: Mapping[str, Any] | None = None
        self.table: Any = None

    def setup(self) -> None:
        """Connect the artery buttons and the table."""
        icons = {row["code"]: territory_icon(row["code"], row["color"]) for row in territory_table()}
        self.buttons = {code: getattr(self.ui, f"territory{code}Button") for code in icons}
        for code, button in self.buttons.items():
            button.icon = icons[code]
            connect(button, "clicked()", lambda code=code: self.onTerritory(code))
        self.table = LesionTable(self.ui.lesionTable, icons, self.onLesionSelected, self.onArtery)
        self.table.setup()
        fill(self.ui.territoryTable, [], [])
        set_text(self.ui.calciumLabel, "")

    def cleanup(self) -> None:
        """Take the outline of the chosen lesion out of the scene."""
        hide_highlight(slicer.mrmlScene)

    def exit(self) -> None:
        """Leave no outline in the views of other modules."""
        hide_highlight(slicer.mrmlScene)

    def update(self, parameters: Any) -> None:
        """Show the current artery, and whether it can be said that nothing was found."""
        if parameters is not None and parameters.territory in self.buttons:
            self.buttons[parameters.territory].checked = True
        for button in self.buttons.values():
            button.enabled = parameters is not None
        seeds = parameters.seeds if parameters is not None else None
        count = seeds.GetNumberOfDefinedControlPoints() if seeds is not None else 0
        self.ui.noneFoundCheckBox.enabled = count == 0 and parameters is not None

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the score, the lesions and the arteries."""
        self._result = result
        self.table.show(result)
        if result is None:
            set_text(self.ui.calciumLabel, "")
            fill(self.ui.territoryTable, [], [])
            hide_highlight(slicer.mrmlScene)
            return
        set_text(self.ui.calciumLabel, calcium_answer(result))
        calcium = result["calcium"]
        rows = tables.territory_rows(result) if calcium["total"]["agatston"] is not None or calcium["lesions"] else []
        titles = tables.headings("territory", "scene").values()
        fill(self.ui.territoryTable, list(titles), [list(row.values()) for row in rows])
        self._outline(self.table.selected())

    def status(self, number: int) -> str:
        """Return what becomes of a lesion."""
        return "" if self._result is None else str(self._result["calcium"]["lesions"][number - 1]["status"])

    # What a user does

    def onTerritory(self, code: str) -> None:
        """Make an artery the current one."""
        if self.panel.parameters is not None:
            self.panel.parameters.territory = code

    def onArtery(self, number: int, code: str) -> None:
        """Give the lesion of a row to another artery."""
        self.panel.tools.onArtery(number, code)

    def onLesionSelected(self, number: int) -> None:
        """Show the lesion of a row in the slice views, outlined."""
        lesion = self._result["calcium"]["lesions"][number - 1] if self._result is not None else None
        if lesion is not None and lesion["seed_ras_mm"] is not None:
            jump_to(lesion["seed_ras_mm"])
        self._outline(number)
        self.panel.lesion_chosen()

    def _outline(self, number: int | None) -> None:
        lesion = self.panel.tools.lesion(number) if number is not None else None
        if lesion is None or lesion.mask is None:
            hide_highlight(slicer.mrmlScene)
            return
        volume = self.panel.parameters.volume
        highlight(lesion.mask, self.panel.logic.sessions.of(volume).image, slicer.mrmlScene)


def calcium_answer(result: Mapping[str, Any]) -> str:
    """Return the score as rich text with what is doubtful about it, or why there is none."""
    calcium = result["calcium"]
    total = calcium["total"]["agatston"]
    if total is None:
        reason = calcium_missing(result)
        more = [sentence for sentence in doubts(calcium["findings"]) if sentence not in escape(reason)]
        return "<br>".join([_("No Agatston score: {reason}").format(reason=escape(reason)), *more])
    lines = [_("Agatston score <b>{score}</b>").format(score=format_value(total, "agatston"))]
    for headline in categories(result)[:1]:
        lines[0] += escape(f", {category_words(headline)} [{headline['scheme']}]")
    return "<br>".join([*lines, arteries_words(result), *doubts(calcium["findings"])])
