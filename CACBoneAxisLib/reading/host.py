"""Define what a reading needs from its host: Slicer panel, web page or test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from CACBoneAxisLib.mrml.analyses import Analyses

Progress = Callable[[str, float], None]


class CancelledError(Exception):
    """The user pressed Cancel."""


class SceneClosedError(Exception):
    """The scene was closed while work on it went on."""


class Host(Protocol):
    """Shows a reading and lets the user change it."""

    def later(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Call a function once after a delay."""

    def run(self, work: Callable[[Progress], object]) -> str:
        """Run work through ``Workspace.run`` with progress; return the error or ""."""

    def session_changed(self, session: Any) -> None:
        """Show the choices of another scene, or None."""

    def reading_changed(self, reading: Any) -> None:
        """Show another reading, or None."""

    def refresh(self) -> None:
        """Show the current reading and result."""

    def say(self, message: str) -> None:
        """Show a sentence about the last analysis; an empty one clears it."""


class Deferred:
    """A debounced call, made once a delay after the last :meth:`start`.

    Parameters
    ----------
    host : provides the timer
    milliseconds : delay after the last :meth:`start`
    function : is called
    """

    def __init__(self, host: Host, milliseconds: int, function: Callable[[], None]) -> None:
        self.milliseconds, self.function = milliseconds, function
        self._host = host
        self._asked = 0
        self.waiting = False

    def start(self) -> None:
        """Schedule the call, restarting a pending delay."""
        self._asked += 1
        asked, self.waiting = self._asked, True
        self._host.later(self.milliseconds, lambda: self._call(asked))

    def stop(self) -> None:
        """Cancel the scheduled call."""
        self.waiting = False

    def _call(self, asked: int) -> None:
        if self.waiting and asked == self._asked:
            self.waiting = False
            self.function()


class Surroundings(Protocol):
    """The part of the workspace that a reading uses."""

    scene: Any
    host: Host
    analyses: Analyses
    session: Any
    reading: Any
    busy: bool
    live_update: Deferred

    @property
    def live(self) -> bool:
        """Whether changes are analysed without Apply."""

    def refresh(self) -> None:
        """Re-read the reading and refresh the display."""

    def input_changed(self) -> None:
        """React to a change of the reading."""
