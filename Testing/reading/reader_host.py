"""A host without a screen: timers run when a test says so, and what is said is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from CACBoneAxisLib.mrml.parameternodes import SceneChoices
from CACBoneAxisLib.reading.workspace import Workspace


class ReaderHost:
    """Hosts the workspace of a scene, as the panel does in Slicer."""

    def __init__(self, scene: Any) -> None:
        choices = SceneChoices(scene)
        self.due: list[tuple[int, Callable[[], None]]] = []
        self.said: list[str] = []
        self.steps: list[tuple[str, float]] = []
        self.refreshed = 0
        self.shown: Any = None
        self.workspace = Workspace(scene, self, choices.session, choices.reading)
        self.workspace.setup()

    def later(self, milliseconds, function):
        self.due.append((milliseconds, function))

    def let_time_pass(self):
        """Call what waits, the soonest first, until nothing does."""
        while self.due:
            self.due.sort(key=lambda one: one[0])
            self.due.pop(0)[1]()

    def run(self, work):
        return self.workspace.run(work, lambda message, part: self.steps.append((message, part)))

    def session_changed(self, session):
        pass

    def reading_changed(self, reading):
        self.shown = reading

    def refresh(self):
        self.refreshed += 1

    def say(self, message):
        if message:
            self.said.append(message)
