"""What a section of the panel knows of the panel around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from CACBoneAxisLib.panel.clicks import Clicks
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.workspace import Workspace


class PanelHost(Protocol):
    """Gives a section its widgets, the reading, clicks in the views, and a way to do long work."""

    ui: Any
    workspace: Workspace
    clicks: Clicks

    def run(self, work: Callable[[Progress], object], bar: Any = None, cancel_button: Any = None) -> str:
        """Do work with a bar (the one beside Apply where none is given); return what went wrong in one sentence."""

    def cancel(self) -> None:
        """End the work that runs at its next step."""

    def choose_row(self, role: str, name: str) -> None:
        """Choose the row of a result table, by its role and first cell, in the section that shows it."""
