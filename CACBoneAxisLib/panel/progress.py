"""Show the progress of an analysis in the panel, with Cancel."""

from __future__ import annotations

from time import monotonic
from typing import Any

import slicer

from CACBoneAxisLib.reading.host import CancelledError

# Shorter work ends before a bar could be read.
PATIENCE_SECONDS = 1.0


class ProgressBar:
    """Shows the current step of an analysis after a second, and handles Cancel.

    Called with a message and the fraction done (0 to 1) between steps of the work.
    """

    def __init__(self, bar: Any, cancel_button: Any, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.bar = bar
        self.cancel_button = cancel_button
        self.patience_seconds = patience_seconds
        self.started = monotonic()
        self.cancelled = False

    def cancel(self) -> None:
        """Cancel the analysis at its next step."""
        self.cancelled = True

    def hide(self) -> None:
        """Hide the progress."""
        for widget in (self.bar, self.cancel_button):
            if widget is not None:
                widget.visible = False

    def __call__(self, message: str, fraction: float) -> None:
        """Show message and fraction; raise :class:`CancelledError` if cancelled."""
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
