"""What the sections share."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def section(host):
    """The file under test, imported with the host's qt."""
    from CACBoneAxisLib.panel import section

    return section


@pytest.fixture
def ui(host):
    return host.open().ui


def test_a_signal_that_qt_does_not_know_is_an_error_at_once(section, ui):
    with pytest.raises(RuntimeError, match="pressedTwice"):
        section.connect(ui.applyButton, "pressedTwice()", lambda: None)


def test_what_is_missing_is_the_tooltip_of_a_disabled_widget(section, ui):
    section.enable(ui.applyButton, "No volume.", "Analyse.")
    assert (ui.applyButton.enabled, ui.applyButton.toolTip) == (False, "No volume.")
    section.enable(ui.applyButton, "", "Analyse.")
    assert (ui.applyButton.enabled, ui.applyButton.toolTip) == (True, "Analyse.")


def test_ids_stay_with_their_rows_when_a_table_is_sorted(section, ui):
    table = ui.lesionTable
    section.fill(table, ["Artery", "Agatston"], [["RCA", "3.0"], ["LAD", "12.0"]], ["one", "two"])
    table.sortItems(0)
    table.selectRow(0)
    assert section.selected_id(table) == "two"


def test_filling_a_table_does_not_look_like_a_choice_of_the_user(section, ui):
    chosen = []
    section.connect(ui.lesionTable, "itemSelectionChanged()", lambda: chosen.append(1))
    section.fill(ui.lesionTable, ["Artery"], [["LAD"]], ["1"])
    section.fill(ui.lesionTable, ["Artery"], [])
    assert not chosen
    assert section.selected_id(ui.lesionTable) == ""


def test_a_longer_text_than_before_is_shown_to_its_end(section, ui):
    label = ui.scanLabel
    label._object.window().show()
    heights = []
    for words in (5, 200, 5):
        section.set_long_text(label, "words " * words)
        needed = label._object.heightForWidth(label._object.width())
        assert label._object.minimumHeight() == needed
        heights.append(needed)
    assert heights[0] == heights[2] < heights[1]
    section.set_long_text(label, "")
    assert (label._object.minimumHeight(), label._object.isHidden()) == (0, True)
