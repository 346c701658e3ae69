"""Which reading the panel shows, while volumes come and go."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def volumes(scene, small_ct):
    """The small CT twice."""
    from CACBoneAxisLib.mrml.archive import add_volume

    return [add_volume(small_ct, scene) for _ in range(2)]


@pytest.fixture
def opened(host, volumes):
    """The module opened on the first of two volumes."""
    host.open()
    return host


def observers_of(scene) -> dict[str, int]:
    """How many observers each node of a scene has, and the scene itself, as VTK prints them."""
    nodes = [scene, *(scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes()))]
    return {node.GetID() if node is not scene else "scene": str(node).count("vtkObserver (") for node in nodes}


def test_switching_the_volume_switches_every_choice_and_back(opened, volumes):
    ui, panel = opened.widget.ui, opened.widget.panel
    ui.thresholdSpinBox.value = 200
    ui.levelL1Button.click()
    image = panel.workspace.analyses.of(volumes[0]).image
    left, back, up = image.geometry.to_lps((45, 58, 5.5))
    panel.sections[[type(s).__name__ for s in panel.sections].index("RegionsSection")].onClick((-left, -back, up))
    ui.volumeSelector.pick(volumes[1])
    assert panel.parameters.volume is volumes[1]
    assert ui.thresholdSpinBox.value == 130
    assert panel.parameters.regions == []
    ui.thresholdSpinBox.value = 150
    ui.volumeSelector.pick(volumes[0])
    assert ui.thresholdSpinBox.value == 200
    assert [region.GetName() for region in panel.parameters.regions] == ["L1"]


def test_no_selector_moves_to_another_node_when_its_own_is_deleted(opened, volumes, scene, small_ct):
    from CACBoneAxisLib.mrml.archive import add_volume
    from CACBoneAxisLib.mrml.placing import add_seeds_node

    ui, panel = opened.widget.ui, opened.widget.panel
    add_volume(small_ct, scene)
    for role in ("seeds", "vertebrae", "heartSegmentation", "secondVolume", "baseline"):
        selector = getattr(ui, f"{role}Selector")
        if role == "seeds":
            nodes = [add_seeds_node(scene, volume) for volume in volumes]
        elif role.endswith("Volume") or role == "baseline":
            nodes = [add_volume(small_ct, scene) for _ in range(2)]
        else:
            nodes = [scene.AddNewNodeByClass("vtkMRMLSegmentationNode", role) for _ in range(2)]
        selector.pick(nodes[0])
        assert getattr(panel.parameters, role) is nodes[0]
        scene.RemoveNode(nodes[0])
        assert getattr(panel.parameters, role) is None, role
        assert selector.currentNode() is None, role
        assert not ui.noticeLabel.isHidden()
        assert "was deleted" in ui.noticeLabel.text
    scene.RemoveNode(volumes[0])
    assert panel.session.volume is None
    assert ui.volumeSelector.currentNode() is None


def test_the_console_gets_the_reading_that_is_shown(opened, volumes):
    opened.widget.ui.volumeSelector.pick(volumes[1])
    parameters = opened.widget.logic.getParameterNode()
    assert parameters.volume is volumes[1]
    parameters.threshold = 170.0
    assert opened.widget.ui.thresholdSpinBox.value == 170


def test_without_a_volume_nothing_of_a_reading_can_be_chosen(opened, volumes):
    ui = opened.widget.ui
    ui.volumeSelector.pick(None)
    assert opened.widget.panel.parameters is None
    assert not ui.thresholdSpinBox.enabled
    assert not ui.kvpSpinBox.enabled
    assert ui.volumeSelector.enabled
    ui.volumeSelector.pick(volumes[0])
    assert ui.thresholdSpinBox.enabled


def test_a_reading_goes_with_its_volume_shown_or_not(opened, volumes, scene):
    from CACBoneAxisLib.mrml.parameternodes import reading_nodes_of

    ui = opened.widget.ui
    ui.volumeSelector.pick(volumes[1])
    assert len(reading_nodes_of(scene)) == 2
    scene.RemoveNode(volumes[0])
    assert [node.GetNodeReference("volume") for node in reading_nodes_of(scene)] == [volumes[1]]
    scene.RemoveNode(volumes[1])
    assert reading_nodes_of(scene) == []
    assert opened.widget.panel.parameters is None
    assert opened.widget.panel.session.volume is None


def test_a_deleted_reading_is_no_error_and_a_new_one_begins(opened, volumes, scene):
    ui, panel = opened.widget.ui, opened.widget.panel
    ui.thresholdSpinBox.value = 200
    scene.RemoveNode(panel.parameters.parameterNode)
    assert panel.parameters is None
    ui.volumeSelector.pick(volumes[0])
    assert ui.thresholdSpinBox.value == 130


def test_nothing_is_observed_more_often_after_coming_and_going(opened, volumes, scene):
    ui = opened.widget.ui
    ui.levelL1Button.click()
    ui.volumeSelector.pick(volumes[1])
    ui.volumeSelector.pick(volumes[0])
    before = observers_of(scene)
    for _ in range(3):
        opened.exit()
        opened.enter()
        ui.volumeSelector.pick(volumes[1])
        ui.volumeSelector.pick(volumes[0])
    assert observers_of(scene) == before
    assert sum(before.values()) > 0


def test_cleanup_leaves_every_node_as_if_the_panel_had_never_been(host, volumes, scene):
    before = observers_of(scene)
    host.open()
    host.widget.ui.levelL1Button.click()
    host.widget.ui.volumeSelector.pick(volumes[1])
    host.widget.cleanup()
    after = observers_of(scene)
    assert {name: after[name] for name in before} == before


def test_a_scene_closed_while_the_panel_is_open_begins_anew(opened, volumes, scene, small_ct):
    from CACBoneAxisLib.mrml.archive import add_volume

    ui, panel = opened.widget.ui, opened.widget.panel
    ui.thresholdSpinBox.value = 200
    scene.Clear(False)
    assert panel.parameters is None
    volume = add_volume(small_ct, scene)
    ui.volumeSelector.pick(volume)
    assert ui.thresholdSpinBox.value == 130
    ui.thresholdSpinBox.value = 140
    assert panel.parameters.threshold == 140


def test_a_scan_loaded_while_the_panel_is_open_is_chosen_and_a_label_volume_is_not(host, scene, small_ct):
    from CACBoneAxisLib.mrml.archive import add_volume

    panel = host.open().panel
    assert not panel.ui.kvpSpinBox.enabled
    scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    host.process()
    assert panel.session.volume is None
    first = add_volume(small_ct, scene)
    host.process()
    assert panel.session.volume is first
    assert panel.parameters.volume is first
    add_volume(small_ct, scene)
    host.process()
    assert panel.session.volume is first


def test_the_heart_box_of_a_deleted_volume_goes_with_it(opened, volumes, scene):
    from CACBoneAxisLib.imaging.markups import Box
    from CACBoneAxisLib.mrml.candidatenodes import add_heart_node

    panel = opened.widget.panel
    axes = panel.workspace.analyses.of(volumes[0]).image.geometry.direction
    with panel.reading.holding():
        node = add_heart_node(panel.parameters, Box("heart", (0.0, 0.0, 0.0), (20.0, 20.0, 10.0), axes))
    scene.RemoveNode(volumes[0])
    assert not scene.IsNodePresent(node)
    assert opened.widget.ui.candidatesLabel.text == ""


def test_a_panel_made_anew_while_another_module_is_shown_waits_until_it_is_entered(host, volumes):
    host.open()
    host.exit()
    host.widget.cleanup()
    host.widget.setup()
    assert host.widget.panel.session is None
    host.enter()
    assert host.widget.panel.session.volume is volumes[0]


def test_a_panel_that_ends_leaves_no_widget_with_the_scene_and_the_reading_as_it_was(opened, volumes):
    ui = opened.widget.ui
    opened.widget.cleanup()
    assert ui.volumeSelector.currentNode() is None
    opened.widget.setup()
    opened.enter()
    assert opened.widget.panel.session.volume is volumes[0]


def test_density_in_colour_is_never_taken_for_the_scan_to_read(host, volumes, scene):
    from CACBoneAxisLib.mrml.density import add_density_node
    from CACBoneAxisLib.reading.workspace import first_volume

    add_density_node(scene, volumes[0])
    assert first_volume(scene) is volumes[0]
    for volume in volumes:
        scene.RemoveNode(volume)
    assert first_volume(scene) is None


def test_ten_scenes_read_and_closed_in_the_panel_keep_no_voxels(opened, scene, small_ct):
    import gc

    from CACBoneAxisLib.mrml.archive import add_volume

    gone, panel = [], opened.widget.panel
    for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode", scene):
        scene.RemoveNode(volume)
    del volume
    calls = [section.layer.settling for section in panel.sections if hasattr(section, "layer")]
    for cycle in range(10):
        volume = add_volume(small_ct, scene)
        opened.process()
        panel.session.volume = volume
        volume.GetImageData().AddObserver("DeleteEvent", lambda *_: gone.append(1))
        left, back, up = small_ct.geometry.to_lps((31, 20, 4))
        assert panel.reading.lesions.click((-left, -back, up)).done
        opened.wait(*calls, opened.section("ScanSection")._soon)
        opened.widget.ui.showReportButton.click()
        del volume
        scene.Clear(False)
        opened.process()
        gc.collect()
        assert len(gone) == cycle + 1
