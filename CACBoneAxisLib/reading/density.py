"""Show the bone density of a reading as a colour overlay; display only."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.mrml.density import add_density_node, draw_scale, fill_vertebrae, show_density
from CACBoneAxisLib.mrml.views import show_over
from CACBoneAxisLib.reading.core import ReadingCore

DENSITY = "density"


class Density:
    """Colours the measured regions of a reading by BMD."""

    def __init__(self, reading: ReadingCore) -> None:
        self.reading = reading

    @property
    def shown(self) -> bool:
        """Whether the colours are shown."""
        return self._node is not None

    def show(self) -> None:
        """Show the colours from now on."""
        node = add_density_node(self.reading.workspace.scene, self.reading.volume)
        self.reading.node.SetNodeReferenceID(DENSITY, node.GetID())

    def hide(self) -> None:
        """Hide the colours."""
        node = self._node
        self.reading.node.SetNodeReferenceID(DENSITY, None)
        show_over(None)
        fill_vertebrae(self._segmentation(), True)
        self.reading.workspace.scene.RemoveNode(node)

    def update(self) -> str:
        """Colour the regions of the latest result; return the calibration material.

        Empty if nothing is shown.
        """
        node = self._node
        result = self.reading.latest_result() if node is not None else None
        if result is None:
            return ""
        calibration = result.bone.calibration
        masks = {v.level: result.bone.masks[v.level] for v in result.bone.vertebrae if v.interpretation.bmd}
        if calibration.kind == "dual-energy" or not masks:
            return ""
        show_density(result.image, masks, calibration, node)
        show_over(node)
        draw_scale(node)
        fill_vertebrae(self._segmentation(), False)
        return str(calibration.material)

    @property
    def _node(self) -> Any:
        return self.reading.node.GetNodeReference(DENSITY)

    def _segmentation(self) -> Any:
        record = self.reading.result()
        return record.GetNodeReference("segmentation") if record is not None else None
