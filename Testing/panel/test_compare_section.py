"""The section Compare as a reader presses it."""

from __future__ import annotations

import json

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

LAD, RCA = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4  # by hand: slices x pixels x mm2 x weight, 3 mm increment


@pytest.fixture
def two(host, scene, small_study, small_result, tmp_path):
    """An earlier scan read with the LAD alone, and the one shown with both lesions; both analysed."""
    from dataclasses import replace

    from CACBoneAxisLib.mrml.archive import add_study
    from CACBoneAxisLib.mrml.scene import show_result
    from CACBoneAxisLib.study import analyze

    (seeds,) = small_study.seeds
    earlier = replace(small_study, seeds=(replace(seeds, points=seeds.points[:1]),))
    for inputs in (earlier, small_study):
        result = analyze(inputs)
        nodes = add_study(result, inputs, scene)
        show_result(result, nodes)
    host.open()
    host.widget.panel.session.outputFolder = tmp_path
    host.baseline = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]
    return host


def rows_of(table):
    return [[table.item(r, c).text() for c in range(table.columnCount)] for r in range(table.rowCount)]


def test_what_is_missing_is_said(two):
    ui = two.widget.ui
    assert "earlier scan" in ui.compareButton.toolTip
    ui.baselineSelector.pick(two.widget.panel.parameters.volume)
    assert "another" in ui.compareButton.toolTip
    assert not ui.saveComparisonButton.enabled


def test_the_change_is_the_difference_worked_out_by_hand(two):
    ui = two.widget.ui
    ui.baselineSelector.pick(two.baseline)
    ui.yearsSpinBox.value = 2.0
    ui.compareButton.click()
    total, *arteries = rows_of(ui.changeTable)
    assert total[1:4] == [f"{LAD:.1f}", f"{LAD + RCA:.1f}", f"{RCA:.1f}"]
    assert total[5] == f"{RCA / 2:.1f}"
    assert [row[0].split()[0] for row in arteries] == ["LAD", "RCA"]
    assert f"Agatston {LAD:.1f} to {LAD + RCA:.1f}" in ui.compareLabel.text
    assert "What published rules say" in ui.compareBrowser.toPlainText()


def test_it_is_saved_with_its_pictures(two, tmp_path):
    ui = two.widget.ui
    ui.baselineSelector.pick(two.baseline)
    ui.compareButton.click()
    ui.saveComparisonButton.click()
    (folder,) = tmp_path.iterdir()
    saved = json.loads((folder / "comparison.json").read_text())
    assert saved["changes"]["total"]["agatston"]["absolute"] == pytest.approx(RCA)
    assert "<img" in (folder / "report.html").read_text()
    assert str(folder) in ui.compareLabel.text


def test_an_earlier_result_can_come_from_its_folder(two, tmp_path, small_result):
    from CACBoneAxisLib.study.output import write_study

    write_study(small_result, tmp_path / "earlier")
    ui = two.widget.ui
    ui.baselineFolderPathLineEdit.currentPath = str(tmp_path / "earlier")
    ui.compareButton.click()
    assert rows_of(ui.changeTable)[0][3] == "0"
    ui.baselineFolderPathLineEdit.currentPath = str(tmp_path)
    assert ui.changeTable.rowCount == 0
    ui.compareButton.click()
    assert "result" in ui.compareLabel.text
    assert not ui.saveComparisonButton.enabled


def test_a_changed_reading_takes_the_comparison_away(two):
    ui = two.widget.ui
    ui.baselineSelector.pick(two.baseline)
    ui.compareButton.click()
    ui.minimumAreaSpinBox.value = 2.0
    ui.applyButton.click()
    assert ui.changeTable.rowCount == 0
    assert ui.compareButton.enabled
