"""Section Calcium: an artery, seeds on its calcifications, and the score."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.placing import add_seeds_node, is_placing, name_seed, start_placing, stop_placing
from CACBoneAxisLib.panel.section import Section, connect, doubts, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import arteries_words, calcium_missing, category_words, territory_table

SWATCH_PIXELS = 12
SHOWN_COLUMNS = ("lesion", "territory", "agatston", "volume_mm3", "peak_hu", "slices", "status")


class CalciumSection(Section, VTKObservationMixin):
    """Places seeds for the current artery and shows lesions, arteries and total."""

    def __init__(self, panel: Any) -> None:
        Section.__init__(self, panel)
        VTKObservationMixin.__init__(self)
        self._seeds: Any = None
        self._lesions: dict[str, Any] = {}

    def setup(self) -> None:
        """Connect the artery buttons, the seed buttons and the table."""
        self.buttons = {row["code"]: getattr(self.ui, f"territory{row['code']}Button") for row in territory_table()}
        for row in territory_table():
            button = self.buttons[row["code"]]
            button.icon = swatch(row["color"])
            connect(button, "clicked()", lambda code=row["code"]: self.onTerritory(code))
        connect(self.ui.placeSeedsButton, "toggled(bool)", self.onPlaceSeeds)
        connect(self.ui.removeSeedButton, "clicked()", self.onRemoveSeed)
        connect(self.ui.lesionTable, "itemSelectionChanged()", self.onLesionSelected)
        interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        if interaction is not None:
            event = interaction.InteractionModeChangedEvent
            self.addObserver(interaction, event, self.onInteractionModeChanged)

    def cleanup(self) -> None:
        """Stop placing, and observing."""
        self._observe(None)
        self.removeObservers()

    def update(self, parameters: Any) -> None:
        """Show the current artery, and what can be done with the seeds."""
        seeds = parameters.seeds if parameters is not None else None
        self._observe(seeds)
        count = seeds.GetNumberOfDefinedControlPoints() if seeds is not None else 0
        volume_missing = (
            "" if parameters is not None and parameters.volume is not None else _("Choose a CT volume first.")
        )
        if parameters is not None and parameters.territory in self.buttons:
            self.buttons[parameters.territory].checked = True
        for button in self.buttons.values():
            button.enabled = parameters is not None
        territory = parameters.territory if parameters is not None else ""
        ready = _("Click on each calcification of the {artery} in a slice view; right click ends it.")
        enable(self.ui.placeSeedsButton, volume_missing, ready.format(artery=territory))
        enable(
            self.ui.removeSeedButton,
            "" if count else _("There is no seed to remove."),
            _("Remove the seed that was placed last."),
        )
        self.ui.noneFoundCheckBox.enabled = count == 0 and parameters is not None
        self._show_placing()

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the score, the lesions and the arteries."""
        if result is None:
            set_text(self.ui.calciumLabel, "")
            fill(self.ui.lesionTable, [], [])
            fill(self.ui.territoryTable, [], [])
            self._lesions = {}
            return
        set_text(self.ui.calciumLabel, calcium_answer(result))
        self._lesions = {str(lesion["id"]): lesion for lesion in result["calcium"]["lesions"]}
        rows = tables.lesion_rows(result)
        titles = [tables.heading(tables.LESION_COLUMNS, name) for name in SHOWN_COLUMNS]
        ids = [row["lesion"] for row in rows]
        fill(self.ui.lesionTable, titles, [[row[name] for name in SHOWN_COLUMNS] for row in rows], ids)
        rows = tables.territory_rows(result) if result["calcium"]["total"]["agatston"] is not None or rows else []
        titles = [tables.heading(tables.TERRITORY_COLUMNS, name) for name in tables.TERRITORY_COLUMNS]
        fill(self.ui.territoryTable, titles, [list(row.values()) for row in rows])

    # What a user does

    def onTerritory(self, code: str) -> None:
        """Make an artery the current one."""
        if self.panel.parameters is not None:
            self.panel.parameters.territory = code

    def onPlaceSeeds(self, on: bool) -> None:
        """Begin or end placing; a point list is made where none is chosen."""
        parameters = self.panel.parameters
        if parameters is None:
            return
        if not on:
            if is_placing(slicer.mrmlScene, parameters.seeds):
                stop_placing(slicer.mrmlScene)
            return
        if parameters.seeds is None:
            parameters.seeds = add_seeds_node(slicer.mrmlScene, parameters.volume)
        parameters.seeds.SetControlPointLabelFormat(parameters.territory)
        start_placing(slicer.mrmlScene, parameters.seeds)

    def onRemoveSeed(self) -> None:
        """Take back the last seed."""
        seeds = self.panel.parameters.seeds
        defined = [
            n
            for n in range(seeds.GetNumberOfControlPoints())
            if seeds.GetNthControlPointPositionStatus(n) == seeds.PositionDefined
        ]
        if defined:
            seeds.RemoveNthControlPoint(defined[-1])

    def onLesionSelected(self) -> None:
        """Show the selected lesion in the slice views."""
        lesion = self._lesions.get(selected_id(self.ui.lesionTable))
        if lesion is not None and lesion["seed_ras_mm"] is not None:
            jump_to(lesion["seed_ras_mm"])

    @vtk.calldata_type(vtk.VTK_INT)
    def onSeedPlaced(self, caller: Any, event: Any, number: int) -> None:
        """Name the seed that was just placed after the current artery."""
        if self.panel.parameters is not None and is_placing(slicer.mrmlScene, caller):
            name_seed(caller, number, self.panel.parameters.territory)

    def onInteractionModeChanged(self, caller: Any = None, event: Any = None) -> None:
        """Follow placing that was begun or ended elsewhere (right click, toolbar)."""
        self._show_placing()

    def _show_placing(self) -> None:
        button = self.ui.placeSeedsButton
        placing = self._seeds is not None and is_placing(slicer.mrmlScene, self._seeds)
        if bool(button.checked) != placing:
            button.blockSignals(True)
            button.checked = placing
            button.blockSignals(False)

    def _observe(self, seeds: Any) -> None:
        if seeds is self._seeds:
            return
        event = slicer.vtkMRMLMarkupsNode.PointPositionDefinedEvent
        if self._seeds is not None:
            if is_placing(slicer.mrmlScene, self._seeds):
                stop_placing(slicer.mrmlScene)
            self.removeObserver(self._seeds, event, self.onSeedPlaced)
        self._seeds = seeds
        if seeds is not None:
            # Before the panel analyses the seed (higher priority first), it must have its name.
            self.addObserver(seeds, event, self.onSeedPlaced, priority=1.0)


def calcium_answer(result: Mapping[str, Any]) -> str:
    """Return the score as rich text with what is doubtful about it, or why there is none."""
    calcium = result["calcium"]
    total = calcium["total"]["agatston"]
    if total is None:
        reason = calcium_missing(result)
        more = [sentence for sentence in doubts(calcium["findings"]) if sentence not in escape(reason)]
        return "<br>".join([_("No Agatston score: {reason}").format(reason=escape(reason)), *more])
    lines = [_("Agatston score <b>{score}</b>").format(score=format_value(total, "agatston"))]
    headline = next(iter(calcium["categories"].values()), None)
    if headline is not None and headline["category"] is not None:
        lines[0] += f", {category_words(headline)} [{headline['scheme']}]"
    return "<br>".join([*lines, arteries_words(result), *doubts(calcium["findings"])])


def swatch(color: Any) -> Any:
    """Return an icon of one colour, RGB 0-255."""
    pixmap = qt.QPixmap(SWATCH_PIXELS, SWATCH_PIXELS)
    pixmap.fill(qt.QColor(*color))
    return qt.QIcon(pixmap)
