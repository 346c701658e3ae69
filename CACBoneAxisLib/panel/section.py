"""Define the base class of the panel's sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.mrml.views import scan_instead
from CACBoneAxisLib.mrml.volumes import may_be_scan
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.sliceviews import show_volume
from CACBoneAxisLib.reading.answers import not_current
from CACBoneAxisLib.reading.reading import Reading
from CACBoneAxisLib.report.numbers import NOT_MEASURED

MOST_ROWS = 14
ROWS_PER_STEP = 500
FRAME_PIXELS = 4


class Section:
    """A section of the panel: maps user actions to the reading and shows its state.

    A section holds no decisions and knows no other section.

    Parameters
    ----------
    host : the panel around it
    """

    def __init__(self, host: PanelHost) -> None:
        self.host = host
        self.ui = host.ui
        self.workspace = host.workspace

    @property
    def reading(self) -> Reading | None:
        """The reading that is shown, or None."""
        return self.workspace.reading

    @property
    def parameters(self) -> Any:
        """The choices of the reading that is shown, or None."""
        return self.reading.parameters if self.reading is not None else None

    def locked(self) -> str:
        """Return why the reading is locked; empty if it is not, or without a reading."""
        return self.reading.locked() if self.reading is not None else ""

    def show_answer(self, label: Any, answer: Callable[[Mapping[str, Any]], str]) -> None:
        """Show the answer of the result in a label, in grey where it is not current."""
        result = self.reading.result_mapping() if self.reading is not None else None
        text = answer(result) if result is not None else ""
        if text and self.reading is not None and self.reading.changed_since_result:
            text = not_current(text)
        set_text(label, text)

    def offer_switch(self, label: Any) -> None:
        """Handle a label's links: select the displayed scan or show the one read."""

        def switch(link: str) -> None:
            view = self.host.clicks.clicked
            other = scan_instead(view.node, self.reading.volume) if self.reading is not None and view else None
            if other is not None and link == "read":
                self.workspace.session.volume = other
            elif other is not None and self.reading is not None:
                show_volume(self.reading.volume)
            set_text(label, "")

        connect(label, "linkActivated(QString)", switch)

    def refuses_click(self, label: Any) -> bool:
        """Refuse a click on another scan with a message; return whether refused."""
        view = self.host.clicks.clicked
        other = scan_instead(view.node, self.reading.volume) if self.reading is not None and view else None
        if other is None or self.reading is None:
            return False
        shown, read = escape(other.GetName()), escape(self.reading.volume.GetName())
        text = _("The view shows {shown}, not {read}, which is read here: the click counts for neither.")
        links = [f'<a href="show">{_("Show {read}")}</a>']
        if may_be_scan(other):
            links.append(f'<a href="read">{_("Read {shown}")}</a>')
        set_text(label, "<br>".join([text, " · ".join(links)]).format(shown=shown, read=read))
        return True

    def setup(self) -> None:
        """Connect the section's widgets, once."""

    def update(self) -> None:
        """Show the reading, enable its controls and explain disabled ones."""

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the current volume's result mapping, or None."""

    def choose_row(self, role: str, name: str) -> None:
        """Select a row of the result table with that role, if shown here."""

    def enter(self) -> None:
        """Start what is active only while the module is shown."""

    def exit(self) -> None:
        """Release views and keys to the next module."""

    def cleanup(self) -> None:
        """Remove observers of the scene."""


def connect(sender: Any, signal: str, handler: Callable[..., Any]) -> None:
    """Connect a signal; raise if it does not exist, as PythonQt only prints.

    Raises
    ------
    RuntimeError
        If the sender has no such signal.
    """
    if not sender.connect(signal, handler):
        raise RuntimeError(f"{sender} has no signal {signal}")


def enable(widget: Any, missing: str, ready: str) -> None:
    """Enable a widget if nothing is missing; the tooltip says what is missing."""
    widget.enabled = not missing
    widget.toolTip = missing or ready


def set_text(label: Any, text: str) -> None:
    """Show a text, or hide the label if it is empty."""
    label.text = text
    label.visible = bool(text)


def set_long_text(label: Any, text: str) -> None:
    """Show a text of several lines at full height.

    A scroll area uses the minimum height, which is wrong for wrapped lines: a longer text would be
    cut off.
    """
    set_text(label, text)
    label.setMinimumHeight(0)
    if text and label.isVisible():
        label.parent().layout().activate()
        label.setMinimumHeight(max(0, label.heightForWidth(label.width)))


def fill(
    table: Any,
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    ids: Sequence[str] | None = None,
    progress: Callable[[float], None] | None = None,
    widgets: Mapping[tuple[int, int], Any] | None = None,
) -> None:
    """Fill a QTableWidget with texts; ``ids`` stay with their rows when sorted.

    ``progress`` is called with the fraction done, for slow tables; ``widgets`` are cell widgets by
    row and column.
    """
    table.blockSignals(True)
    table.setRowCount(0)
    table.setColumnCount(len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.setRowCount(len(rows))
    for r, cells in enumerate(rows):
        if progress is not None and r % ROWS_PER_STEP == 0:
            progress(r / len(rows))
        for c, text in enumerate(cells):
            item = qt.QTableWidgetItem(text)
            if c == 0:
                item.setData(qt.Qt.UserRole, ids[r] if ids else "")
            elif text[:1].isdigit() or text[:2].strip("-").isdigit() or text == NOT_MEASURED:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            table.setItem(r, c, item)
    for (row, column), widget in (widgets or {}).items():
        table.setCellWidget(row, column, widget)
    table.verticalHeader().hide()
    table.horizontalHeader().setStretchLastSection(True)
    table.resizeColumnsToContents()
    table.resizeRowsToContents()
    # As tall as its rows, within limits, so that only the panel scrolls.
    heights = [table.rowHeight(r) for r in range(min(len(rows), MOST_ROWS))]
    if sum(table.columnWidth(c) for c in range(len(titles))) > table.viewport().width:
        heights.append(table.horizontalScrollBar().sizeHint.height())
    table.setFixedHeight(table.horizontalHeader().sizeHint.height() + sum(heights) + FRAME_PIXELS)
    table.visible = bool(rows)
    table.blockSignals(False)


def no_ct() -> str:
    """Return the sentence for a control that needs a reading."""
    return str(_("Choose a CT volume first."))


def set_checked(box: Any, on: bool) -> None:
    """Check a box without emitting signals."""
    if bool(box.checked) != on:
        before = box.blockSignals(True)
        box.checked = on
        box.blockSignals(before)


def choose_file(title: str, filters: str) -> Path | None:
    """Ask for a file; None if cancelled."""
    chosen = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), title, "", filters)
    # PySide also returns the filter.
    path = chosen[0] if isinstance(chosen, tuple) else chosen
    return Path(path) if path else None


def choose_folder(title: str) -> Path | None:
    """Ask for a folder; None if cancelled."""
    path = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title)
    return Path(path) if path else None


@contextmanager
def wait_cursor() -> Iterator[None]:
    """Show the busy cursor."""
    slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
    try:
        yield
    finally:
        slicer.app.restoreOverrideCursor()


def selected_id(table: Any) -> str:
    """Return the id of the selected row, or ""."""
    row = table.currentRow()
    item = table.item(row, 0) if row >= 0 else None
    return str(item.data(qt.Qt.UserRole) or "") if item is not None else ""
