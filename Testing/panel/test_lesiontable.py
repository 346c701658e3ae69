"""The table of lesions: sorted as numbers, bound to its lesions however it is sorted, and copied."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from PySide6 import QtCore, QtGui, QtWidgets  # noqa: E402

LESIONS = [
    ("LAD-1", "LAD", "scored", 9.0, 12.0, 250.0, (21, 23)),
    ("LAD-2", "LAD", "scored", 100.5, 80.0, 990.0, (9, 9)),
    ("RCA-1", "RCA", "excluded", 20.0, 30.0, 1200.0, (100, 104)),
    ("LM-1", "LM", "implausible", None, None, None, ()),
]


def mapping(lesions=LESIONS):
    return {
        "calcium": {
            "findings": [],
            "lesions": [
                {
                    "id": number,
                    "territory": territory,
                    "seeds": [seed],
                    "status": status,
                    "in_total": status in ("scored", "conflict"),
                    "reason": {"excluded": "stent", "implausible": "bone"}.get(status),
                    "agatston": agatston,
                    "volume_mm3": volume,
                    "mass_mg": None,
                    "peak_hu": peak,
                    "slices": [{"index": n} for n in range(slices[0], slices[1] + 1)] if slices else [],
                }
                for number, (seed, territory, status, agatston, volume, peak, slices) in enumerate(lesions, start=1)
            ],
        }
    }


@pytest.fixture
def table(host):
    """The table alone, and what it tells."""
    import pythonqt

    from CACBoneAxisLib.panel.icons import territory_icon
    from CACBoneAxisLib.panel.lesiontable import LesionTable
    from CACBoneAxisLib.report.wording import territory_table

    widget = QtWidgets.QTableWidget()
    widget.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
    icons = {row["code"]: territory_icon(row["code"], row["color"]) for row in territory_table()}
    told: list = []
    made = LesionTable(
        pythonqt.wrap(widget),
        icons,
        lambda seeds: told.append(number_of(seeds)),
        lambda seeds, code: told.append((number_of(seeds), code)),
    )
    made.setup()
    made.widget, made.told = widget, told
    made.show(mapping(), ())
    return made


def number_of(seeds, lesions=LESIONS):
    """The id of the lesion with these seeds, None where there are none."""
    return next((n for n, lesion in enumerate(lesions, start=1) if (lesion[0],) == tuple(seeds)), None)


def column(table, number):
    return [table.widget.item(row, number).text() for row in range(table.widget.rowCount())]


def click_heading(table, name):
    from CACBoneAxisLib.panel.lesiontable import COLUMNS

    table.widget.horizontalHeader().sectionClicked.emit(COLUMNS.index(name))


def test_numbers_are_sorted_as_numbers_and_what_is_not_measured_comes_last(table):
    click_heading(table, "agatston")
    assert column(table, 2) == ["9.0", "20.0", "100.5", "—"]
    click_heading(table, "agatston")
    assert column(table, 2)[1:] == ["100.5", "20.0", "9.0"]
    click_heading(table, "slices")
    assert column(table, 5) == ["9", "21-23", "100-104", ""]
    click_heading(table, "territory")
    arteries = [table.widget.cellWidget(row, 1).currentText() for row in range(4)]
    assert arteries == ["LM", "LAD", "LAD", "RCA"]


def test_a_row_tells_its_lesion_however_the_table_is_sorted(table):
    click_heading(table, "peak_hu")
    assert column(table, 0) == ["1", "2", "3", "4"]
    click_heading(table, "peak_hu")
    rows = column(table, 0)
    for row, number in enumerate(rows):
        table.widget.selectRow(row)
        assert table.told[-1] == int(number)
        assert number_of(table.selected_seeds()) == int(number)


def in_total(table, row):
    """Whether a row says that its lesion is in the coronary total."""
    from CACBoneAxisLib.panel.lesiontable import COLUMNS

    status = table.widget.item(row, COLUMNS.index("status")).text()
    artery = table.widget.cellWidget(row, COLUMNS.index("territory")).currentText()
    return status.startswith("in the total") or (status == "scored" and artery in ("LM", "LAD", "LCX", "RCA"))


def test_the_rows_in_the_total_add_up_to_it(table):
    table.show(mapping([*LESIONS, ("LAD-3", None, "conflict", 40.2, 50.0, 400.0, (5, 6))]), ())
    rows = [row for row in range(table.widget.rowCount()) if in_total(table, row)]
    assert [column(table, 0)[row] for row in rows] == ["1", "2", "5"]
    assert sum(float(column(table, 2)[row]) for row in rows) == pytest.approx(9.0 + 100.5 + 40.2)
    assert sum(float(column(table, 3)[row]) for row in rows) == pytest.approx(12.0 + 80.0 + 50.0)


def test_the_rows_of_random_readings_add_up_to_their_total(table):
    from random_reading import random_study

    from CACBoneAxisLib.study import analyze

    kinds = set()
    for number in range(12):
        result = analyze(random_study(number)).to_dict()
        total = result["calcium"]["total"]
        if total["agatston"] is None:
            continue
        table.show(result, ())
        rows = [row for row in range(table.widget.rowCount()) if in_total(table, row)]
        kinds.update(result["calcium"]["lesions"][int(column(table, 0)[row]) - 1]["status"] for row in rows)
        for key, at in (("agatston", 2), ("volume_mm3", 3)):
            # Each cell is rounded to a tenth.
            added = sum(float(column(table, at)[row]) for row in rows)
            assert added == pytest.approx(total[key], abs=0.05 * len(rows) + 1e-6)
    assert kinds == {"scored", "conflict"}


def test_an_artery_chosen_in_a_row_is_told_with_the_lesion_of_that_row(table):
    click_heading(table, "agatston")
    combo = table.widget.cellWidget(2, 1)
    combo.setCurrentIndex(combo.findText("LCX"))
    combo.activated.emit(combo.currentIndex())
    assert table.told == [(2, "LCX")]
    combo.setCurrentIndex(combo.findText("LAD"))
    combo.activated.emit(combo.currentIndex())
    assert table.told == [(2, "LCX")]


def test_the_wheel_over_an_artery_changes_nothing(table):
    combo = table.widget.cellWidget(0, 1)
    before = combo.currentIndex()
    point, turn = QtCore.QPointF(2, 2), QtCore.QPoint(0, -120)
    event = QtGui.QWheelEvent(
        point,
        point,
        turn,
        turn,
        QtCore.Qt.MouseButton.NoButton,
        QtCore.Qt.KeyboardModifier.NoModifier,
        QtCore.Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QtWidgets.QApplication.sendEvent(combo, event)
    assert combo.currentIndex() == before
    assert not event.isAccepted()


def test_copied_is_what_is_seen_with_tabs(table):
    click_heading(table, "agatston")
    import pythonqt

    pythonqt.unwrap(table._copy).activated.emit()
    lines = QtWidgets.QApplication.clipboard().text().split("\n")
    assert lines[0].split("\t")[:5] == ["Lesion", "Artery", "Agatston", "Volume [mm3]", "Peak [HU]"]
    assert lines[1].split("\t")[:6] == ["1", "LAD", "9.0", "12.0", "250", "21-23"]
    assert lines[2].split("\t")[-1] == "stent"
    assert len(lines) == 5


def test_only_what_an_excluded_lesion_measures_is_struck_out(table):
    struck = [table.widget.item(row, 3).font().strikeOut() for row in range(4)]
    assert struck == [False, False, True, False]
    assert not table.widget.item(2, 0).font().strikeOut()


def test_the_chosen_lesion_stays_chosen_when_another_comes_before_it(table):
    table.widget.selectRow(1)
    table.told.clear()
    longer = [("LM-2", "LM", "scored", 5.0, 5.0, 200.0, (3, 3)), *LESIONS]
    table.show(mapping(longer), ("LAD-2",))
    assert number_of(table.selected_seeds(), longer) == 3
    assert table.selected_seeds() == ("LAD-2",)
    assert table.told == []
    table.show(mapping(), ("LM-1",))
    assert table.selected_seeds() == ("LM-1",)
    table.show(mapping([]), ("LM-1",))
    assert table.selected_seeds() == ()
    table.show(None, ())
    assert table.widget.rowCount() == 0


def test_rows_are_kept_while_lesions_come_and_go(table):
    combo = table.widget.cellWidget(0, 1)
    table.show(mapping(LESIONS[:2]), ())
    table.show(mapping(), ())
    assert table.widget.cellWidget(0, 1) is combo
    assert [table.widget.cellWidget(row, 1).currentText() for row in range(4)] == ["LAD", "LAD", "RCA", "LM"]
