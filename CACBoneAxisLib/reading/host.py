"""What a reading asks of whatever shows it: the panel in Slicer, a page in a browser, a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from CACBoneAxisLib.mrml.analyses import Analyses

Progress = Callable[[str, float], None]


class CancelledError(Exception):
    """The user pressed Cancel."""


class Host(Protocol):
    """Shows a reading and lets its user change it."""

    def later(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Call a function once, after a while."""

    def run(self, work: Callable[[Progress], object]) -> str:
        """Do work through ``Workspace.run``, showing its progress; return what went wrong, empty where nothing did."""

    def session_changed(self, session: Any) -> None:
        """Show the choices of another scene; None while there is none."""

    def reading_changed(self, reading: Any) -> None:
        """Show another reading; None while there is none."""

    def refresh(self) -> None:
        """Show what the reading and its result are now."""

    def say(self, message: str) -> None:
        """Show a sentence about the last analysis; empty takes the last one away."""


class Deferred:
    """A call made once, a given time after it was last scheduled.

    Parameters
    ----------
    host : whose timer is used
    milliseconds : after the last :meth:`start`
    function : is called
    """

    def __init__(self, host: Host, milliseconds: int, function: Callable[[], None]) -> None:
        self.milliseconds, self.function = milliseconds, function
        self._host = host
        self._asked = 0
        self.waiting = False

    def start(self) -> None:
        """Schedule the call; one that is scheduled already is delayed again."""
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
    """What a reading knows of the workspace around it."""

    scene: Any
    host: Host
    analyses: Analyses
    session: Any
    busy: bool
    live_update: Deferred

    @property
    def live(self) -> bool:
        """Whether a change is answered without Apply."""

    def refresh(self) -> None:
        """Look at the reading again and let it be shown."""

    def input_changed(self) -> None:
        """React to a change of the reading."""
