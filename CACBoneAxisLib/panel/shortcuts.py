"""The keys of the module, which work while it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
import slicer

from CACBoneAxisLib.panel.section import connect


class Shortcuts:
    """Keys of the main window that are on only while the module is entered.

    In a line edit or a spin box Qt gives them to the field, as a reader expects.

    Parameters
    ----------
    handlers : what each key, as Qt writes it (``Ctrl+Z``), does
    """

    def __init__(self, handlers: Mapping[str, Callable[[], None]]) -> None:
        self._handlers = dict(handlers)
        self._shortcuts: dict[str, Any] = {}

    def start(self) -> None:
        """Switch the keys on; without a main window there is nothing to press them in."""
        window = slicer.util.mainWindow()
        if window is None:
            return
        for key, handler in self._handlers.items():
            if key not in self._shortcuts:
                shortcut = qt.QShortcut(qt.QKeySequence(key), window)
                connect(shortcut, "activated()", handler)
                self._shortcuts[key] = shortcut
            self._shortcuts[key].setEnabled(True)

    def stop(self) -> None:
        """Switch the keys off."""
        for shortcut in self._shortcuts.values():
            shortcut.setEnabled(False)

    def remove(self) -> None:
        """Give the keys back for good."""
        self.stop()
        for shortcut in self._shortcuts.values():
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = {}
