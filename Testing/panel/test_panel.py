"""The panel as a user presses it, in the host of this folder."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")
import bare_scene  # noqa: E402

LAD, RCA = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4  # by hand: slices x pixels x mm2 x weight, 3 mm increment


@pytest.fixture
def opened(host, volume):
    """The module opened on the small CT, analysing when Apply is pressed."""
    host.open()
    host.widget.ui.liveUpdateCheckBox.click()
    return host


def take(host, ras):
    """Take the lesion at a point, as a click in a slice view does."""
    host.widget.panel.clicks._standing(ras)
    host.process()


def ras_of(small_ct, z, y, x):
    lps = small_ct.geometry.to_lps((x, y, z))
    return -lps[0], -lps[1], lps[2]


@pytest.fixture
def seeded(opened, small_ct):
    """The lesion of each of the two arteries, taken by clicks; no row of the table is chosen."""
    ui = opened.widget.ui
    take(opened, ras_of(small_ct, 4, 20, 31))
    ui.territoryRCAButton.click()
    take(opened, ras_of(small_ct, 7, 24, 50))
    ui.lesionTable.clearSelection()
    return opened


def place_l1(host, small_ct):
    """Place the region of L1 with its button and a click in a view."""
    from sliceview import SliceView

    view = SliceView(host.scene, "Sagittal")
    host.widget.panel.clicks.views = lambda: [(view.interactor, view.node)]
    host.widget.ui.levelL1Button.click()
    view.click(ras_of(small_ct, 5.5, 58, 45))
    host.process()


def cell(table, row, column):
    return table.item(row, column).text()


# Opening


def test_the_first_ct_is_chosen_when_the_module_is_opened(opened, volume):
    assert opened.widget.panel.parameters.volume is volume
    assert opened.widget.ui.volumeSelector.currentNode() is volume


def test_without_a_ct_nothing_can_be_pressed_and_tooltips_say_why(host):
    ui = host.open().ui
    for button in (ui.applyButton, ui.scoreByClicksButton, ui.levelL1Button, ui.saveReportButton):
        assert not button.enabled
        assert button.toolTip
    assert "CT volume" in ui.applyButton.toolTip


def test_apply_waits_for_something_to_analyse(opened, small_ct):
    ui = opened.widget.ui
    assert not ui.applyButton.enabled
    assert "seed" in ui.applyButton.toolTip
    place_l1(opened, small_ct)
    assert ui.applyButton.enabled


# Calcium


def test_seeds_are_named_after_the_artery_that_is_pressed(seeded):
    seeds = seeded.widget.panel.parameters.seeds
    assert [seeds.GetNthControlPointLabel(n) for n in range(2)] == ["LAD-1", "RCA-1"]


def test_the_pressed_artery_is_kept_in_the_parameter_node(opened):
    for code in ("LM", "LAD", "LCX", "RCA", "AV", "MV", "AA", "DA"):
        button = getattr(opened.widget.ui, f"territory{code}Button")
        button.click()
        assert opened.widget.panel.parameters.territory == code
        assert button.checked


def test_apply_shows_the_score_worked_out_by_hand(seeded):
    ui = seeded.widget.ui
    ui.applyButton.click()
    assert f"<b>{LAD + RCA:.1f}</b>" in ui.calciumLabel.text
    assert cell(ui.lesionTable, 0, 2) == f"{LAD:.1f}"
    assert cell(ui.lesionTable, 1, 2) == f"{RCA:.1f}"
    assert ui.lesionTable.cellWidget(0, 1).currentText == "LAD"
    assert ui.territoryTable.rowCount >= 5


def test_an_empty_list_of_seeds_is_no_score_and_the_statement_makes_it_0(opened, small_ct):
    ui = opened.widget.ui
    place_l1(opened, small_ct)
    ui.applyButton.click()
    assert "No Agatston score" in ui.calciumLabel.text
    ui.noneFoundCheckBox.click()
    ui.applyButton.click()
    assert "Agatston score <b>0</b>" in ui.calciumLabel.text


def test_the_statement_cannot_be_made_beside_seeds(seeded):
    assert not seeded.widget.ui.noneFoundCheckBox.enabled


def test_a_click_on_a_lesion_sends_the_views_there(seeded, small_ct):
    ui = seeded.widget.ui
    ui.applyButton.click()
    ui.lesionTable.selectRow(1)
    assert seeded.jumps[-1] == pytest.approx(ras_of(small_ct, 7, 24, 50), abs=1e-6)


def test_protocol_fields_reach_the_result(seeded):
    ui = seeded.widget.ui
    ui.minimumAreaSpinBox.value = 2.5
    ui.massFactorSpinBox.value = 0.0008
    ui.thresholdSpinBox.value = 200
    ui.applyButton.click()
    protocol = seeded.widget.panel.reading.result_mapping()["calcium"]["protocol"]
    assert (protocol["minimum_area_mm2"], protocol["mass_factor_mg_per_mm3_per_hu"]) == (2.5, 0.0008)
    assert protocol["threshold_hu"] == 200


# Report


def test_input_that_cannot_be_used_is_one_sentence_in_the_panel(seeded):
    seeds = seeded.widget.panel.parameters.seeds
    seeds.SetNthControlPointLabel(0, "Where?")
    seeded.widget.ui.applyButton.click()
    assert "Where?" in seeded.widget.ui.calciumLabel.text
    assert seeded.widget.ui.applyButton.enabled


def test_the_report_is_saved_and_opened(seeded, tmp_path):
    ui = seeded.widget.ui
    ui.applyButton.click()
    ui.folderPathLineEdit.currentPath = str(tmp_path)
    assert not ui.openReportButton.enabled
    ui.saveReportButton.click()
    (folder,) = tmp_path.iterdir()
    assert (folder / "result.json").is_file()
    assert str(folder) in ui.reportLabel.text
    ui.openReportButton.click()
    assert seeded.opened == [str(folder / "report.html")]


def test_a_label_volume_is_made_on_request(seeded, scene):
    ui = seeded.widget.ui
    ui.applyButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLLabelMapVolumeNode") == 0
    ui.labelVolumeCheckBox.click()
    ui.applyButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLLabelMapVolumeNode") == 1


# Changing, cancelling, closing


def test_a_change_says_that_the_numbers_are_old(seeded):
    ui = seeded.widget.ui
    ui.applyButton.click()
    assert "Not current" not in ui.calciumLabel.text
    ui.minimumAreaSpinBox.value = 2.0
    assert "Not current" in ui.calciumLabel.text
    assert "gray" in ui.calciumLabel.text
    assert not ui.messageLabel.text
    assert not ui.saveReportButton.enabled


def test_choices_that_change_no_number_leave_the_result_as_it_is(seeded, tmp_path):
    ui = seeded.widget.ui
    ui.applyButton.click()
    ui.territoryLMButton.click()
    ui.labelVolumeCheckBox.click()
    ui.folderPathLineEdit.currentPath = str(tmp_path)
    assert "Not current" not in ui.calciumLabel.text
    assert ui.saveReportButton.enabled


def test_a_change_that_is_taken_back_leaves_the_result_current(seeded):
    ui = seeded.widget.ui
    ui.applyButton.click()
    ui.minimumAreaSpinBox.value = 2.0
    ui.minimumAreaSpinBox.value = 1.0
    assert "Not current" not in ui.calciumLabel.text


def test_what_another_module_changed_meanwhile_is_seen_on_coming_back(seeded):
    ui = seeded.widget.ui
    ui.applyButton.click()
    seeded.exit()
    seeded.widget.logic.getParameterNode().seeds.RemoveNthControlPoint(0)
    seeded.enter()
    assert "Not current" in ui.calciumLabel.text


def test_an_edited_segmentation_of_vertebrae_makes_the_numbers_old(opened, scene, small_ct):
    import numpy as np

    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Spine")
    volume = opened.widget.panel.parameters.volume
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    body = np.zeros(small_ct.hu.shape, np.uint8)
    body[2:10, 45:72, 25:65] = 1
    segment_id = segmentation.GetSegmentation().AddEmptySegment("", "vertebrae_L1")
    slicer.util.updateSegmentBinaryLabelmapFromArray(body, segmentation, segment_id, volume)
    ui = opened.widget.ui
    ui.vertebraeSelector.pick(segmentation)
    ui.applyButton.click()
    assert cell(ui.vertebraTable, 0, 0) == "L1"
    assert "Not current" not in ui.boneLabel.text
    body[2:4] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(body, segmentation, segment_id, volume)
    assert "Not current" in ui.boneLabel.text


def test_live_update_analyses_after_a_burst_of_changes_once(seeded, monkeypatch):
    from CACBoneAxisLib.reading import core

    widget = seeded.widget
    widget.ui.applyButton.click()
    analysed = []
    real = core.analyze_halves
    monkeypatch.setattr(core, "analyze_halves", lambda *a, **k: (analysed.append(1), real(*a, **k))[1])
    widget.ui.liveUpdateCheckBox.click()
    for area in (1.5, 2.0, 2.5):
        widget.ui.minimumAreaSpinBox.value = area
    assert widget.panel.workspace.live_update.waiting
    assert not analysed
    widget.panel.workspace.on_live_update()
    assert len(analysed) == 1
    assert not widget.panel.reading.changed_since_result
    assert not widget.panel.workspace.live_update.waiting


def test_cancel_ends_the_analysis_and_keeps_the_last_result(seeded, monkeypatch):
    from CACBoneAxisLib.reading import core

    widget = seeded.widget
    widget.ui.applyButton.click()
    score = widget.ui.calciumLabel.text
    widget.ui.minimumAreaSpinBox.value = 5.0
    seen = []

    def slow(nodes, settings, progress, **further):
        widget.panel._progress.patience_seconds = 0
        progress("Scoring calcium", 0.5)
        seen.append((widget.ui.progressBar.isVisibleTo(widget.ui.applyPanel._object), widget.ui.applyButton.enabled))
        widget.ui.cancelButton.click()
        progress("Measuring bone", 0.8)
        pytest.fail("went on after Cancel")

    monkeypatch.setattr(core, "analyze_halves", slow)
    widget.ui.applyButton.click()
    assert seen == [(True, False)]
    assert "Cancelled" in widget.ui.messageLabel.text
    assert score in widget.ui.calciumLabel.text
    assert widget.ui.applyButton.enabled


def test_closing_the_scene_leaves_an_empty_panel(seeded, scene):
    widget = seeded.widget
    widget.ui.applyButton.click()
    scene.Clear(False)
    assert widget.panel.parameters is None
    assert widget.panel.session.volume is None
    assert not widget.ui.calciumLabel.text
    assert not widget.ui.applyButton.enabled


@pytest.mark.parametrize("what", ["seeds", "volume", "region", "result"])
def test_a_node_deleted_under_the_panel_is_no_error(seeded, scene, small_ct, what):
    widget = seeded.widget
    place_l1(seeded, small_ct)
    widget.ui.applyButton.click()
    parameters = widget.panel.parameters
    node = {
        "seeds": parameters.seeds,
        "volume": parameters.volume,
        "region": parameters.regions[0],
        "result": widget.panel.reading.result(),
    }[what]
    scene.RemoveNode(node)
    widget.ui.applyButton.click()
    if what == "volume":
        assert not widget.ui.applyButton.enabled
        assert not widget.ui.calciumLabel.text


def test_leaving_and_coming_back_shows_the_same(seeded):
    ui = seeded.widget.ui
    ui.applyButton.click()
    score = ui.calciumLabel.text
    seeded.exit()
    seeded.enter()
    assert ui.calciumLabel.text == score
    assert ui.applyButton.enabled


def test_nothing_is_observed_after_cleanup(seeded, scene, small_ct):
    widget = seeded.widget
    place_l1(seeded, small_ct)
    widget.ui.levelT12Button.click()
    widget.cleanup()
    assert widget.panel.workspace.Observations == []
    assert not widget.panel.clicks.observed
    assert all(not getattr(section, "Observations", []) for section in widget.panel.sections)
    parameters = widget.logic.getParameterNode()
    parameters.threshold = 140.0
    parameters.seeds.SetNthControlPointLabel(0, "LM-1")
    scene.Clear(False)


def test_choices_and_numbers_survive_saving_the_scene(seeded, scene, small_ct, tmp_path):
    """The scene is written, cleared and imported; the panel shows what it showed."""
    ui = seeded.widget.ui
    place_l1(seeded, small_ct)
    ui.minimumAreaSpinBox.value = 0.5
    ui.sexComboBox.setCurrentIndex(2)
    ui.applyButton.click()
    shown = ui.calciumLabel.text, ui.boneLabel.text
    assert scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    scene.Clear(False)
    assert not ui.calciumLabel.text
    bare_scene.open_saved(scene, tmp_path / "scene.mrb")
    seeded.process()
    assert (ui.calciumLabel.text, ui.boneLabel.text) == shown
    assert ui.minimumAreaSpinBox.value == 0.5
    assert ui.sexComboBox.currentText == "male"
    assert [r.GetName() for r in seeded.widget.panel.parameters.regions] == ["L1"]
    ui.applyButton.click()
    assert (ui.calciumLabel.text, ui.boneLabel.text) == shown
