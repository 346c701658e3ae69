"""Section Bone, third part: vertebrae from a segmentation, the table, exclusions, and pictures of the density."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.density import add_density_node, draw_scale, fill_vertebrae, show_density
from CACBoneAxisLib.mrml.labels import exclude_segment, exclusion, vertebra_segments
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.placing import region_of
from CACBoneAxisLib.mrml.regions import exclude_region, excluded_reason
from CACBoneAxisLib.mrml.totalsegmentator import is_installed, segment_vertebrae
from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.pictures import show_picture
from CACBoneAxisLib.panel.section import Section, connect, doubts, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.views import jump_to, show_over
from CACBoneAxisLib.report.bonefigures import density_scale, population_figure
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import bmd_words, bone_lines, bone_missing, class_words

PICTURE_PIXELS = 440
SCALE_PIXELS, SCALE_WIDTH = 230, 150
# Why a score or an estimate that was asked for is not there, or what it rests on.
SCORE_CODES = ("t-score-", "z-score-", "estimate-")
DENSITY = "density"


def reasons() -> dict[str, str]:
    """Return the reasons for which a vertebra is left out, as they are kept and as they are called."""
    return {
        "fracture": _("fracture"),
        "hardware": _("hardware"),
        "degenerative": _("degenerative"),
        "haemangioma": _("haemangioma"),
    }


class BoneSection(Section):
    """Shows what was measured in the vertebrae, and leaves vertebrae out."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.choices = Choices(panel)
        self._chosen: tuple[str, str | None] | None = None

    def setup(self) -> None:
        """Connect the table, the segmentation and the overlay."""
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(0)
        connect(self.timer, "timeout()", self.onChosen)
        default = RegionProtocol().erosion_mm
        self.choices.number(self.ui.erosionSpinBox, "bone.region.erosion_mm", None, default)
        connect(self.ui.vertebraTable, "itemSelectionChanged()", self.onVertebraSelected)
        connect(self.ui.segmentButton, "clicked()", self.onSegment)
        connect(self.ui.boneCancelButton, "clicked()", self.panel.onCancel)
        connect(self.ui.densityCheckBox, "toggled(bool)", self.onDensity)
        self.ui.boneProgressBar.visible = False
        self.ui.boneCancelButton.visible = False

    def cleanup(self) -> None:
        """Do nothing any more."""
        self.timer.stop()

    def update(self, parameters: Any) -> None:
        """Show which vertebrae the segmentation has, and what can be done with it."""
        self.choices.update(parameters)
        vertebrae = parameters.vertebrae if parameters is not None else None
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
        elif parameters is None or parameters.volume is None:
            missing = _("Choose a CT volume first.")
        elif self.panel.progress is not None:
            missing = _("Wait until what is running has ended.")
        enable(
            self.ui.segmentButton,
            self.panel.locked() or missing,
            _("Segment T1 to L5 with TotalSegmentator; takes some minutes."),
        )
        node = self._density_node(parameters)
        if node is None:
            show_picture(self.ui.densityScaleLabel, None)
        if bool(self.ui.densityCheckBox.checked) != (node is not None):
            before = self.ui.densityCheckBox.blockSignals(True)
            self.ui.densityCheckBox.checked = node is not None
            self.ui.densityCheckBox.blockSignals(before)

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the density, the vertebrae, and the patient among others."""
        has_bmd = bool(result) and any(v["bmd"] for v in result["bone"]["vertebrae"])
        missing = "" if has_bmd else _("There is no BMD to show: choose a calibration and press Apply.")
        if result is not None and result["bone"]["calibration"]["kind"] == "dual-energy":
            missing = _("The density of two energies is that of a region and not of its voxels.")
        enable(self.ui.densityCheckBox, missing, _("Colour the measured regions by BMD. For the eye only."))
        if result is None:
            set_text(self.ui.boneLabel, "")
            fill(self.ui.vertebraTable, [], [])
            show_picture(self.ui.populationLabel, None)
            return
        set_text(self.ui.boneLabel, bone_answer(result))
        self._fill(result)
        figure = population_figure(result)
        picture, caption = (figure.png, figure.caption) if figure is not None else (None, "")
        show_picture(self.ui.populationLabel, picture, caption, PICTURE_PIXELS)
        if self._density_node(self.panel.parameters) is not None:
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
        # A wheel over the panel scrolls it; it must not leave a vertebra out.
        combo.scrollWheelEffect = ctk.ctkComboBox.NeverScroll
        combo.enabled = not self.panel.locked()
        combo.addItem(_("no"))
        kept = list(reasons())
        now = self._excluded(level)
        if now is not None and now not in kept:
            kept.append(now)
        for reason in kept:
            combo.addItem(reasons().get(reason, reason))
        combo.setCurrentIndex(0 if now is None else 1 + kept.index(now))
        combo.setFocusPolicy(qt.Qt.StrongFocus)
        combo.toolTip = _("Leave {level} out of the mean, and why; it stays visible.").format(level=level)
        names: list[str | None] = [None, *kept]
        connect(combo, "activated(int)", lambda index: self._exclude_soon(level, names[index]))
        return combo

    def _exclude_soon(self, level: str, reason: str | None) -> None:
        """Leave the vertebra out once the combo box has done with its click: the table is then made anew."""
        self._chosen = (level, reason)
        self.timer.start()

    # What a user does

    def onChosen(self) -> None:
        """Do what was chosen in a row."""
        if self._chosen is not None:
            chosen, self._chosen = self._chosen, None
            self.onExclude(*chosen)

    def onExclude(self, level: str, reason: str | None) -> None:
        """Leave a vertebra out for a reason, or take it in again."""
        parameters = self.panel.parameters
        if parameters is None or self.panel.locked() or self._excluded(level) == reason:
            return

        def change() -> None:
            region = region_of(existing_regions(parameters), level)
            if region is not None:
                exclude_region(region, reason)
            for segment_id in self._segments(level):
                exclude_segment(parameters.vertebrae, segment_id, reason)

        text = _("{level} taken in") if reason is None else _("{level} left out: {reason}")
        self.panel.act(text.format(level=level, reason=reason), change)

    def onVertebraSelected(self) -> None:
        """Show the selected vertebra in all views."""
        parameters = self.panel.parameters
        level = selected_id(self.ui.vertebraTable)
        if parameters is None or not level:
            return
        region = region_of(existing_regions(parameters), level)
        if region is not None:
            jump_to(swap_ras_lps(box_from_node(region).center_mm))
        else:
            for segment_id in self._segments(level):
                jump_to(parameters.vertebrae.GetSegmentCenterRAS(segment_id))

    def onSegment(self) -> None:
        """Let TotalSegmentator find the vertebrae."""
        parameters = self.panel.parameters
        if parameters is None or parameters.volume is None or self.panel.progress is not None:
            return
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{parameters.volume.GetName()} vertebrae")
        message = self.panel.run(
            lambda progress: segment_vertebrae(parameters.volume, node, lambda line: progress(line[:60], 0.5)),
            self.ui.boneProgressBar,
            self.ui.boneCancelButton,
        )
        if message:
            slicer.mrmlScene.RemoveNode(node)
        else:
            node.CreateDefaultDisplayNodes()
            parameters.vertebrae = node
        self.panel.refresh()
        if message:
            set_text(self.ui.segmentationLabel, escape(message))

    def onDensity(self, on: bool) -> None:
        """Colour the regions by density, or take the colours away."""
        parameters = self.panel.parameters
        node = self._density_node(parameters)
        if parameters is None or on == (node is not None):
            return
        if on:
            node = add_density_node(slicer.mrmlScene, parameters.volume)
            parameters.parameterNode.SetNodeReferenceID(DENSITY, node.GetID())
            self._show_density()
        else:
            parameters.parameterNode.SetNodeReferenceID(DENSITY, None)
            show_picture(self.ui.densityScaleLabel, None)
            show_over(None)
            fill_vertebrae(self._result_segmentation(), True)
            slicer.mrmlScene.RemoveNode(node)

    def _show_density(self) -> None:
        result = self.panel.latest_result()
        node = self._density_node(self.panel.parameters)
        if result is None or node is None:
            return
        calibration = result.bone.calibration
        masks = {v.level: result.bone.masks[v.level] for v in result.bone.vertebrae if v.interpretation.bmd}
        if calibration.kind == "dual-energy" or not masks:
            return
        show_density(result.image, masks, calibration, node)
        show_over(node)
        draw_scale(node)
        fill_vertebrae(self._result_segmentation(), False)
        scale = density_scale(SCALE_PIXELS, str(calibration.material))
        tip = _("BMD by colour; the edges of the BMD classes are marked.")
        show_picture(self.ui.densityScaleLabel, scale, tip, SCALE_WIDTH)

    def _result_segmentation(self) -> Any:
        record = self.panel.result()
        return record.GetNodeReference("segmentation") if record is not None else None

    def _density_node(self, parameters: Any) -> Any:
        return parameters.parameterNode.GetNodeReference(DENSITY) if parameters is not None else None

    def _excluded(self, level: str) -> str | None:
        parameters = self.panel.parameters
        region = region_of(existing_regions(parameters), level) if parameters is not None else None
        said = [excluded_reason(region)] if region is not None else []
        said += [exclusion(parameters.vertebrae, segment_id) for segment_id in self._segments(level)]
        return next((reason for reason in said if reason is not None), None)

    def _segments(self, level: str) -> list[str]:
        vertebrae = self.panel.parameters.vertebrae if self.panel.parameters is not None else None
        if vertebrae is None:
            return []
        return [segment_id for segment_id, name in vertebra_segments(vertebrae).items() if name == level]


def bone_answer(result: Mapping[str, Any]) -> str:
    """Return the density as rich text with what is doubtful about it, or why there is none."""
    summary = result["bone"]["summary"]
    if not summary or summary.get("mean_hu") is None:
        return _("No bone density: {reason}").format(reason=escape(bone_missing(result)))
    lines = [f"{escape(summary['label'])}: <b>{format_value(summary['mean_hu'], 'mean_hu', unit=True)}</b>"]
    if summary["bmd"]:
        lines[0] += f", <b>{escape(bmd_words(summary['bmd']))}</b>, {escape(class_words(summary['acr_class']))}"
    for name, words, source in bone_lines(summary):
        if name in ("T-score", "Z-score"):
            lines.append(f"{name} {escape(words)}")
        elif name in ("side", "estimate"):
            lines.append(escape(f"{words}, {source}" if source else words))
    about = [*result["bone"]["findings"], *(summary.get("findings") or ())]
    lines += [escape(item["message"]) for item in about if item["code"].startswith(SCORE_CODES)]
    said = [item for vertebra in result["bone"]["vertebrae"] for item in vertebra["findings"]]
    return "<br>".join(dict.fromkeys([*lines, *doubts([*about, *said])]))
