"""Section Calcium: current artery, score and tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import slicer

from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.highlight import hide_highlight
from CACBoneAxisLib.mrml.views import jump_to
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.icons import territory_icon
from CACBoneAxisLib.panel.lesiontable import LesionTable
from CACBoneAxisLib.panel.section import Section, connect, fill, set_text
from CACBoneAxisLib.reading.answers import calcium_answer
from CACBoneAxisLib.report.wording import territory_table


class CalciumSection(Section):
    """Shows the current artery, lesions, arteries and total."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        icons = {row["code"]: territory_icon(row["code"], row["color"]) for row in territory_table()}
        self.buttons = {code: getattr(self.ui, f"territory{code}Button") for code in icons}
        for code, button in self.buttons.items():
            button.icon = icons[code]
        self.table = LesionTable(self.ui.lesionTable, icons, self.onLesionSelected, self.onArtery)

    def setup(self) -> None:
        """Connect the artery buttons and the table."""
        for code, button in self.buttons.items():
            connect(button, "clicked()", lambda code=code: self.onTerritory(code))
        self.table.setup()
        fill(self.ui.territoryTable, [], [])
        set_text(self.ui.calciumLabel, "")

    def cleanup(self) -> None:
        """Remove the outline of the selected lesion."""
        hide_highlight(slicer.mrmlScene)

    def exit(self) -> None:
        """Remove the outline from the views of other modules."""
        hide_highlight(slicer.mrmlScene)

    def update(self) -> None:
        """Show the current artery, and whether it can be said that nothing was found."""
        self.show_answer(self.ui.calciumLabel, calcium_answer)
        parameters = self.parameters
        if parameters is not None and parameters.territory in self.buttons:
            self.buttons[parameters.territory].checked = True
        for button in self.buttons.values():
            button.enabled = parameters is not None
        seeds = parameters.seeds if parameters is not None else None
        count = seeds.GetNumberOfDefinedControlPoints() if seeds is not None else 0
        self.ui.noneFoundCheckBox.enabled = count == 0 and parameters is not None

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the score, the lesions and the arteries."""
        lesions = self.reading.lesions if self.reading is not None else None
        self.table.show(result, lesions.chosen if lesions is not None else ())
        if result is None:
            fill(self.ui.territoryTable, [], [])
            hide_highlight(slicer.mrmlScene)
            return
        calcium = result["calcium"]
        rows = tables.territory_rows(result) if calcium["total"]["agatston"] is not None or calcium["lesions"] else []
        titles = tables.headings("territory", "scene").values()
        fill(self.ui.territoryTable, list(titles), [list(row.values()) for row in rows])
        if lesions is not None:
            lesions.outline()

    def choose_row(self, role: str, name: str) -> None:
        """Select a lesion's row and jump to it."""
        if role == "lesionTable":
            self.table.choose(name)

    # User actions

    def onTerritory(self, code: str) -> None:
        """Make an artery the current one."""
        if self.parameters is not None:
            self.parameters.territory = code

    def onArtery(self, seeds: Collection[str], code: str) -> None:
        """Move a row's lesion to another artery."""
        if self.reading is not None:
            set_text(self.ui.clickLabel, self.reading.lesions.give(seeds, code).sentence)

    def onLesionSelected(self, seeds: Collection[str]) -> None:
        """Outline the selected row's lesion in the slice views, or none."""
        if self.reading is None:
            return
        lesions = self.reading.lesions
        lesions.chosen = seeds
        lesion = lesions.chosen_entry()
        if lesion is not None and lesion["seed_ras_mm"] is not None:
            jump_to(lesion["seed_ras_mm"])
        lesions.outline()
        self.workspace.host.refresh()
