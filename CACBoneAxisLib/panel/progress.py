"""Progress of an analysis in the panel, with Cancel."""

from __future__ import annotations

from time import monotonic
from typing import Any

import slicer

from CACBoneAxisLib.reading.host import CancelledError

# Shorter work is over before a bar could be read.
PATIENCE_SECONDS = 1.0


class ProgressBar:
    """Shows what an analysis is doing once it takes longer than a second, and ends it on Cancel.

    Called with a message and the part done (0 to 1), between two steps of the work.
    """

    def __init__(self, bar: Any, cancel_button: Any, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.bar = bar
        self.cancel_button = cancel_button
        self.patience_seconds = patience_seconds
        self.started = monotonic()
        self.cancelled = False

    def cancel(self) -> None:
        """End the analysis at its next step."""
        self.cancelled = True

    def hide(self) -> None:
        """Show no progress any more."""
        for widget in (self.bar, self.cancel_button):
            if widget is not None:
                widget.visible = False

    def __call__(self, message: str, fraction: float) -> None:
        """Show the message and the part done; raise :class:`CancelledError` when the user cancelled."""
        if monotonic() - self.started >= self.patience_seconds:
            self.bar.visible = True
            if self.cancel_button is not None:
                self.cancel_button.visible = True
            self.bar.setRange(0, 100)
            self.bar.setValue(round(100 * fraction))
            self.bar.setFormat(f"{message} %p%")
            slicer.app.processEvents()
        if self.cancelled:
            raise CancelledError
