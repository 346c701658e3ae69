"""Place, remove, measure and exclude the vertebrae of a reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.bone.numbering import is_level, with_names
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.mrml.archive import add_vertebrae
from CACBoneAxisLib.mrml.labels import exclude_segment, exclusion, vertebra_segments
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.placing import hold_handles, place_region, region_of
from CACBoneAxisLib.mrml.regions import exclude_region, excluded_reason
from CACBoneAxisLib.mrml.totalsegmentator import segment_vertebrae
from CACBoneAxisLib.mrml.views import jump_to
from CACBoneAxisLib.reading.core import ReadingCore
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.outcome import Outcome, refused
from CACBoneAxisLib.reading.readout import Readout, read_region
from CACBoneAxisLib.study.scancheck import ScanCheck


class Regions:
    """Edits the regions of a reading and the vertebrae of its segmentation."""

    def __init__(self, reading: ReadingCore) -> None:
        self.reading = reading
        # The last edited ROI node.
        self.current: Any = None
        self._seen: dict[str, int] = {}

    def all(self) -> list[Any]:
        """Return the ROI nodes of the reading."""
        return existing_regions(self.reading.parameters)

    def of(self, level: str) -> Any:
        """Return the ROI node of a level, or None."""
        return region_of(self.all(), level)

    def place(self, level: str, ras_mm: Sequence[float]) -> Outcome:
        """Place or move the region of a level from a point in its vertebra."""
        reading = self.reading
        if reading.locked():
            return refused(reading.locked())
        said: list[Outcome] = []

        def change() -> None:
            try:
                said.append(Outcome(True, "said", {"sentence": self._place(level, ras_mm)}))
            except UnusableInputError as error:
                said.append(refused(str(error)))

        reading.act(_("region of {level}").format(level=level), change)
        reading.show_table("vertebraTable")
        return said[0]

    def _place(self, level: str, ras_mm: Sequence[float]) -> str:
        reading, there = self.reading, self.of(level)
        point, protocol = swap_ras_lps(ras_mm), reading.settings.bone.region
        image, scene = reading.analysis.image, reading.workspace.scene
        self.current, message = place_region(scene, image, point, level, there, protocol)
        if there is None:
            reading.parameters.regions = [*self.all(), self.current]
        return message

    def remove(self, node: Any) -> None:
        """Delete a region."""
        if self.reading.locked():
            return

        def change() -> None:
            self.reading.parameters.regions = [region for region in self.all() if region is not node]
            self.reading.workspace.scene.RemoveNode(node)

        self.reading.act(_("region of {level} removed").format(level=node.GetName()), change)

    def to_remove(self, level: str) -> Any:
        """Return the region of a level, else the last one placed, or None."""
        regions = self.all()
        return region_of(regions, level) or next((n for n in reversed(regions) if parse_level(n.GetName())), None)

    def excluded(self, level: str) -> str | None:
        """Return why a vertebra is excluded, None if included."""
        region = self.of(level)
        said = [excluded_reason(region)] if region is not None else []
        said += [exclusion(self.reading.parameters.vertebrae, segment_id) for segment_id in self.segments(level)]
        return next((reason for reason in said if reason is not None), None)

    def exclude(self, level: str, reason: str | None) -> None:
        """Exclude a vertebra for a reason, or include it again."""
        if self.reading.locked() or self.excluded(level) == reason:
            return

        def change() -> None:
            region = self.of(level)
            if region is not None:
                exclude_region(region, reason)
            for segment_id in self.segments(level):
                exclude_segment(self.reading.parameters.vertebrae, segment_id, reason)

        text = _("{level} taken in") if reason is None else _("{level} left out: {reason}")
        self.reading.act(text.format(level=level, reason=reason), change)

    def segment(self, progress: Progress) -> None:
        """Segment the vertebrae with TotalSegmentator and select its output.

        Errors leave no node behind.
        """
        reading = self.reading
        name = f"{reading.volume.GetName()} vertebrae"
        node = reading.workspace.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        try:
            segment_vertebrae(reading.volume, node, lambda line: progress(line[:60], 0.5))
        except BaseException:
            reading.workspace.scene.RemoveNode(node)
            raise
        node.CreateDefaultDisplayNodes()
        reading.parameters.vertebrae = node

    def load_masks(self, folder: Path, progress: Progress) -> None:
        """Load the vertebrae from a folder of masks, one per level.

        Raises
        ------
        UnusableInputError
            One sentence, if they are not vertebrae of this scan.
        """
        reading = self.reading
        progress(_("Reading the masks"), 0.1)
        image = reading.analysis.image
        labels = read_labels(folder, is_level).on_grid_of(image.geometry)
        named = with_names(labels, reading.settings.bone.numbering, image)
        reading.parameters.vertebrae = add_vertebrae(named, reading.volume, reading.workspace.scene)

    def segments(self, level: str) -> list[str]:
        """Return the ids of the segments of a level."""
        vertebrae = self.reading.parameters.vertebrae
        if vertebrae is None:
            return []
        return [segment_id for segment_id, name in vertebra_segments(vertebrae).items() if name == level]

    def look_at(self, level: str) -> None:
        """Show a vertebra in all views."""
        region = self.of(level)
        if region is not None:
            jump_to(swap_ras_lps(box_from_node(region).center_mm))
            return
        for segment_id in self.segments(level):
            jump_to(self.reading.parameters.vertebrae.GetSegmentCenterRAS(segment_id))

    def follow(self) -> bool:
        """Make the last changed region current; return whether one exists."""
        regions = self.all()
        vertebrae = [node for node in regions if parse_level(node.GetName())]
        now = {node.GetID(): node.GetMTime() for node in vertebrae}
        changed = [node for node in vertebrae if now[node.GetID()] > self._seen.get(node.GetID(), 0)]
        self._seen = now
        if changed:
            self.current = changed[-1]
        gone = self.current is not None and self.current not in regions
        if gone:
            self.current = None
        hold_handles(vertebrae, None if self.reading.locked() else self.current)
        return not gone

    def read_out(self, check: ScanCheck) -> Readout | None:
        """Return the measurement of the current region, or None.

        Raises
        ------
        UnusableInputError
            If it cannot be measured.
        """
        if self.current is None or self.current.GetScene() is None:
            return None
        return read_region(check, self.reading.settings, self.current)

    def readout_of(self, level: str) -> Readout | None:
        """Return the latest result's entry of a vertebra, or None."""
        result = self.reading.latest_result()
        for vertebra in result.bone.vertebrae if result is not None else ():
            if vertebra.level == level and result is not None:
                mask = result.bone.masks.get(level)
                return Readout(vertebra.to_mapping(), mask.values(result.image.hu) if mask is not None else np.empty(0))
        return None
