"""What happens to a reading from elsewhere: nodes that go, transforms, changes of what was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from CACBoneAxisLib.mrml.parameters import existing_regions
from CACBoneAxisLib.mrml.volumes import transform_over
from CACBoneAxisLib.reading.approval import approval, unlock
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.snapshots import NODES
from CACBoneAxisLib.reading.words import deleted_words

if TYPE_CHECKING:
    from CACBoneAxisLib.reading.core import ReadingCore


class Guard:
    """Keeps a reading from changing in silence, and says what happened to it."""

    def __init__(self, reading: ReadingCore) -> None:
        self.reading = reading
        # What happened last, until the reader's next step.
        self.told = ""
        # What hides the candidates, as long as it does.
        self.hidden = ""
        # What the deletion of a node is called, until it is a step.
        self.lost = ""
        self._stands = False

    def notices(self) -> list[str]:
        """Return what a reader has to know before anything else, a sentence each."""
        parameters = self.reading.parameters
        given = (parameters.volume, *(getattr(parameters, role) for role in NODES), *existing_regions(parameters))
        return [sentence for sentence in (self.told, transform_over(given), self.hidden) if sentence]

    def miss(self, node: Any) -> None:
        """Say that a node of the reading is being deleted elsewhere, and keep it for undo; its place stays empty."""
        parameters = self.reading.parameters
        role = next((role for role in deleted_words() if getattr(parameters, role) is node), "")
        role = role or ("regions" if node in parameters.regions else "")
        if self.reading.held or not role:
            return
        words = _("{node} was deleted; its place in this reading is empty.")
        if role != "baseline":
            self.reading.history.deleted[node.GetID()] = node
            words = _("{node} was deleted; its place in this reading is empty. Undo brings it back.")
            self.lost = deleted_words().get(role) or _("region of {level} deleted").format(level=node.GetName())
        self.told = words.format(node=node.GetName())

    def note_loss(self) -> None:
        """Make an undoable step of a node's deletion, once it is gone."""
        if self.lost:
            # Slicer's wrapper may forget the node a moment later; the step is then made by that.
            self.reading.note_step("")

    def look_again(self) -> None:
        """See what changed elsewhere: an edited overlay is said, and the approval of a changed reading ends."""
        parameters = self.reading.parameters
        if self.reading.overlay_edited():
            self.told = _(
                "The segmentation “calcium and bone” only shows the result and is written anew: "
                "change a lesion with Cut, Slice only or Exclude, a vertebra with its region."
            )
        approved = approval(parameters)
        if approved is None or not self.reading.changed_since_result:
            self._stands = approved is not None
        elif self._stands:
            self._stands = False
            words = _("Changed outside this panel: the approval by {name} no longer holds.")
            self.told = words.format(name=approved.name)
            unlock(parameters)
