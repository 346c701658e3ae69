"""Section Bone, first part: a level, one click, the region of its vertebra, and what it measures while it is moved."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.imaging.regions import REGION_SHAPES
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.mrml.parameters import existing_regions, settings_from_parameters
from CACBoneAxisLib.mrml.placing import hold_handles, place_region, region_of
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.icons import level_icon
from CACBoneAxisLib.panel.pictures import show_picture
from CACBoneAxisLib.panel.section import Section, connect, doubts, enable, selected_id, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.reading.readout import Readout, read_region
from CACBoneAxisLib.report.histogram import draw_histogram
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import bmd_words
from CACBoneAxisLib.study import Settings

BUTTON_LEVELS = ("T12", "L1", "L2")
HISTOGRAM_PIXELS = (380, 160)
# A drag is many events; a readout takes some 20 ms.
READOUT_DELAY_MS = 40


class RegionsSection(Section):
    """Places, moves and removes the regions of vertebrae, and reads the one that was touched last."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.choices = Choices(panel)
        self._armed = ""
        self._current: Any = None
        self._seen: dict[str, int] = {}

    def setup(self) -> None:
        """Connect the level buttons and the choices of a region."""
        self.buttons = {level: getattr(self.ui, f"level{level}Button") for level in BUTTON_LEVELS}
        for level, button in self.buttons.items():
            connect(button, "clicked()", lambda level=level: self.onLevel(level))
        for level in levels():
            self.ui.levelComboBox.addItem(level)
        self.ui.levelComboBox.setCurrentIndex(list(levels()).index("L3"))
        for level, button in self.buttons.items():
            button.icon = level_icon(levels()[level].color)
        connect(self.ui.levelOtherButton, "clicked()", lambda: self.onLevel(str(self.ui.levelComboBox.currentText)))
        connect(self.ui.levelComboBox, "currentIndexChanged(int)", lambda index: self.onOtherLevel())
        connect(self.ui.removeRegionButton, "clicked()", self.onRemoveRegion)
        connect(self.ui.vertebraTable, "itemSelectionChanged()", self.onRowSelected)
        titles = {"eroded-core": _("whole core of the body, clear of its outside by the erosion below")}
        named = [(titles.get(name, one.title), name) for name, one in region_protocols().items()]
        self.choices.combo(self.ui.regionProtocolComboBox, "bone.region.protocol", named)
        words = {"elliptic-cylinder": _("elliptic cylinder"), "ellipsoid": _("ellipsoid"), "box": _("box")}
        shapes = [(words[shape], shape) for shape in sorted(REGION_SHAPES, key=list(words).index)]
        self.choices.combo(self.ui.regionShapeComboBox, "bone.region.shape", shapes)
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(READOUT_DELAY_MS)
        connect(self.timer, "timeout()", self.onReadout)
        show_picture(self.ui.histogramLabel, None)
        set_text(self.ui.readoutLabel, "")

    def cleanup(self) -> None:
        """Let go of the views."""
        self._arm("")
        self.timer.stop()
        self._current = None

    def update(self, parameters: Any) -> None:
        """Show which levels have a region, what a click does now, and what the region touched last measures."""
        self.choices.update(parameters)
        regions = existing_regions(parameters) if parameters is not None else []
        missing = "" if parameters is not None and parameters.volume is not None else _("Choose a CT volume first.")
        missing = missing or self.panel.locked()
        if missing:
            self._arm("")
        other = str(self.ui.levelComboBox.currentText)
        for level, button in [*self.buttons.items(), (other, self.ui.levelOtherButton)]:
            there = region_of(regions, level) is not None
            ready = _("{level} has a region: press and click in a view to place it again.")
            if not there:
                ready = _("Press, then click in the middle of {level} in the sagittal or the axial view.")
            enable(button, missing, ready.format(level=level))
            button.checked = level == self._armed
        target = self._region_to_remove(regions)
        ready = _("Remove the region of {level}.").format(level=target.GetName() if target is not None else "")
        missing = self.panel.locked() or ("" if target is not None else _("There is no region to remove."))
        enable(self.ui.removeRegionButton, missing, ready)
        self._follow(regions)

    # What a user does

    def onLevel(self, level: str) -> None:
        """Wait for a click that places the region of a level; the same level again ends the waiting."""
        parameters = self.panel.parameters
        if parameters is None or parameters.volume is None:
            return
        self._arm("" if self._armed == level else level)
        there = region_of(existing_regions(parameters), level)
        if self._armed and there is not None:
            self._current = there
            self._look_at(there)
        self.update(parameters)

    def onOtherLevel(self) -> None:
        """Another level was chosen in the menu."""
        if self._armed and self._armed not in BUTTON_LEVELS:
            self._arm("")
        self.update(self.panel.parameters)

    def onClick(self, ras_mm: Any) -> bool:
        """Place the region of the level that waits at a point of a slice view; return whether one waited."""
        parameters, level = self.panel.parameters, self._armed
        if not level or parameters is None or parameters.volume is None or self.panel.locked():
            return False
        self._arm("")
        said: list[str] = []

        def change() -> None:
            try:
                said.append(self._place(level, ras_mm))
            except UnusableInputError as error:
                said.append(str(error))

        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            self.panel.act(_("region of {level}").format(level=level), change)
        finally:
            slicer.app.restoreOverrideCursor()
        self.panel.views.show_role("vertebraTable")
        self._say(escape(said[0]))
        self.timer.start()
        return True

    def _place(self, level: str, ras_mm: Any) -> str:
        parameters = self.panel.parameters
        regions = existing_regions(parameters)
        image = self.panel.checker.sessions.of(parameters.volume).image
        protocol = Settings.from_mapping(settings_from_parameters(parameters)).bone.region
        there = region_of(regions, level)
        node, message = place_region(slicer.mrmlScene, image, swap_ras_lps(ras_mm), level, there, protocol)
        self._current = node
        if there is None:
            parameters.regions = [*regions, node]
        return message

    def onRemoveRegion(self) -> None:
        """Delete the region of the selected row, or else the one that was placed last."""
        parameters = self.panel.parameters
        node = self._region_to_remove(existing_regions(parameters))
        if node is None:
            return

        def change() -> None:
            parameters.regions = [region for region in existing_regions(parameters) if region is not node]
            slicer.mrmlScene.RemoveNode(node)

        self.panel.act(_("region of {level} removed").format(level=node.GetName()), change)

    def onRowSelected(self) -> None:
        """Show the histogram of the vertebra of a row, also where it comes from a segmentation."""
        parameters, level = self.panel.parameters, selected_id(self.ui.vertebraTable)
        region = region_of(existing_regions(parameters), level) if parameters is not None and level else None
        if region is not None:
            self._current = region
            self.timer.start()
            return
        self._current = None
        result = self.panel.latest_result() if level else None
        vertebrae = result.bone.vertebrae if result is not None else ()
        for vertebra in vertebrae:
            mask = result.bone.masks.get(vertebra.level) if result is not None else None
            if vertebra.level == level and result is not None:
                hu = mask.values(result.image.hu) if mask is not None else np.empty(0)
                self._show(Readout(vertebra.to_mapping(), hu))

    def onReadout(self) -> None:
        """Read the region that was touched last."""
        parameters, node = self.panel.parameters, self._current
        check = self.panel.checker.known(parameters)
        if node is None or check is None:
            return
        if node.GetScene() is None:
            self._show(None)
            return
        try:
            settings = Settings.from_mapping(settings_from_parameters(parameters))
            self._show(read_region(check, settings, node))
        except UnusableInputError as error:
            self._show(None)
            set_text(self.ui.readoutLabel, escape(str(error)))

    def _follow(self, regions: list[Any]) -> None:
        """Make the region that changed since the last look the current one, and read it in a moment."""
        now = {node.GetID(): node.GetMTime() for node in regions if parse_level(node.GetName())}
        changed = [node for node in regions if now.get(node.GetID(), 0) > self._seen.get(node.GetID(), 0)]
        self._seen = now
        if changed:
            self._current = changed[-1]
        if self._current is not None and self._current not in regions:
            self._current = None
            self._show(None)
        hold_handles([node for node in regions if parse_level(node.GetName())], self._current)
        self.timer.start()

    def _show(self, readout: Readout | None) -> None:
        if readout is None:
            set_text(self.ui.readoutLabel, "")
            show_picture(self.ui.histogramLabel, None)
            return
        set_text(self.ui.readoutLabel, readout_words(readout.vertebra))
        picture = None
        if readout.hu.size:
            color = levels()[readout.level].color
            picture = draw_histogram(readout.hu, readout.vertebra, color, HISTOGRAM_PIXELS)
        tip = _("HU of the voxels in the region of {level}").format(level=readout.level)
        show_picture(self.ui.histogramLabel, picture, tip, HISTOGRAM_PIXELS[0])

    def _arm(self, level: str) -> None:
        """Send clicks in the views here while a level waits."""
        if level != self._armed:
            self._armed = level
            self.panel.clicks.take(self.onClick if level else None)
        text = ""
        if level:
            text = _("Click in the middle of {level} in a slice view; the button again ends it.")
        self._say(text.format(level=level))

    def _say(self, text: str) -> None:
        set_text(self.ui.regionLabel, text)

    def _region_to_remove(self, regions: list[Any]) -> Any:
        selected = region_of(regions, selected_id(self.ui.vertebraTable))
        return selected or next((node for node in reversed(regions) if parse_level(node.GetName())), None)

    def _look_at(self, node: Any) -> None:
        jump_to(swap_ras_lps(box_from_node(node).center_mm))


def readout_words(vertebra: Mapping[str, Any]) -> str:
    """Return what a region measures as rich text, with what is doubtful about it, or why there is nothing."""
    level = f"<b>{escape(vertebra['level'])}</b>"
    said = doubts(vertebra["findings"])
    if vertebra["mean_hu"] is None:
        reasons = said or [escape(item["message"]) for item in vertebra["findings"]]
        return "<br>".join([f"{level}: " + _("not measured"), *reasons])
    numbers = _("mean {mean}, median {median}, SD {sd} HU, {voxels} voxels").format(
        mean=format_value(vertebra["mean_hu"], "mean_hu"),
        median=format_value(vertebra["median_hu"], "median_hu"),
        sd=format_value(vertebra["sd_hu"], "sd_hu"),
        voxels=format_value(vertebra["voxels"], "voxels"),
    )
    bmd = f"; {bmd_words(vertebra['bmd'])}" if vertebra["bmd"] else ""
    return "<br>".join([f"{level}: {numbers}{bmd}", *said])
