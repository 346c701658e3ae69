"""Suggestions in the panel: asked for, looked at, taken at once or some of them, undone, and said in the result."""

from __future__ import annotations

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture(scope="module")
def torso():
    """A coarse digital torso."""
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso

    return make_torso(TorsoParameters(spacing_mm=1.5))


@pytest.fixture
def opened(host, scene, torso):
    """The module opened on the torso, and suggestions asked for."""
    from CACBoneAxisLib.mrml.archive import add_volume

    volume = add_volume(torso.image, scene)
    host.open()
    host.volume = volume
    host.widget.ui.suggestCheckBox.click()
    settle(host)
    return host


def section(host):
    return next(s for s in host.widget.panel.sections if type(s).__name__ == "SuggestionsSection")


def settle(host):
    """Let the timers of candidates and suggestions fire."""
    host.wait(host.section("CandidatesSection").layer.settling, section(host).list.settling)


def rows(host):
    table = host.widget.ui.suggestionsTable
    return [[table.item(r, c).text() for c in range(table.columnCount)] for r in range(table.rowCount)]


def test_nothing_is_suggested_before_it_is_asked_for(host, scene, torso):
    from CACBoneAxisLib.mrml.archive import add_volume

    add_volume(torso.image, scene)
    ui = host.open().ui
    settle(host)
    assert ui.suggestionsTable.rowCount == 0
    assert not ui.suggestCheckBox.checked
    assert not ui.takeSuggestionsButton.enabled


def test_the_list_is_what_an_analysis_suggests(opened, torso):
    from CACBoneAxisLib.study import Settings, StudyInputs, analyze

    settings = Settings.from_mapping({"calcium": {"suggestions": "list"}})
    expected = analyze(StudyInputs(torso.image, None, settings=settings)).calcium.suggestions
    assert [row[0] for row in rows(opened)] == [one.territory for one in expected]
    assert [float(row[1].rstrip(" %")) for row in rows(opened)] == pytest.approx(
        [one.confidence for one in expected], abs=0.006
    )
    assert opened.widget.panel.reading.result() is None
    assert opened.widget.panel.parameters.seeds is None


def test_all_are_taken_in_one_step_and_undone_in_one(opened):
    ui, panel = opened.widget.ui, opened.widget.panel
    count = len(rows(opened))
    steps = len(panel.reading.history.done)
    ui.takeSuggestionsButton.click()
    settle(opened)
    seeds = panel.parameters.seeds
    assert seeds.GetNumberOfDefinedControlPoints() == count
    assert all("suggested" in json.loads(seeds.GetNthControlPointDescription(n)) for n in range(count))
    assert len(panel.reading.history.done) == steps + 1
    assert rows(opened) == []
    assert "suggestions taken" in ui.clickLabel.text
    assert "Nothing more" in ui.suggestionsLabel.text
    result = panel.reading.result_mapping()
    assert result["calcium"]["total"]["agatston"] > 0
    assert "suggestions-taken" in [item["code"] for item in result["calcium"]["findings"]]
    assert any("suggestions taken by the reader: " in step["action"] for step in result["provenance"]["trail"])
    ui.undoButton.click()
    settle(opened)
    assert panel.parameters.seeds.GetNumberOfDefinedControlPoints() == 0
    assert len(rows(opened)) == count


def test_only_the_selected_rows_are_taken(opened):
    ui, panel = opened.widget.ui, opened.widget.panel
    assert not ui.takeSelectedButton.enabled
    before, jumps = rows(opened), len(opened.jumps)
    ui.suggestionsTable.selectRow(1)
    assert len(opened.jumps) == jumps + 1
    assert ui.takeSelectedButton.enabled
    ui.takeSelectedButton.click()
    settle(opened)
    seeds = panel.parameters.seeds
    assert seeds.GetNumberOfDefinedControlPoints() == 1
    assert seeds.GetNthControlPointLabel(0) == f"{before[1][0]}-1"
    assert rows(opened) == before[:1] + before[2:]


def test_switched_off_they_are_gone(opened):
    opened.widget.ui.suggestCheckBox.click()
    settle(opened)
    assert rows(opened) == []
    assert not opened.widget.ui.takeSuggestionsButton.visible


def test_a_segmented_heart_that_is_chosen_tells_the_arteries_and_is_kept_with_the_result(opened, scene, torso):
    from torso_heart import heart_labels_of

    from CACBoneAxisLib.mrml.archive import add_heart
    from CACBoneAxisLib.mrml.scene import reading_nodes
    from CACBoneAxisLib.study import Settings, StudyInputs, analyze

    ui, panel = opened.widget.ui, opened.widget.panel
    heart = heart_labels_of(torso, 2)
    ui.heartSegmentationSelector.pick(add_heart(heart, opened.volume, scene))
    settle(opened)
    settings = Settings.from_mapping({"calcium": {"suggestions": "list"}})
    expected = analyze(StudyInputs(torso.image, None, settings=settings, heart=heart)).calcium.suggestions
    assert [row[0] for row in rows(opened)] == [one.territory for one in expected]
    ui.takeSuggestionsButton.click()
    settle(opened)
    assert panel.reading.result_mapping()["calcium"]["search"]["found_by"] == "segmentation"
    assert reading_nodes(panel.reading.result()).heart is panel.parameters.heartSegmentation
    # Another heart is another list, and a segmentation without one is said in a sentence.
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Empty")
    ui.heartSegmentationSelector.pick(empty)
    settle(opened)
    assert "Empty names no heart" in ui.suggestionsLabel.text


def test_an_edited_heart_is_looked_at_again(opened, scene, torso):
    from torso_heart import heart_labels_of

    from CACBoneAxisLib.mrml.archive import add_heart

    ui = opened.widget.ui
    segmentation = add_heart(heart_labels_of(torso, 2), opened.volume, scene)
    ui.heartSegmentationSelector.pick(segmentation)
    settle(opened)
    before = rows(opened)
    for part in ("LA", "LV", "RA", "RV"):
        array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, part, opened.volume)
        array[: array.shape[0] * 2 // 3] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(np.asarray(array), segmentation, part, opened.volume)
    settle(opened)
    assert len(rows(opened)) < len(before)
