"""Calcium by clicks: real events in an offscreen slice view, and the table has the number."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from brute_force import brute_force_agatston  # noqa: E402

LAD_ZYX, RCA_ZYX, NOTHING_ZYX = (4, 20, 31), (7, 24, 50), (4, 35, 31)


@pytest.fixture
def view(scene, volume):
    """An axial slice view."""
    import offscreen

    return offscreen.OffscreenSliceView(scene)


@pytest.fixture
def opened(host, view, volume):
    """The module opened on the small CT, with the view in the layout."""
    host.add_view(view)
    host.open()
    return host


@pytest.fixture
def at(view, volume, small_ct):
    """Bring a voxel of a scan, the first where none is named, into the view and return its place, RAS mm."""

    def bring(zyx, scan=volume):
        left, posterior, superior = small_ct.geometry.to_lps(zyx[::-1])
        ras = (-left, -posterior, superior)
        view.look_at(scan, ras, 60)
        return ras

    return bring


def expected(small_ct, zyx):
    return brute_force_agatston(small_ct.hu, small_ct.geometry.spacing_mm, zyx)


def rows(ui):
    table = ui.lesionTable
    return [[table.item(r, c).text() if table.item(r, c) else "" for c in range(8)] for r in range(table.rowCount)]


def labels(opened):
    seeds = opened.widget.panel.parameters.seeds
    return [] if seeds is None else [seeds.GetNthControlPointLabel(n) for n in range(seeds.GetNumberOfControlPoints())]


def press(opened, key):
    """Press a key of the module."""
    shortcut = opened.section("LesionTools").shortcuts._shortcuts[key]
    import pythonqt

    pythonqt.unwrap(shortcut).activated.emit()


def test_a_click_takes_the_lesion_and_the_table_has_its_number(opened, view, at, small_ct):
    view.click(at(LAD_ZYX))
    ui = opened.widget.ui
    (row,) = rows(ui)
    assert float(row[2]) == pytest.approx(expected(small_ct, LAD_ZYX), abs=0.05)
    assert row[5] == "4-5"
    assert labels(opened) == ["LAD-1"]
    assert "LAD-1 taken" in ui.clickLabel.text
    assert f"{expected(small_ct, LAD_ZYX):.1f}" in ui.calciumLabel.text


def test_keys_choose_the_artery_and_a_click_on_a_taken_lesion_moves_it(opened, view, at, small_ct):
    press(opened, "4")
    view.click(at(RCA_ZYX))
    assert labels(opened) == ["RCA-1"]
    press(opened, "3")
    assert opened.widget.ui.territoryLCXButton.checked
    view.click(at(RCA_ZYX))
    assert labels(opened) == ["LCX-1"]
    lcx = expected(small_ct, RCA_ZYX)
    mapping = opened.widget.panel.reading.result_mapping()
    assert mapping["calcium"]["territories"]["LCX"]["agatston"] == pytest.approx(lcx)
    for number, code in enumerate(("LM", "LAD", "LCX", "RCA", "AV", "MV", "AA", "DA"), start=1):
        press(opened, str(number))
        assert opened.widget.panel.parameters.territory == code


def test_a_click_on_nothing_says_why_in_one_line(opened, view, at):
    view.click(at(NOTHING_ZYX))
    assert opened.widget.ui.clickLabel.text == "Nothing to take here: 40.0 HU, below the threshold of 130 HU."
    assert labels(opened) == []


def test_a_click_on_another_scan_than_the_one_that_is_read_is_refused_with_the_offer_to_switch(
    opened, view, at, scene, small_ct, volume
):
    import pythonqt

    from CACBoneAxisLib.mrml.archive import add_volume

    other, ui = add_volume(small_ct, scene), opened.widget.ui
    place = at(LAD_ZYX)
    view.look_at(other, place, 60)
    view.click(place)
    assert labels(opened) == []
    assert f"The view shows {other.GetName()}, not {volume.GetName()}" in ui.clickLabel.text
    opened.section("RegionsSection").onLevel("L1")
    view.click(place)
    assert opened.widget.panel.parameters.regions == []
    assert "counts for neither" in ui.regionLabel.text
    opened.section("RegionsSection").onLevel("L1")
    pythonqt.unwrap(ui.clickLabel).linkActivated.emit("read")
    assert opened.widget.panel.reading.volume is other
    view.click(place)
    assert labels(opened) == ["LAD-1"]
    # The scan that is read lies over the other one: that is what its reader sees.
    opened.widget.panel.session.volume = volume
    view.composite.SetForegroundVolumeID(volume.GetID())
    view.composite.SetForegroundOpacity(0.5)
    view.composite.SetBackgroundVolumeID(other.GetID())
    view.click(place)
    assert labels(opened) == ["LAD-1"]


def test_a_drag_a_held_key_and_place_mode_are_no_clicks(opened, view, at, scene):
    x, y = view.pixel_of(at(LAD_ZYX))
    view.press(x, y)
    view.release(x + 4, y)
    view.press(x, y, ctrl=1)
    view.release(x, y)
    view.press(x, y, shift=1)
    view.release(x, y)
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    interaction.SetCurrentInteractionMode(interaction.Place)
    view.click(at(LAD_ZYX))
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    view.release(x, y)
    assert labels(opened) == []
    view.press(x, y)
    view.release(x + 3, y - 3)
    assert labels(opened) == ["LAD-1"]


def test_the_second_of_two_fast_clicks_is_a_click_and_maximises_nothing(opened, view, at):
    maximised = []
    view.interactor.AddObserver("LeftButtonDoubleClickEvent", lambda caller, event: maximised.append(event))
    view.click(at(LAD_ZYX))
    view.click(at(RCA_ZYX), double=True)
    assert labels(opened) == ["LAD-1", "LAD-2"]
    assert maximised == []
    opened.widget.ui.scoreByClicksButton.click()
    view.click(at(RCA_ZYX), double=True)
    assert maximised == ["LeftButtonDoubleClickEvent"]


def test_clicks_count_only_while_the_module_is_shown_and_the_button_is_down(opened, view, at):
    ui = opened.widget.ui
    assert ui.scoreByClicksButton.checked
    ui.scoreByClicksButton.click()
    view.click(at(LAD_ZYX))
    assert labels(opened) == []
    ui.scoreByClicksButton.click()
    opened.exit()
    view.click(at(LAD_ZYX))
    opened.enter()
    assert labels(opened) == []
    view.click(at(LAD_ZYX))
    assert labels(opened) == ["LAD-1"]


def test_keys_are_off_while_another_module_is_shown(opened):
    shortcuts = opened.section("LesionTools").shortcuts._shortcuts
    assert len(shortcuts) == 8 + 5
    assert all(shortcut.enabled for shortcut in shortcuts.values())
    opened.exit()
    assert not any(shortcut.enabled for shortcut in shortcuts.values())
    opened.enter()
    assert all(shortcut.enabled for shortcut in shortcuts.values())


def test_undo_and_redo_by_keys_and_buttons_bring_numbers_back(opened, view, at, small_ct):
    ui = opened.widget.ui
    view.click(at(LAD_ZYX))
    view.click(at(RCA_ZYX))
    total = opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"]
    assert ui.undoButton.toolTip.startswith("Undo (Ctrl+Z): LAD-2 taken")
    press(opened, "Ctrl+Z")
    (row,) = rows(ui)
    assert float(row[2]) == pytest.approx(expected(small_ct, LAD_ZYX), abs=0.05)
    ui.undoButton.click()
    assert rows(ui) == []
    assert not ui.undoButton.enabled
    press(opened, "Ctrl+Shift+Z")
    ui.redoButton.click()
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] == total
    press(opened, "Ctrl+Z")
    press(opened, "Ctrl+Y")
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] == total
    assert not ui.redoButton.enabled


def test_delete_removes_the_lesion_that_was_clicked_last(opened, view, at):
    view.click(at(LAD_ZYX))
    view.click(at(RCA_ZYX))
    press(opened, "Delete")
    assert labels(opened) == ["LAD-1"]
    assert not opened.widget.ui.removeLesionButton.enabled
    press(opened, "Delete")
    assert opened.widget.ui.clickLabel.text == "There is no lesion to do that with."


def test_an_excluded_lesion_stays_in_the_table_struck_out_with_its_reason(opened, view, at):
    ui = opened.widget.ui
    view.click(at(LAD_ZYX))
    import pythonqt

    pythonqt.unwrap(ui.excludeButton.menu()).actions()[0].trigger()
    (row,) = rows(ui)
    assert row[7] == "stent"
    assert ui.lesionTable.item(0, 3).font().strikeOut()
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] == 0
    assert not ui.excludeButton.enabled
    ui.includeLesionButton.click()
    assert not ui.lesionTable.item(0, 3).font().strikeOut()
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] > 0


def test_the_cut_shows_its_sphere_before_the_click_and_takes_what_lies_in_it(opened, view, at, small_ct):
    ui = opened.widget.ui
    ras = at(LAD_ZYX)
    ui.cutButton.click()
    ui.cutRadiusSlider.value = 1.0
    before = view.picture()
    view.move(ras)
    drawn = np.argwhere(np.any(view.picture() != before, axis=2))
    x, y = view.pixel_of(ras)
    radii = np.hypot(drawn[:, 1] - x, 399 - drawn[:, 0] - y) * 60 / 400
    assert len(drawn) > 20
    assert np.allclose(radii, 1.0, atol=0.35)
    view.click(ras)
    # The seed's pixel and the one on each side 0.7 mm away, the one below 0.8 mm away: 4 of 0.56 mm2, weight 2.
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] == pytest.approx(4 * 0.56 * 2)
    press(opened, "Esc")
    assert not ui.cutButton.checked
    assert np.array_equal(view.picture().shape, before.shape)
    press(opened, "Esc")
    assert not ui.scoreByClicksButton.checked


def test_slice_only_takes_one_slice(opened, view, at, small_ct):
    opened.widget.ui.sliceOnlyCheckBox.click()
    view.click(at(LAD_ZYX))
    total = opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"]
    assert total == pytest.approx(expected(small_ct, LAD_ZYX) / 2)


def test_what_was_clicked_replays_to_the_same_digits_from_its_markups(opened, view, at, small_ct, tmp_path):
    from CACBoneAxisLib.imaging.markups import read_markups, write_markups
    from CACBoneAxisLib.mrml.markups import points_from_node
    from CACBoneAxisLib.mrml.scene import find_result, replay
    from CACBoneAxisLib.study import StudyInputs, analyze

    view.click(at(LAD_ZYX))
    press(opened, "4")
    opened.widget.ui.sliceOnlyCheckBox.click()
    view.click(at(RCA_ZYX))
    panel = opened.widget.panel
    shown = panel.reading.result_mapping()["calcium"]
    write_markups(tmp_path / "seeds.mrk.json", [points_from_node(panel.parameters.seeds)])
    again = analyze(StudyInputs(small_ct, tuple(read_markups(tmp_path / "seeds.mrk.json")))).to_dict()["calcium"]
    assert again["lesions"] == shown["lesions"]
    assert again["total"] == shown["total"]
    replayed = replay(find_result(slicer.mrmlScene, panel.parameters.volume)).to_dict()["calcium"]
    assert replayed == shown


def test_every_action_is_in_the_trail(opened, view, at):
    from CACBoneAxisLib.mrml.trail import trail

    view.click(at(LAD_ZYX))
    press(opened, "Ctrl+Z")
    press(opened, "Ctrl+Y")
    actions = [entry["action"] for entry in trail(opened.widget.panel.parameters)]
    assert actions[0] == "taken: LAD-1"
    assert [action.split(":")[0] for action in actions] == ["taken", "undone", "redone"]


def test_leaving_and_closing_leaves_no_observer_behind(opened, view):
    assert view.interactor.HasObserver("LeftButtonPressEvent")
    opened.exit()
    assert not view.interactor.HasObserver("LeftButtonPressEvent")
    opened.enter()
    assert view.interactor.HasObserver("LeftButtonPressEvent")
    opened.widget.cleanup()
    assert not view.interactor.HasObserver("LeftButtonPressEvent")
    opened.widget = None


def test_each_scan_has_its_own_lesions_and_its_own_undo(opened, view, at, small_ct, scene, volume):
    from dataclasses import replace

    from CACBoneAxisLib.mrml.archive import add_volume

    ui = opened.widget.ui
    view.click(at(LAD_ZYX))
    other = add_volume(replace(small_ct, hu=small_ct.hu.copy()), scene)
    ui.volumeSelector.pick(other)
    assert rows(ui) == []
    assert not ui.undoButton.enabled
    view.click(at(RCA_ZYX, other))
    view.click(at(LAD_ZYX, other))
    ui.volumeSelector.pick(volume)
    (row,) = rows(ui)
    assert row[5] == "4-5"
    press(opened, "Ctrl+Z")
    assert rows(ui) == []
    ui.volumeSelector.pick(other)
    assert len(rows(ui)) == 2
    press(opened, "Ctrl+Z")
    press(opened, "Ctrl+Z")
    assert rows(ui) == []


def test_an_artery_chosen_in_a_row_moves_the_lesion_and_can_be_undone(opened, view, at):
    ui = opened.widget.ui
    view.click(at(LAD_ZYX))
    import pythonqt

    combo = pythonqt.unwrap(ui.lesionTable.cellWidget(0, 1))
    combo.setCurrentIndex(combo.findText("RCA"))
    combo.activated.emit(combo.currentIndex())
    assert labels(opened) == ["RCA-1"]
    press(opened, "Ctrl+Z")
    assert labels(opened) == ["LAD-1"]
    assert combo.currentText() == "LAD"


def test_the_table_nodes_that_slicer_saves_follow_every_click(opened, view, at, small_ct):
    from CACBoneAxisLib.mrml.scene import find_result

    view.click(at(LAD_ZYX))
    view.click(at(RCA_ZYX))
    record = find_result(slicer.mrmlScene, opened.widget.panel.parameters.volume)
    table = record.GetNodeReference("lesionTable").GetTable()
    assert table.GetNumberOfRows() == 2
    assert float(table.GetValueByName(0, "agatston").ToString()) == pytest.approx(expected(small_ct, LAD_ZYX), abs=0.05)
    press(opened, "Ctrl+Z")
    assert record.GetNodeReference("lesionTable").GetTable().GetNumberOfRows() == 1


def test_a_region_and_a_choice_are_undone_in_their_turn(opened, view, at):
    from CACBoneAxisLib.imaging.markups import Box
    from CACBoneAxisLib.mrml.markups import add_box_node

    panel, ui = opened.widget.panel, opened.widget.ui
    view.click(at(LAD_ZYX))
    node = add_box_node(Box("L1", (0.0, 0.0, 110.0), (9.0, 8.0, 7.0), label="L1"), slicer.mrmlScene)
    panel.parameters.regions = [node]
    ui.minimumAreaSpinBox.value = 2.0
    assert "smallest area" in ui.undoButton.toolTip
    press(opened, "Ctrl+Z")
    assert ui.minimumAreaSpinBox.value == 1.0
    assert panel.parameters.regions == [node]
    press(opened, "Ctrl+Z")
    assert panel.parameters.regions == []
    press(opened, "Ctrl+Z")
    assert labels(opened) == []
    for _ in range(3):
        press(opened, "Ctrl+Y")
    assert labels(opened) == ["LAD-1"]
    assert [region.GetName() for region in panel.parameters.regions] == ["L1"]
    assert ui.minimumAreaSpinBox.value == 2.0


def test_a_click_in_a_projection_takes_what_is_seen_there(opened, view, at, small_ct):
    left, posterior, superior = small_ct.geometry.to_lps((31, 20, 7))
    view.look_at(opened.widget.panel.parameters.volume, (-left, -posterior, superior), 60)
    view.click((-left, -posterior, superior))
    assert "Nothing to take here" in opened.widget.ui.clickLabel.text
    view.node.SetSlabReconstructionEnabled(True)
    view.node.SetSlabReconstructionThickness(15.0)
    view.click((-left, -posterior, superior))
    assert labels(opened) == ["LAD-1"]
    assert opened.widget.panel.reading.result_mapping()["calcium"]["total"]["agatston"] == pytest.approx(
        expected(small_ct, LAD_ZYX)
    )


def test_a_row_means_its_lesion_also_after_seeds_changed_elsewhere(opened, view, at):
    ui = opened.widget.ui
    view.click(at(LAD_ZYX))
    press(opened, "4")
    view.click(at(RCA_ZYX))
    if ui.liveUpdateCheckBox.checked:
        ui.liveUpdateCheckBox.click()
    ui.lesionTable.selectRow(1)
    # Another module takes the first seed away: what was the second lesion is the first now.
    opened.widget.panel.parameters.seeds.RemoveNthControlPoint(0)
    press(opened, "Delete")
    assert labels(opened) == []
