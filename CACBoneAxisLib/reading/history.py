"""Undo and redo every change of a reading, without limit."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

from CACBoneAxisLib.reading.snapshots import NODES, Snapshot, put_back, take_snapshot

# Typing a number or dragging a region fires many changes, which merge into one step.
SAME_STEP_SECONDS = 1.0


@dataclass(frozen=True)
class Step:
    """A change of the reading and its description."""

    before: Snapshot
    after: Snapshot
    text: str


class History:
    """The undo history of one reading.

    A step is the difference between two states of the nodes, so changes made by other modules are
    undone in order as well.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading
    """

    def __init__(self, parameters: Any) -> None:
        self.parameters = parameters
        self.done: list[Step] = []
        self.undone: list[Step] = []
        self._last = take_snapshot(parameters)
        self._changed_at = -SAME_STEP_SECONDS
        self._restoring = False
        # Deleted nodes of the reading by id, which undo restores.
        self.deleted: dict[str, Any] = {}

    def note(self, text: str = "") -> bool:
        """Record the changes since the last step; return whether there were any.

        Parameters
        ----------
        text : what the reader did; if empty it is derived from the differences, and steps of the
            same kind in quick succession merge
        """
        if self._restoring:
            return False
        now = take_snapshot(self.parameters)
        if now == self._last:
            return False
        said = text or what_changed(self._last, now)
        moment = monotonic()
        goes_on = not text and self.done and self.done[-1].text == said and not self.undone
        if goes_on and moment - self._changed_at < SAME_STEP_SECONDS:
            self.done[-1] = Step(self.done[-1].before, now, said)
        else:
            self.done.append(Step(self._last, now, said))
        self.undone.clear()
        self._last, self._changed_at = now, moment
        return True

    def forget_change(self) -> None:
        """Accept an automatic change, such as a proposed box, without a step."""
        self._last = take_snapshot(self.parameters)

    def undo(self) -> Step | None:
        """Undo and return the last step, or None."""
        self.note()
        if not self.done:
            return None
        step = self.done.pop()
        self._go(step.before)
        self.undone.append(step)
        return step

    def redo(self) -> Step | None:
        """Redo and return the last undone step, or None."""
        if self.note() or not self.undone:
            return None
        step = self.undone.pop()
        self._go(step.after)
        self.done.append(step)
        return step

    def _go(self, to: Snapshot) -> None:
        self._restoring = True
        try:
            put_back(self.parameters, to, self.deleted)
        finally:
            self._restoring = False
        # Read back from the nodes, so that what could not be restored is not a new step.
        self._last = take_snapshot(self.parameters)
        self._changed_at = -SAME_STEP_SECONDS


def what_changed(before: Snapshot, after: Snapshot) -> str:
    """Return what differs: ``points``, a region's name or a choice's name."""
    if before.nodes != after.nodes:
        return next(role for role in NODES if before.nodes.get(role) != after.nodes.get(role))
    if before.points != after.points:
        return "points"
    if before.heart != after.heart:
        return "heart"
    if before.regions != after.regions:
        earlier = {region.uid: region for region in before.regions}
        later = {region.uid: region for region in after.regions}
        uids = [uid for uid in {**earlier, **later} if earlier.get(uid) != later.get(uid)]
        return next(((later.get(uid) or earlier[uid]).name for uid in uids), "regions")
    if before.excluded != after.excluded:
        return "vertebrae"
    return next(
        name for name in {**before.choices, **after.choices} if before.choices.get(name) != after.choices.get(name)
    )
