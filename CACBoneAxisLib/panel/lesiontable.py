"""Show the lesion table: sortable, copyable, with an artery combo box per row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.panel.section import FRAME_PIXELS, MOST_ROWS, connect
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.report.wording import territory_table

HEADINGS = tables.headings("lesion", "panel")
COLUMNS = tuple(HEADINGS)
NUMBERS = ("lesion", *(one.key for one in quantities("lesion", "panel") if one.kind == "number"))
ARTERY = COLUMNS.index("territory")
# The unscored status whose measurements are struck through.
STRUCK_OUT = "excluded"


class LesionTable:
    """Shows the lesions of a result in a QTableWidget.

    Rows are reused, because each click changes only a few cells.

    Parameters
    ----------
    table : QTableWidget
    icons : an icon per territory code
    on_select : called with the seed names of the selected row's lesion, empty for no selection
    on_artery : called with the seed names and the artery code selected in the row
    """

    def __init__(
        self,
        table: Any,
        icons: Mapping[str, Any],
        on_select: Callable[[Collection[str]], None],
        on_artery: Callable[[Collection[str], str], None],
    ) -> None:
        self.table = table
        self._icons = icons
        self._on_select, self._on_artery = on_select, on_artery
        self._lesions: list[Mapping[str, Any]] = []
        self._texts: dict[int, dict[str, str]] = {}
        self._ids: list[int] = []
        self._sorted = ("lesion", True)
        self._combos: list[Any] = []
        self._codes = [row["code"] for row in territory_table()]

    def setup(self) -> None:
        """Create the columns and connect the table, once."""
        self.table.setColumnCount(len(COLUMNS))
        self.table.setHorizontalHeaderLabels(list(HEADINGS.values()))
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        connect(header, "sectionClicked(int)", self.onSort)
        connect(self.table, "itemSelectionChanged()", self.onSelection)
        self._copy = qt.QShortcut(qt.QKeySequence("Ctrl+C"), self.table)
        self._copy.setContext(qt.Qt.WidgetWithChildrenShortcut)
        connect(self._copy, "activated()", self.onCopy)

    def show(self, result: Mapping[str, Any] | None, chosen: Collection[str]) -> None:
        """Show the lesions of a result mapping or None; select the one with these seeds."""
        self._lesions = [] if result is None else list(result["calcium"]["lesions"])
        rows = [] if result is None else tables.lesion_rows(result)
        # Why a lesion is unscored; a missing mass is stated once, below the score.
        reasons = {int(lesion["id"]): str(lesion["reason"] or "") for lesion in self._lesions}
        self._texts = {int(row["lesion"]): {**row, "reason": reasons[int(row["lesion"])]} for row in rows}
        self._fill(chosen)

    def choose(self, number: str) -> None:
        """Select a lesion's row by id, as a click does."""
        # Clicking a selected row jumps there again.
        self.table.clearSelection()
        self.table.selectRow(next((row for row, own in enumerate(self._ids) if str(own) == number), -1))

    def selected_seeds(self) -> tuple[str, ...]:
        """Return the selected lesion's seed names; its id may change with a click."""
        row = self.table.currentRow()
        chosen = bool(self.table.selectedItems()) and 0 <= row < len(self._ids)
        return tuple(self._lesion(self._ids[row])["seeds"]) if chosen else ()

    def text(self) -> str:
        """Return the sorted table as tab-separated text for spreadsheets."""
        rows = [[self._texts[number][name].replace("\t", " ") for name in COLUMNS] for number in self._ids]
        return "\n".join("\t".join(row) for row in [HEADINGS.values(), *rows])

    # User actions

    def onSort(self, column: int) -> None:
        """Sort by a column; repeating reverses the order."""
        name = COLUMNS[column]
        self._sorted = (name, not self._sorted[1] if self._sorted[0] == name else True)
        self._fill(self.selected_seeds())

    def onSelection(self) -> None:
        """Report the selected lesion."""
        self._on_select(self.selected_seeds())

    def onArtery(self, row: int) -> None:
        """Report the artery selected in a row."""
        code = self._codes[self._combos[row].currentIndex]
        lesion = self._lesion(self._ids[row]) if row < len(self._ids) else None
        if lesion is not None and code != lesion["territory"]:
            self._on_artery(tuple(lesion["seeds"]), code)

    def onCopy(self) -> None:
        """Copy the table to the clipboard."""
        qt.QApplication.clipboard().setText(self.text())

    def _lesion(self, number: int) -> Mapping[str, Any]:
        return self._lesions[number - 1]

    def _key(self, lesion: Mapping[str, Any]) -> Any:
        name = self._sorted[0]
        number = int(lesion["id"])
        if name == "slices":
            own = [item["index"] for item in lesion["slices"]]
            return (not own, min(own, default=0), number)
        if name in NUMBERS:
            value = lesion["id" if name == "lesion" else name]
            return (value is None, value or 0.0, number)
        if name == "territory":
            return (lesion[name] is None, self._codes.index(lesion[name]) if lesion[name] else 0, number)
        return (False, self._texts[number][name], number)

    def _fill(self, chosen: Collection[str]) -> None:
        self.table.blockSignals(True)
        name, rising = self._sorted
        ordered = sorted(self._lesions, key=self._key, reverse=not rising)
        self._ids = [int(lesion["id"]) for lesion in ordered]
        grown = self.table.rowCount != len(ordered)
        self.table.setRowCount(len(ordered))
        while len(self._combos) > len(ordered):
            self._combos.pop()
        for row, lesion in enumerate(ordered):
            self._fill_row(row, lesion)
        order = qt.Qt.AscendingOrder if rising else qt.Qt.DescendingOrder
        self.table.horizontalHeader().setSortIndicator(COLUMNS.index(name), order)
        telling = any(row["reason"] for row in self._texts.values())
        for column in ("status", "reason"):
            self.table.setColumnHidden(COLUMNS.index(column), not telling)
        if grown:
            self.table.resizeColumnsToContents()
            self._fit()
        self.table.visible = bool(ordered)
        self.table.blockSignals(False)
        self._choose(chosen)

    def _fill_row(self, row: int, lesion: Mapping[str, Any]) -> None:
        texts = self._texts[int(lesion["id"])]
        struck = lesion["status"] == STRUCK_OUT
        for column, name in enumerate(COLUMNS):
            if column == ARTERY:
                self._fill_artery(row, lesion["territory"])
                continue
            item = self.table.item(row, column)
            if item is None:
                item = qt.QTableWidgetItem("")
                if name in NUMBERS or name == "slices":
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                self.table.setItem(row, column, item)
            if item.text() != texts[name]:
                item.setText(texts[name])
            font = item.font()
            if font.strikeOut() != (struck and name in NUMBERS[1:]):
                font.setStrikeOut(struck and name in NUMBERS[1:])
                item.setFont(font)

    def _fill_artery(self, row: int, code: str | None) -> None:
        if row == len(self._combos):
            combo = ctk.ctkComboBox()
            # Scrolling the panel with the wheel must not change a lesion's artery.
            combo.scrollWheelEffect = ctk.ctkComboBox.NeverScroll
            for known in self._codes:
                combo.addItem(self._icons[known], known)
            combo.toolTip = _("Give this lesion to another artery.")
            connect(combo, "activated(int)", lambda index, row=row: self.onArtery(row))
            self.table.setCellWidget(row, ARTERY, combo)
            self.table.setRowHeight(row, combo.sizeHint.height())
            self._combos.append(combo)
        index = self._codes.index(code) if code in self._codes else -1
        if self._combos[row].currentIndex != index:
            self._combos[row].setCurrentIndex(index)

    def _choose(self, seeds: Collection[str]) -> None:
        wanted = next((n for n in self._ids if set(self._lesion(n)["seeds"]) & set(seeds)), None)
        self.table.blockSignals(True)
        if wanted is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(self._ids.index(wanted))
        self.table.blockSignals(False)

    def _fit(self) -> None:
        """Fit the table's height to its rows, within limits, so only the panel scrolls."""
        heights = [self.table.rowHeight(row) for row in range(min(len(self._ids), MOST_ROWS))]
        # Space for the horizontal scroll bar, which depends on the panel's width.
        heights.append(self.table.horizontalScrollBar().sizeHint.height())
        header = self.table.horizontalHeader().sizeHint.height()
        self.table.setFixedHeight(header + sum(heights) + FRAME_PIXELS)
