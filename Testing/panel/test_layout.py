"""The reading layout comes and goes with the module, and gives way to what the user chooses."""

from __future__ import annotations

import re
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from CACBoneAxisLib.mrml.layout import AXIAL_TAG, LAYOUT_ID, SLAB_TAG, shown_table, view_node  # noqa: E402

FOUR_UP, CONVENTIONAL = 3, 2


@pytest.fixture
def views(host, scene, small_study, small_result):
    """The module opened on the small study, in an application with views."""
    from CACBoneAxisLib.mrml.archive import add_study

    add_study(small_result, small_study, scene)
    manager = host.show_views()
    host.open()
    return manager


def settled(host):
    """Let the views find their size and range now; on a busy machine the moment may be over in the middle of a test."""
    section = host.section("ViewsSection")
    section.settling.stop()
    section.onSettled()


def test_it_is_there_on_entering_and_the_earlier_one_on_leaving(host, views):
    assert views.layout == LAYOUT_ID
    assert host.widget.ui.readingLayoutButton.checked
    host.exit()
    assert views.layout == FOUR_UP
    host.enter()
    assert views.layout == LAYOUT_ID


def test_one_button_chooses_it_and_gives_it_up(host, views):
    button = host.widget.ui.readingLayoutButton
    button.click()
    assert views.layout == FOUR_UP
    assert not button.checked
    button.click()
    assert views.layout == LAYOUT_ID
    assert button.checked


def test_a_layout_that_the_user_chose_stays_on_leaving_and_on_coming_back(host, views):
    views.setLayout(CONVENTIONAL)
    assert not host.widget.ui.readingLayoutButton.checked
    host.exit()
    assert views.layout == CONVENTIONAL
    host.enter()
    assert views.layout == CONVENTIONAL
    host.widget.ui.readingLayoutButton.click()
    assert views.layout == LAYOUT_ID
    host.exit()
    assert views.layout == CONVENTIONAL


def test_the_end_of_the_module_gives_the_layout_back_too(host, views):
    host.widget.cleanup()
    assert views.layout == FOUR_UP
    views.setLayout(CONVENTIONAL)


def test_a_saved_scene_has_no_layout_that_only_this_module_knows(host, views, scene, tmp_path):
    def layouts_saved(name):
        assert scene.WriteToMRB(str(tmp_path / name))
        with zipfile.ZipFile(tmp_path / name) as archive:
            (text,) = (archive.read(part).decode() for part in archive.namelist() if part.endswith(".mrml"))
        return re.findall(r'currentViewArrangement="(\d+)"', text)

    assert layouts_saved("reading.mrb") == []
    views.setLayout(CONVENTIONAL)
    assert layouts_saved("chosen.mrb") == [str(CONVENTIONAL)]
    host.widget.ui.readingLayoutButton.click()
    host.exit()
    assert layouts_saved("left.mrb") == [str(CONVENTIONAL)]


def test_an_old_scene_whose_layout_nobody_knows_gets_its_views_when_the_module_is_opened(host, scene):
    manager = host.show_views()
    node = manager.layoutLogic().GetLayoutNode()
    # As the scene of an earlier version, loaded before the module was opened.
    node.SetViewArrangement(LAYOUT_ID)
    assert not node.IsLayoutDescription(LAYOUT_ID)
    assert view_node(scene, SLAB_TAG) is None
    host.open()
    assert manager.layout == LAYOUT_ID
    assert view_node(scene, SLAB_TAG) is not None
    host.exit()
    assert manager.layout != LAYOUT_ID


def test_slab_and_axial_view_follow_each_other(host, views, scene):
    axial, slab = (view_node(scene, tag) for tag in (AXIAL_TAG, SLAB_TAG))
    settled(host)
    bounds = [0.0] * 6
    host.widget.panel.parameters.volume.GetRASBounds(bounds)
    assert host.jumps[-1] == pytest.approx([sum(bounds[n : n + 2]) / 2 for n in (0, 2, 4)])
    assert slab.GetSlabReconstructionEnabled()
    axial.SetSliceOffset(12.0)
    assert slab.GetSliceOffset() == pytest.approx(12.0)
    slab.SetSliceOffset(18.0)
    assert axial.GetSliceOffset() == pytest.approx(18.0)
    host.exit()
    axial.SetSliceOffset(3.0)
    assert slab.GetSliceOffset() == pytest.approx(18.0)


def test_the_tables_of_the_result_are_below_the_views_and_the_users_choice_stays(host, views, scene):
    host.widget.ui.applyButton.click()
    record = host.widget.panel.reading.result()
    assert shown_table(scene) is record.GetNodeReference("lesionTable")
    other = record.GetNodeReference("vertebraTable")
    view_node(scene, "CACBoneAxisTable", "vtkMRMLTableViewNode").SetTableNodeID(other.GetID())
    host.widget.ui.minimumAreaSpinBox.value = 2.0
    host.widget.ui.applyButton.click()
    assert shown_table(scene) is other


def test_a_scan_without_a_result_does_not_stand_above_the_tables_of_another(host, views, scene, small_ct):
    from CACBoneAxisLib.mrml.archive import add_volume

    host.widget.ui.applyButton.click()
    read = host.widget.panel.parameters.volume
    host.widget.ui.volumeSelector.pick(add_volume(small_ct, scene))
    assert shown_table(scene) is None
    host.widget.ui.volumeSelector.pick(read)
    assert shown_table(scene) is host.widget.panel.reading.result().GetNodeReference("lesionTable")


def test_windows_of_grey_are_buttons(host, views):
    display = host.widget.panel.parameters.volume.GetDisplayNode()
    for name, expected in (("Calcium", (300, 130)), ("Mediastinum", (350, 40)), ("Bone", (1000, 400))):
        getattr(host.widget.ui, f"window{name}Button").click()
        assert (display.GetWindow(), display.GetLevel()) == expected


def test_after_the_scene_is_closed_the_slab_is_one_again(host, views, scene):
    scene.Clear(False)
    host.process()
    assert views.layout == LAYOUT_ID
    assert view_node(scene, SLAB_TAG).GetSlabReconstructionEnabled()


def test_without_views_the_button_says_so(host):
    ui = host.open().ui
    assert not ui.readingLayoutButton.enabled
    assert "window" in ui.readingLayoutButton.toolTip


def test_a_scan_that_nobody_has_read_opens_in_the_window_for_calcium_in_its_middle(host, scene, small_ct):
    from CACBoneAxisLib.mrml.archive import add_volume

    volume = add_volume(small_ct, scene)
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().SetAutoWindowLevel(True)
    host.show_views()
    host.open()
    settled(host)
    display = volume.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (300, 130)
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    assert host.jumps[-1] == pytest.approx([(bounds[2 * n] + bounds[2 * n + 1]) / 2 for n in range(3)])
    host.widget.ui.windowBoneButton.click()
    jumps = list(host.jumps)
    host.exit()
    host.enter()
    host.process()
    assert host.jumps == jumps
    assert display.GetWindow() == 1000


def test_the_views_go_to_the_heart_when_its_box_is_proposed(host, views):
    from CACBoneAxisLib.imaging.markups import Box
    from CACBoneAxisLib.mrml.candidatenodes import add_heart_node
    from CACBoneAxisLib.reading.candidates import look_at_heart

    panel = host.widget.panel
    image = panel.workspace.analyses.of(panel.parameters.volume).image
    middle = image.geometry.to_lps((np.asarray(image.hu.shape[::-1]) - 1) / 2)
    box = Box("heart", tuple(middle), (20.0, 20.0, 10.0), image.geometry.direction)
    with panel.reading.holding():
        add_heart_node(panel.parameters, box)
    look_at_heart(panel.reading)
    assert host.jumps[-1][1:] == pytest.approx([-middle[1], middle[2]])


def test_a_click_in_the_table_below_the_views_goes_to_the_lesion_and_to_the_vertebra(host, views, scene):
    host.widget.ui.applyButton.click()
    panel = host.widget.panel
    second = panel.reading.result_mapping()["calcium"]["lesions"][1]
    for _ in range(2):
        jumps = len(host.jumps)
        host.section("ViewsSection").onTableClicked(SimpleNamespace(row=lambda: 1))
        assert panel.reading.lesions.chosen_entry()["id"] == second["id"]
        assert len(host.jumps) == jumps + 1
    panel.reading.show_table("vertebraTable")
    host.section("ViewsSection").onTableClicked(SimpleNamespace(row=lambda: 0))
    assert host.jumps[-1] == pytest.approx(panel.parameters.regions[0].GetCenter())


def test_the_table_below_the_views_is_that_of_what_was_worked_on_last(host, views, scene):
    host.widget.ui.applyButton.click()
    panel = host.widget.panel
    panel.reading.show_table("vertebraTable")
    assert shown_table(scene) is panel.reading.result().GetNodeReference("vertebraTable")
    regions = next(section for section in panel.sections if type(section).__name__ == "RegionsSection")
    number = host.section("CalciumSection").table._ids[0]
    host.widget.ui.lesionTable.selectRow(0)
    assert panel.reading.lesions.chosen_entry()["id"] == number
    host.widget.ui.removeLesionButton.click()
    assert shown_table(scene) is panel.reading.result().GetNodeReference("lesionTable")
    box = panel.parameters.regions[0]
    regions.onLevel("L2")
    regions.onClick(box.GetCenter())
    assert shown_table(scene) is panel.reading.result().GetNodeReference("vertebraTable")
    own = scene.AddNewNodeByClass("vtkMRMLTableNode")
    view_node(scene, "CACBoneAxisTable", "vtkMRMLTableViewNode").SetTableNodeID(own.GetID())
    panel.reading.show_table("lesionTable")
    assert shown_table(scene) is own
