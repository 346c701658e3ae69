"""Section Bone, part 1: place a level's region by a click, with live readout."""

from __future__ import annotations

from html import escape
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.regions import REGION_SHAPES
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.icons import level_icon
from CACBoneAxisLib.panel.pictures import show_picture
from CACBoneAxisLib.panel.section import Section, connect, enable, no_ct, selected_id, set_text, wait_cursor
from CACBoneAxisLib.reading.answers import readout_words
from CACBoneAxisLib.reading.readout import Readout
from CACBoneAxisLib.report.histogram import draw_histogram

BUTTON_LEVELS = ("T12", "L1", "L2")
HISTOGRAM_PIXELS = (380, 160)
# A drag fires many events; a readout takes about 20 ms.
READOUT_DELAY_MS = 40


class RegionsSection(Section):
    """Places, moves and removes vertebral regions; measures the last edited one."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.choices = Choices(self)
        self._armed = ""
        self._soon = self.workspace.defer(READOUT_DELAY_MS, self.onReadout)

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
        show_picture(self.ui.histogramLabel, None)
        set_text(self.ui.readoutLabel, "")
        self.offer_switch(self.ui.regionLabel)

    def cleanup(self) -> None:
        """Stop waiting for a click."""
        self._arm("")
        self._soon.stop()

    def update(self) -> None:
        """Show levels with a region, the click's effect and the current readout."""
        self.choices.update()
        reading = self.reading
        missing = self.locked() or ("" if reading is not None else no_ct())
        if missing:
            self._arm("")
        other = str(self.ui.levelComboBox.currentText)
        for level, button in [*self.buttons.items(), (other, self.ui.levelOtherButton)]:
            ready = _("{level} has a region: press and click in a view to place it again.")
            if reading is None or reading.regions.of(level) is None:
                ready = _("Press, then click in the middle of {level} in the sagittal or the axial view.")
            enable(button, missing, ready.format(level=level))
            button.checked = level == self._armed
        target = self._region_to_remove()
        ready = _("Remove the region of {level}.").format(level=target.GetName() if target is not None else "")
        missing = self.locked() or ("" if target is not None else _("There is no region to remove."))
        enable(self.ui.removeRegionButton, missing, ready)
        if reading is not None:
            if not reading.regions.follow():
                self._show(None)
            self._soon.start()

    # User actions

    def onLevel(self, level: str) -> None:
        """Wait for a click to place a level's region; a repeated press cancels."""
        if self.reading is None:
            return
        self._arm("" if self._armed == level else level)
        regions = self.reading.regions
        there = regions.of(level)
        if self._armed and there is not None:
            regions.current = there
            regions.look_at(level)
        self.update()

    def onOtherLevel(self) -> None:
        """Handle a level selected in the menu."""
        if self._armed and self._armed not in BUTTON_LEVELS:
            self._arm("")
        self.update()

    def onClick(self, ras_mm: Any) -> None:
        """Place the waiting level's region at a point in a slice view."""
        reading, level = self.reading, self._armed
        if not level or reading is None or reading.locked() or self.refuses_click(self.ui.regionLabel):
            return
        self._arm("")
        with wait_cursor():
            outcome = reading.regions.place(level, ras_mm)
        self._say(escape(outcome.sentence))
        self._soon.start()

    def onRemoveRegion(self) -> None:
        """Delete the selected row's region, else the last one placed."""
        node = self._region_to_remove()
        if node is not None and self.reading is not None:
            self.reading.regions.remove(node)

    def onRowSelected(self) -> None:
        """Show the histogram of a row's vertebra, also from a segmentation."""
        level = selected_id(self.ui.vertebraTable)
        if self.reading is None:
            return
        regions = self.reading.regions
        regions.current = regions.of(level) if level else None
        if regions.current is not None:
            self._soon.start()
        elif level:
            self._show(regions.readout_of(level))

    def onReadout(self) -> None:
        """Measure the last edited region."""
        reading = self.reading
        check = self.workspace.checker.known(self.parameters)
        if reading is None or reading.regions.current is None or check is None:
            return
        try:
            self._show(reading.regions.read_out(check))
        except UnusableInputError as error:
            self._show(None)
            set_text(self.ui.readoutLabel, escape(str(error)))

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
        """Receive view clicks while a level waits."""
        if level != self._armed:
            self._armed = level
            self.host.clicks.take(self.onClick if level else None)
        text = ""
        if level:
            text = _("Click in the middle of {level} in a slice view; the button again ends it.")
        self._say(text.format(level=level))

    def _say(self, text: str) -> None:
        set_text(self.ui.regionLabel, text)

    def _region_to_remove(self) -> Any:
        return self.reading.regions.to_remove(selected_id(self.ui.vertebraTable)) if self.reading is not None else None
