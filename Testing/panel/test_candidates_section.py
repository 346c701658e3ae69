"""Candidates in the panel: shown over the views, limited by the heart's box, and what is left out with its reason."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture(scope="module")
def torso():
    """A coarse digital torso."""
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso

    return make_torso(TorsoParameters.small())


@pytest.fixture
def opened(host, scene, torso):
    """The module opened on the torso, with one axial view, its candidates shown."""
    import offscreen

    from CACBoneAxisLib.mrml.archive import add_volume

    volume = add_volume(torso.image, scene)
    view = offscreen.OffscreenSliceView(scene)
    host.add_view(view)
    host.open()
    settle(host)
    host.view, host.volume = view, volume
    return host


def settle(host):
    """Let the candidates' timer fire."""
    section = candidates(host) if host.widget is not None else None
    assert section is not None
    host.wait(section.layer.settling)


def candidates(host):
    return next(s for s in host.widget.panel.sections if type(s).__name__ == "CandidatesSection")


def labels(host):
    from CACBoneAxisLib.mrml.candidatenodes import find_label_node

    node = find_label_node(host.scene)
    return None if node is None else int(slicer.util.arrayFromVolume(node).sum())


def test_a_scan_that_is_chosen_shows_its_candidates_in_a_box_around_the_heart(opened):
    ui, parameters = opened.widget.ui, opened.widget.panel.parameters
    assert parameters.heart is not None
    assert opened.view.composite.GetLabelVolumeID() is not None
    assert labels(opened) > 0
    assert "candidates." in ui.candidatesLabel.text
    assert "connected to bone" in ui.candidatesLabel.text
    assert ui.leftOutTable.rowCount > 0


def test_the_box_that_is_proposed_is_no_step_to_undo(opened):
    assert not opened.widget.ui.undoButton.enabled
    assert opened.widget.panel.reading.history.done == []


def test_what_is_taken_is_a_candidate_no_more_and_comes_back_with_undo(opened, torso):
    before = labels(opened)
    left, posterior, superior = torso.seeds.points[1].position_mm
    ras = (-left, -posterior, superior)
    opened.view.look_at(opened.volume, ras, 60)
    opened.view.click(ras)
    assert "taken" in opened.widget.ui.clickLabel.text
    after = labels(opened)
    assert after < before
    opened.widget.ui.undoButton.click()
    assert labels(opened) == before


def test_the_threshold_is_followed_at_once_and_then_without_bone(opened, torso):
    from CACBoneAxisLib.mrml import candidatenodes as overlay

    ui, parameters = opened.widget.ui, opened.widget.panel.parameters
    ui.thresholdSpinBox.value = 300
    box = overlay.heart_of(parameters)
    image = opened.widget.panel.workspace.analyses.of(opened.volume).image
    crop = overlay.crop_of(image, box)
    assert labels(opened) == np.count_nonzero(image.hu[crop.slices] >= 300)
    settle(opened)
    assert 0 < labels(opened) <= np.count_nonzero(image.hu[crop.slices] >= 300)


def test_a_smaller_box_limits_them_and_without_it_nothing_does(opened):
    ui, parameters = opened.widget.ui, opened.widget.panel.parameters
    before = labels(opened)
    parameters.heart.SetSize(20.0, 20.0, 20.0)
    settle(opened)
    assert labels(opened) < before
    ui.limitToHeartCheckBox.click()
    settle(opened)
    assert labels(opened) > before
    ui.limitToHeartCheckBox.click()
    ui.proposeHeartButton.click()
    settle(opened)
    assert labels(opened) == before


def test_a_click_outside_the_box_says_so(opened, torso):
    parameters = opened.widget.panel.parameters
    parameters.heart.SetSize(5.0, 5.0, 5.0)
    left, posterior, superior = torso.seeds.points[1].position_mm
    opened.widget.panel.clicks._standing((-left, -posterior, superior))
    assert "Outside the heart region" in opened.widget.ui.clickLabel.text


def test_a_row_of_what_is_left_out_sends_the_views_there(opened):
    before = len(opened.jumps)
    opened.widget.ui.leftOutTable.selectRow(0)
    assert len(opened.jumps) == before + 1


def test_the_layer_goes_when_it_is_switched_off_and_when_the_module_is_left(opened):
    composite = opened.view.composite
    opened.widget.ui.showCandidatesCheckBox.click()
    assert composite.GetLabelVolumeID() is None
    opened.widget.ui.showCandidatesCheckBox.click()
    settle(opened)
    assert composite.GetLabelVolumeID() is not None
    opened.exit()
    assert composite.GetLabelVolumeID() is None
    opened.enter()
    settle(opened)
    assert composite.GetLabelVolumeID() is not None


def test_a_closed_scene_is_no_error_and_the_next_scan_has_its_candidates_in_colour(opened, scene, torso):
    from CACBoneAxisLib.mrml.archive import add_volume
    from CACBoneAxisLib.mrml.candidatenodes import find_label_node

    scene.Clear()
    settle(opened)
    assert find_label_node(scene) is None
    volume = add_volume(torso.image, scene)
    opened.widget.panel.session.volume = volume
    settle(opened)
    assert labels(opened) > 0
    assert find_label_node(scene).GetDisplayNode().GetColorNode().GetName() == "Candidates"


def test_the_score_follows_the_threshold_though_the_candidates_are_listed_first(opened, torso):
    panel = opened.widget.panel
    left, posterior, superior = torso.seeds.points[0].position_mm
    panel.clicks._standing((-left, -posterior, superior))
    opened.widget.ui.thresholdSpinBox.value = 200
    assert panel.workspace.live_update.waiting
    settle(opened)
    assert panel.workspace.live_update.waiting
    panel.workspace.on_live_update()
    assert panel.reading.result_mapping()["provenance"]["settings"]["calcium"]["threshold_hu"] == 200
    assert not panel.reading.changed_since_result
