"""Combine all actions on one reading of one scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.mrml.candidatenodes import add_heart_node
from CACBoneAxisLib.mrml.dicomobjects import restore_reading
from CACBoneAxisLib.mrml.trail import note_action
from CACBoneAxisLib.reading.approval import approval, approve, unlock
from CACBoneAxisLib.reading.core import ReadingCore
from CACBoneAxisLib.reading.density import Density
from CACBoneAxisLib.reading.host import Surroundings
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.lesions import Lesions
from CACBoneAxisLib.reading.regions import Regions
from CACBoneAxisLib.reading.rods import Rods


class Reading(ReadingCore):
    """A reading of one volume with its lesions, regions and phantom rods.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the volume, or another object with its attributes
    workspace : of the scene
    """

    def __init__(self, parameters: Any, workspace: Surroundings) -> None:
        super().__init__(parameters, workspace)
        self.lesions = Lesions(self)
        self.regions = Regions(self)
        self.rods = Rods(self)
        self.density = Density(self)

    def put_heart(self, box: Box) -> None:
        """Place the heart box that limits candidates, replacing the previous one."""
        before = self.parameters.heart
        with self.holding():
            add_heart_node(self.parameters, box)
            if before is not None:
                self.workspace.scene.RemoveNode(before)

    # Approval and documents

    def cannot_approve(self, name: str) -> str:
        """Return why the reading cannot be approved; empty if it can."""
        missing = self.not_current()
        if not missing and approval(self.parameters) is not None:
            missing = _("The reading is approved already.")
        return missing or ("" if name else _("Say who reads the scan first."))

    def approve(self, name: str) -> None:
        """Approve and lock the reading in a reader's name, as stated in the result."""
        if not self.cannot_approve(name):
            approve(self.parameters, name)
            self.analyze()

    def unlock(self, name: str) -> None:
        """Withdraw the approval so that the reading can be changed."""
        if approval(self.parameters) is not None and name:
            unlock(self.parameters, name)
            self.analyze()

    def restore(self, path: Path) -> None:
        """Replace this reading with that of a structured report and analyse it.

        Raises
        ------
        UnusableInputError
            If the report holds no reading of this scan.
        """
        restore_reading(self.volume, path)
        note_action(self.parameters, "reading restored from a structured report")
        self.analyze()
