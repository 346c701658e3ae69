"""Define the part of the panel that its sections use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from CACBoneAxisLib.panel.clicks import Clicks
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.workspace import Workspace


class PanelHost(Protocol):
    """Provides widgets, reading, view clicks and long-running work to a section."""

    ui: Any
    workspace: Workspace
    clicks: Clicks

    def run(self, work: Callable[[Progress], object], bar: Any = None, cancel_button: Any = None) -> str:
        """Run work with a progress bar (default: beside Apply); return the error."""

    def cancel(self) -> None:
        """Cancel the running work at its next step."""

    def choose_row(self, role: str, name: str) -> None:
        """Select a result table's row, by role and first cell, in its section."""
