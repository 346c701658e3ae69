"""Show, move and detect the calibration phantom rods of a reading."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.mrml.choices import choose, chosen
from CACBoneAxisLib.mrml.overlays import show_segments
from CACBoneAxisLib.mrml.rods import ROD_POINTS, ROD_SEGMENTS, add_rod_points, rod_centers_ras_mm, rod_segments
from CACBoneAxisLib.reading.core import ReadingCore
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.study.scancheck import ScanCheck

CENTERS = "bone.calibration.rod_centers_ras_mm"


class Rods:
    """Shows the measured rod positions and keeps the reader's corrections."""

    def __init__(self, reading: ReadingCore) -> None:
        self.reading = reading
        self._drawn: tuple[str, Any] | None = None

    @property
    def shown(self) -> bool:
        """Whether the measured discs are shown."""
        return self._node(ROD_SEGMENTS) is not None

    @property
    def corrected(self) -> bool:
        """Whether the reader corrected the rod positions."""
        return bool(chosen(self.reading.parameters, CENTERS))

    def show(self, check: ScanCheck | None) -> None:
        """Show the measured discs over the scan."""
        if check is not None and check.phantom is not None:
            node = self.reading.workspace.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", _("Phantom rods"))
            self.reading.node.SetNodeReferenceID(ROD_SEGMENTS, node.GetID())
            self.update(check)

    def hide(self) -> None:
        """Hide the discs."""
        self._remove(ROD_SEGMENTS)

    def update(self, check: ScanCheck | None) -> None:
        """Store the moved points and redraw the measured discs."""
        points, node = self._node(ROD_POINTS), self._node(ROD_SEGMENTS)
        if points is not None and self.corrected:
            self._take_points(points)
        phantom = check.phantom if check is not None else None
        if node is None or check is None or phantom is None or not phantom.axes:
            return
        if self._drawn is not None and self._drawn[0] == node.GetID() and self._drawn[1] is phantom:
            return
        self._drawn = (node.GetID(), phantom)
        show_segments(rod_segments(phantom, check.image.geometry), check, self.reading.volume, node)

    def move(self, check: ScanCheck | None) -> None:
        """Add a point to each rod; the rods are then measured at the points."""
        if check is None or check.phantom is None or not check.phantom.axes:
            return
        self._remove(ROD_POINTS)
        node = add_rod_points(check.phantom, check.image.geometry, self.reading.workspace.scene)
        self.reading.node.SetNodeReferenceID(ROD_POINTS, node.GetID())
        self._take_points(node)

    def find(self) -> None:
        """Discard the corrections and detect the rods again."""
        self._remove(ROD_POINTS)
        choose(self.reading.parameters, {CENTERS: None})

    def _take_points(self, node: Any) -> None:
        centers = [[round(value, 3) for value in center] for center in rod_centers_ras_mm(node)]
        choose(self.reading.parameters, {CENTERS: centers or None})

    def _node(self, role: str) -> Any:
        return self.reading.node.GetNodeReference(role)

    def _remove(self, role: str) -> None:
        node = self._node(role)
        if node is not None:
            self.reading.node.SetNodeReferenceID(role, None)
            self.reading.workspace.scene.RemoveNode(node)
