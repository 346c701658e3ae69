"""Disable the controls that would change an approved reading."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS

# Widget classes that edit a reading; display widgets stay usable.
LOCKED_FORMS = ("Scan", "Calcium", "Bone")
CHANGING = ("QAbstractButton", "QComboBox", "QAbstractSpinBox", "QAbstractSlider", "QLineEdit", "qMRMLNodeComboBox")

# Set in a .ui file on widgets that stay usable in an approved reading.
STAYS = "usableWhenApproved"


class Lock:
    """Disables the widgets that change a reading and restores them afterwards."""

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self._locked: list[tuple[Any, str]] = []

    def apply(self, reason: str) -> None:
        """Disable editing widgets with a reason as tooltip; no reason disables none."""
        if not reason:
            return
        for widget in self._changing():
            if widget.enabled:
                self._locked.append((widget, widget.toolTip))
                widget.enabled = False
                widget.toolTip = reason

    def release(self) -> None:
        """Re-enable what was disabled here."""
        for widget, tool_tip in self._locked:
            # A deleted widget is falsy.
            if widget:
                widget.enabled = True
                widget.toolTip = tool_tip
        self._locked = []

    def _changing(self) -> list[Any]:
        forms = [getattr(self.ui, name) for name in LOCKED_FORMS]
        # Layouts have names too.
        named = [w for w in vars(self.ui).values() if w.inherits("QWidget")]
        named = [w for w in named if any(form.isAncestorOf(w) for form in forms)]
        tables = [w for w in named if w.inherits("QTableWidget")]
        cells = [
            cell
            for table in tables
            for row in range(table.rowCount)
            for column in range(table.columnCount)
            if (cell := table.cellWidget(row, column))
        ]
        found = [w for w in [*named, *cells] if any(w.inherits(kind) for kind in CHANGING)]
        return [w for w in found if w.property("SlicerParameterName") not in SESSION_FIELDS and not w.property(STAYS)]
