"""Manage the module's keys, active while it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
import slicer

from CACBoneAxisLib.panel.section import connect


class Shortcuts:
    """Keys of the main window, enabled only while the module is open.

    In a line edit or spin box Qt sends the keys to the field.

    Parameters
    ----------
    handlers : action by key in Qt notation (``Ctrl+Z``)
    """

    def __init__(self, handlers: Mapping[str, Callable[[], None]]) -> None:
        self._handlers = dict(handlers)
        self._shortcuts: dict[str, Any] = {}

    def start(self) -> None:
        """Enable the keys; does nothing without a main window."""
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
        """Disable the keys."""
        for shortcut in self._shortcuts.values():
            shortcut.setEnabled(False)

    def remove(self) -> None:
        """Remove the keys permanently."""
        self.stop()
        for shortcut in self._shortcuts.values():
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = {}
