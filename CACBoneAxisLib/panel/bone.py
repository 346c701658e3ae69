"""Section Bone, part 3: segmented vertebrae, table, exclusions, density images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.labels import vertebra_segments
from CACBoneAxisLib.mrml.totalsegmentator import is_installed
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.pictures import show_picture
from CACBoneAxisLib.panel.section import (
    Section,
    choose_folder,
    connect,
    enable,
    fill,
    no_ct,
    selected_id,
    set_checked,
    set_text,
)
from CACBoneAxisLib.reading.answers import bone_answer
from CACBoneAxisLib.reading.words import vertebra_exclusions
from CACBoneAxisLib.report.bonefigures import density_scale, population_figure

PICTURE_PIXELS = 440
SCALE_PIXELS, SCALE_WIDTH = 230, 150


class BoneSection(Section):
    """Shows the vertebral measurements and excludes vertebrae."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.choices = Choices(self)
        self._chosen: tuple[str, str | None] | None = None
        self._soon = self.workspace.defer(0, self.onChosen)

    def setup(self) -> None:
        """Connect the table, the segmentation and the overlay."""
        default = RegionProtocol().erosion_mm
        self.choices.number(self.ui.erosionSpinBox, "bone.region.erosion_mm", None, default)
        connect(self.ui.vertebraTable, "itemSelectionChanged()", self.onVertebraSelected)
        connect(self.ui.segmentButton, "clicked()", self.onSegment)
        connect(self.ui.loadMasksButton, "clicked()", self.onLoadMasks)
        connect(self.ui.boneCancelButton, "clicked()", self.host.cancel)
        connect(self.ui.densityCheckBox, "toggled(bool)", self.onDensity)
        self.ui.boneProgressBar.visible = False
        self.ui.boneCancelButton.visible = False

    def cleanup(self) -> None:
        """Stop all activity."""
        self._soon.stop()

    def update(self) -> None:
        """Show which vertebrae the segmentation has, and what can be done with it."""
        self.show_answer(self.ui.boneLabel, bone_answer)
        self.choices.update()
        vertebrae = self.parameters.vertebrae if self.parameters is not None else None
        text = ""
        if vertebrae is not None:
            levels = list(dict.fromkeys(vertebra_segments(vertebrae).values()))
            text = _("Vertebrae in it: {levels}").format(levels=", ".join(levels))
            if not levels:
                text = _("No segment in it is named by a level (T1 to L5).")
        set_text(self.ui.segmentationLabel, escape(text))
        missing = ""
        if not is_installed():
            missing = _("Install the extension TotalSegmentator in the Extensions Manager to use this.")
        elif self.reading is None:
            missing = no_ct()
        elif self.workspace.busy:
            missing = _("Wait until what is running has ended.")
        enable(
            self.ui.segmentButton,
            self.locked() or missing,
            _("Segment T1 to L5 with TotalSegmentator; takes some minutes."),
        )
        enable(
            self.ui.loadMasksButton,
            self.locked() or ("" if self.reading is not None else no_ct()),
            _("Load the vertebrae from a folder with one mask per vertebra, as TotalSegmentator writes it."),
        )
        coloured = self.reading is not None and self.reading.density.shown
        if not coloured:
            show_picture(self.ui.densityScaleLabel, None)
        set_checked(self.ui.densityCheckBox, coloured)

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the density, the vertebrae and the patient in the reference population."""
        has_bmd = result is not None and any(v["bmd"] for v in result["bone"]["vertebrae"])
        missing = "" if has_bmd else _("There is no BMD to show: choose a calibration and press Apply.")
        if result is not None and result["bone"]["calibration"]["kind"] == "dual-energy":
            missing = _("The density of two energies is that of a region and not of its voxels.")
        enable(self.ui.densityCheckBox, missing, _("Colour the measured regions by BMD. For the eye only."))
        if result is None:
            fill(self.ui.vertebraTable, [], [])
            show_picture(self.ui.populationLabel, None)
            return
        self._fill(result)
        figure = population_figure(result)
        picture, caption = (figure.png, figure.caption) if figure is not None else (None, "")
        show_picture(self.ui.populationLabel, picture, caption, PICTURE_PIXELS)
        if self.reading is not None and self.reading.density.shown:
            self._show_density()

    def _fill(self, result: Mapping[str, Any]) -> None:
        rows = tables.vertebra_rows(result)
        headings = tables.headings("vertebra", "panel")
        level, *others = headings
        titles = [headings[level], _("Leave out"), *(headings[name] for name in others)]
        ids = [row["level"] for row in rows]
        table = self.ui.vertebraTable
        vertebrae = {vertebra["level"] for vertebra in result["bone"]["vertebrae"]}
        combos = {name: self._reason_combo(name) for name in ids if name in vertebrae}
        cells = [[row[level], *(row[name] for name in others)] for row in rows]
        fill(
            table,
            titles,
            [[first, "", *rest] for first, *rest in cells],
            ids,
            widgets={(number, 1): combos[name] for number, name in enumerate(ids) if name in combos},
        )

    def _reason_combo(self, level: str) -> Any:
        combo = ctk.ctkComboBox()
        # Scrolling the panel with the wheel must not exclude a vertebra.
        combo.scrollWheelEffect = ctk.ctkComboBox.NeverScroll
        combo.enabled = not self.locked()
        combo.addItem(_("no"))
        words = vertebra_exclusions()
        kept = list(words)
        now = self.reading.regions.excluded(level) if self.reading is not None else None
        if now is not None and now not in kept:
            kept.append(now)
        for reason in kept:
            combo.addItem(words.get(reason, reason))
        combo.setCurrentIndex(0 if now is None else 1 + kept.index(now))
        combo.setFocusPolicy(qt.Qt.StrongFocus)
        combo.toolTip = _("Leave {level} out of the mean, and why; it stays visible.").format(level=level)
        names: list[str | None] = [None, *kept]
        connect(combo, "activated(int)", lambda index: self._exclude_soon(level, names[index]))
        return combo

    def _exclude_soon(self, level: str, reason: str | None) -> None:
        """Exclude the vertebra after the combo box click, because the table is rebuilt."""
        self._chosen = (level, reason)
        self._soon.start()

    def choose_row(self, role: str, name: str) -> None:
        """Select a vertebra's row and jump to it."""
        if role == "vertebraTable":
            table = self.ui.vertebraTable
            items = [table.item(row, 0) for row in range(table.rowCount)]
            # Clicking a selected row jumps there again.
            table.clearSelection()
            table.selectRow(next((row for row, item in enumerate(items) if item.data(qt.Qt.UserRole) == name), -1))

    # User actions

    def onChosen(self) -> None:
        """Apply the choice made in a row."""
        if self._chosen is not None:
            chosen, self._chosen = self._chosen, None
            self.onExclude(*chosen)

    def onExclude(self, level: str, reason: str | None) -> None:
        """Exclude a vertebra for a reason, or include it again."""
        if self.reading is not None:
            self.reading.regions.exclude(level, reason)

    def onVertebraSelected(self) -> None:
        """Show the selected vertebra in all views."""
        level = selected_id(self.ui.vertebraTable)
        if self.reading is not None and level:
            self.reading.regions.look_at(level)

    def onSegment(self) -> None:
        """Segment the vertebrae with TotalSegmentator."""
        if self.reading is not None:
            self._take_segmentation(self.reading.regions.segment)

    def onLoadMasks(self) -> None:
        """Load the vertebrae from a folder of masks."""
        folder = choose_folder(_("Folder of masks"))
        if self.reading is not None and folder is not None:
            regions = self.reading.regions
            self._take_segmentation(lambda progress: regions.load_masks(folder, progress))

    def _take_segmentation(self, work: Callable[[Any], None]) -> None:
        if self.workspace.busy:
            return
        message = self.host.run(work, self.ui.boneProgressBar, self.ui.boneCancelButton)
        self.workspace.refresh()
        if message:
            set_text(self.ui.segmentationLabel, escape(message))

    def onDensity(self, on: bool) -> None:
        """Show or hide the density colours."""
        if self.reading is None or on == self.reading.density.shown:
            return
        if on:
            self.reading.density.show()
        else:
            self.reading.density.hide()
        self._show_density()

    def _show_density(self) -> None:
        material = self.reading.density.update() if self.reading is not None else ""
        scale = density_scale(SCALE_PIXELS, material) if material else None
        tip = _("BMD by colour; the edges of the BMD classes are marked.")
        show_picture(self.ui.densityScaleLabel, scale, tip, SCALE_WIDTH)
