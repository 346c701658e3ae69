"""The section Batch as a user presses it: list, open, correct, replace."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from small_batch import rows_of, run, study_row, write_manifest  # noqa: E402
from small_study import LAD_AGATSTON, RCA_AGATSTON, write_small_study  # noqa: E402

from CACBoneAxisLib.cohort.batch import BatchFolder  # noqa: E402

TOTAL = LAD_AGATSTON + RCA_AGATSTON


@pytest.fixture
def batch(tmp_path):
    """The folder of a batch of two small studies and one whose CT is missing."""
    for name in ("a00", "a01"):
        (tmp_path / "in" / name).mkdir(parents=True)
        write_small_study(tmp_path / "in" / name)
    rows = [study_row("a00"), study_row("a01"), ["gone", "gone/ct.nrrd", "", "", ""], study_row("a00")]
    run(write_manifest(tmp_path / "in" / "manifest.csv", rows), tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def listed(host, batch):
    """The module with the batch's folder chosen."""
    host.open().ui.batchFolderPathLineEdit.currentPath = str(batch)
    host.process()
    return host


@pytest.fixture
def opened(listed):
    """The first study opened with a double click."""
    open_row(listed, 0)
    return listed


def open_row(host, number):
    table = host.widget.ui.batchTable
    table.selectRow(number)
    table._object.cellDoubleClicked.emit(number, 0)
    host.process()


def cells(table, row):
    return [table.item(row, column).text() for column in range(table.columnCount)]


def remove_rca(host):
    host.widget.ui.lesionTable.selectRow(1)
    host.widget.ui.removeLesionButton.click()


def test_studies_and_failures_are_listed(listed):
    table = listed.widget.ui.batchTable
    assert table.rowCount == 4
    assert cells(table, 0)[:5] == ["a00", "complete", "26.0", "11-100", "120.0"]
    assert cells(table, 2)[1] == "failed"
    assert "does not exist" in cells(table, 2)[-1]


def test_a_second_row_of_a_study_is_a_failure_of_its_own(listed):
    ui = listed.widget.ui
    ui.batchTable.selectRow(3)
    assert cells(ui.batchTable, 3)[:2] == ["a00", "failed"]
    assert "same study_id" in ui.batchLabel.text
    assert not ui.batchOpenButton.enabled
    assert "same study_id" in ui.batchOpenButton.toolTip


def test_a_long_list_shows_progress(listed, monkeypatch):
    from CACBoneAxisLib.panel import progress, section

    monkeypatch.setattr(progress.ProgressBar.__init__, "__defaults__", (0.0,))
    monkeypatch.setattr(section, "ROWS_PER_STEP", 1)
    ui, seen = listed.widget.ui, []
    monkeypatch.setattr(listed, "process", lambda: seen.append(ui.batchOpenButton.enabled))
    slicer.app.processEvents = listed.process
    ui.batchRefreshButton.click()
    assert len(seen) == 4
    assert not ui.batchProgressBar._object.isVisibleTo(ui.batchProgressPanel._object)
    assert ui.batchTable.rowCount == 4


def test_what_cannot_be_pressed_says_why(host):
    ui = host.open().ui
    for button in (ui.batchOpenButton, ui.batchReplaceButton, ui.batchRefreshButton):
        assert not button.enabled
        assert button.toolTip


def test_a_folder_that_is_no_batch_is_one_sentence(host, tmp_path):
    ui = host.open().ui
    ui.batchFolderPathLineEdit.currentPath = str(tmp_path)
    assert "not the output folder of a batch" in ui.batchLabel.text
    assert ui.batchTable.rowCount == 0


def test_a_double_click_loads_the_study_with_its_reading(opened):
    widget = opened.widget
    parameters = widget.panel.parameters
    assert parameters.volume.GetName() == "a00"
    assert parameters.seeds.GetNumberOfControlPoints() == 2
    assert [region.GetName() for region in parameters.regions] == ["L1"]
    assert f"<b>{TOTAL:.1f}</b>" in widget.ui.calciumLabel.text
    assert parameters.sex.value == "F"
    assert not widget.ui.batchReplaceButton.enabled
    assert "Nothing was corrected" in widget.ui.batchReplaceButton.toolTip


def test_replace_waits_for_apply(opened):
    ui = opened.widget.ui
    if ui.liveUpdateCheckBox.checked:
        ui.liveUpdateCheckBox.click()
    ui.minimumAreaSpinBox.value = 0.5
    assert not ui.batchReplaceButton.enabled
    assert "Apply" in ui.batchReplaceButton.toolTip
    ui.applyButton.click()
    assert ui.batchReplaceButton.enabled
    assert "a00" in ui.batchReplaceButton.toolTip


def test_the_corrected_reading_goes_into_the_row(opened, batch):
    ui = opened.widget.ui
    remove_rca(opened)
    ui.batchReplaceButton.click()
    assert "earlier result is kept" in ui.batchLabel.text
    assert cells(ui.batchTable, 0)[2] == f"{LAD_AGATSTON:.1f}"
    assert cells(ui.batchTable, 0)[1] == "corrected"
    row = rows_of(batch / "results.csv")[0]
    assert (float(row["agatston"]), row["corrections"]) == (LAD_AGATSTON, "1")
    assert (batch / "reviews" / "a00" / "previous-1" / "result.json").is_file()
    assert not ui.batchReplaceButton.enabled
    open_row(opened, 1)
    open_row(opened, 0)
    assert opened.widget.panel.parameters.seeds.GetNumberOfControlPoints() == 1


def test_only_what_the_reader_changed_is_a_corrected_setting(opened, batch):
    import json

    opened.widget.ui.ageSpinBox.value = 71
    remove_rca(opened)
    opened.widget.ui.batchReplaceButton.click()
    kept = json.loads((batch / "reviews" / "a00" / "reading-1" / "reading.json").read_text(encoding="utf-8"))
    assert kept["settings"] == {"patient": {"age_years": 71.0}}


def test_the_next_study_takes_the_place_of_one_that_is_finished(opened, scene):
    open_row(opened, 1)
    assert opened.widget.panel.parameters.volume.GetName() == "a01"
    for name in ("vtkMRMLScalarVolumeNode", "vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsROINode"):
        assert len(slicer.util.getNodesByClass(name, scene)) == 1
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode", scene)) == 1


def test_a_correction_that_is_in_no_row_yet_stays_in_the_scene(opened, scene):
    remove_rca(opened)
    open_row(opened, 1)
    assert f"<b>{TOTAL:.1f}</b>" in opened.widget.ui.calciumLabel.text
    open_row(opened, 0)
    assert opened.widget.panel.parameters.seeds.GetNumberOfControlPoints() == 1
    assert opened.widget.ui.batchReplaceButton.enabled


def test_a_study_that_cannot_be_opened_is_one_sentence_and_nothing_changes(opened):
    open_row(opened, 2)
    assert "does not exist" in opened.widget.ui.batchLabel.text
    assert opened.widget.panel.parameters.volume.GetName() == "a00"


def test_beside_a_running_batch_the_row_stays(opened, batch):
    remove_rca(opened)
    holder = BatchFolder(batch, resume=True)
    try:
        opened.widget.ui.batchReplaceButton.click()
    finally:
        holder.close()
    assert "at work" in opened.widget.ui.batchLabel.text
    assert opened.widget.ui.batchReplaceButton.enabled


def test_the_folder_and_the_opened_study_survive_saving_the_scene(opened, scene, batch):
    from CACBoneAxisLib.reading.review import study_of

    assert study_of(opened.widget.panel.parameters.volume) == (batch, "a00")
    assert opened.widget.panel.session.batchFolder == batch
