"""Section Bone: a region per vertebra, the calibration, and the density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.markups import LPS, box_from_node
from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.placing import add_region, region_of
from CACBoneAxisLib.panel.section import Section, connect, doubts, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import bmd_words, bone_missing, class_words, t_score_words, threshold_lead

BUTTON_LEVELS = ("T12", "L1", "L2")
SHOWN_COLUMNS = ("level", "mean_hu", "sd_hu", "bmd", "acr_class", "t_score", "status")


class BoneSection(Section):
    """Adds and removes regions and shows what was measured in them."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._vertebrae: dict[str, Any] = {}

    def setup(self) -> None:
        """Connect the level buttons and the table."""
        for level in BUTTON_LEVELS:
            connect(getattr(self.ui, f"level{level}Button"), "clicked()", lambda level=level: self.onAddRegion(level))
        for level in levels():
            self.ui.levelComboBox.addItem(level)
        self.ui.levelComboBox.setCurrentIndex(list(levels()).index("L3"))
        connect(self.ui.levelOtherButton, "clicked()", lambda: self.onAddRegion(self.ui.levelComboBox.currentText))
        connect(self.ui.levelComboBox, "currentIndexChanged(int)", lambda index: self.update(self.panel.parameters))
        connect(self.ui.removeRegionButton, "clicked()", self.onRemoveRegion)
        connect(self.ui.vertebraTable, "itemSelectionChanged()", self.onVertebraSelected)

    def update(self, parameters: Any) -> None:
        """Show which levels can be added, and which calibration fields mean something."""
        has_volume = parameters is not None and parameters.volume is not None
        regions = existing_regions(parameters) if parameters is not None else []
        missing = "" if has_volume else _("Choose a CT volume first.")
        buttons = {level: getattr(self.ui, f"level{level}Button") for level in BUTTON_LEVELS}
        for level, button in [*buttons.items(), (str(self.ui.levelComboBox.currentText), self.ui.levelOtherButton)]:
            there = region_of(regions, level) is not None
            ready = _("Show the region of {level}.") if there else _("Add a region for {level} where the views cross.")
            enable(button, missing, ready.format(level=level))
        target = self._region_to_remove(regions)
        ready = _("Remove the region of {level}.").format(level=target.GetName() if target is not None else "")
        enable(self.ui.removeRegionButton, "" if target is not None else _("There is no region to remove."), ready)
        calibrated = parameters is not None and parameters.calibration.value != "none"
        for name in ("slope", "intercept", "calibrationKvp"):
            getattr(self.ui, f"{name}SpinBox").enabled = calibrated
        self.ui.materialComboBox.enabled = calibrated
        self.ui.tScoreReferenceComboBox.enabled = calibrated

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the density and the vertebrae."""
        if result is None:
            set_text(self.ui.boneLabel, "")
            fill(self.ui.vertebraTable, [], [])
            self._vertebrae = {}
            return
        self._vertebrae = {v["level"]: v for v in result["bone"]["vertebrae"]}
        set_text(self.ui.boneLabel, bone_answer(result))
        rows = tables.vertebra_rows(result)
        titles = [tables.heading(tables.VERTEBRA_COLUMNS, name) for name in SHOWN_COLUMNS]
        ids = [row["level"] for row in rows]
        fill(self.ui.vertebraTable, titles, [[row[name] for name in SHOWN_COLUMNS] for row in rows], ids)

    # What a user does

    def onAddRegion(self, level: str) -> None:
        """Add the region of a level where the views cross; where it has one, look at that."""
        parameters = self.panel.parameters
        if parameters is None or parameters.volume is None:
            return
        there = region_of(existing_regions(parameters), level)
        if there is not None:
            self._look_at(there)
            return
        node = add_region(slicer.mrmlScene, parameters.volume, level)
        parameters.regions = [*existing_regions(parameters), node]

    def onRemoveRegion(self) -> None:
        """Delete the region of the selected row, or else the last one."""
        parameters = self.panel.parameters
        node = self._region_to_remove(existing_regions(parameters))
        if node is not None:
            parameters.regions = [region for region in existing_regions(parameters) if region is not node]
            slicer.mrmlScene.RemoveNode(node)

    def onVertebraSelected(self) -> None:
        """Show the selected vertebra in the slice views."""
        parameters = self.panel.parameters
        node = region_of(existing_regions(parameters), selected_id(self.ui.vertebraTable)) if parameters else None
        if node is not None:
            self._look_at(node)
        self.update(parameters)

    def _region_to_remove(self, regions: list[Any]) -> Any:
        selected = region_of(regions, selected_id(self.ui.vertebraTable))
        return selected or next((node for node in reversed(regions) if parse_level(node.GetName())), None)

    def _look_at(self, node: Any) -> None:
        jump_to(box_from_node(node).center_mm * LPS)


def bone_answer(result: Mapping[str, Any]) -> str:
    """Return the density as rich text with what is doubtful about it, or why there is none."""
    summary = result["bone"]["summary"]
    if not summary or summary.get("mean_hu") is None:
        return _("No bone density: {reason}").format(reason=bone_missing(result))
    lines = [f"{summary['label']}: <b>{format_value(summary['mean_hu'], 'mean_hu', unit=True)}</b>"]
    if summary.get("bmd"):
        lines[0] += f", <b>{bmd_words(summary['bmd'])}</b>, {class_words(summary.get('acr_class'))}"
    elif lead := threshold_lead(summary["hu_thresholds"]):
        lines.append("{}, {}".format(*lead))
    if summary.get("t_score"):
        lines.append(_("T-score {score}").format(score=t_score_words(summary["t_score"])))
    said = [item for vertebra in result["bone"]["vertebrae"] for item in vertebra["findings"]]
    return "<br>".join([*lines, *doubts([*result["bone"]["findings"], *said])])
