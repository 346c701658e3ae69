"""The section Report as a reader presses it: shown, saved, approved, unlocked."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def read(host, scene, small_study, small_result, tmp_path):
    """The module opened on the small study, analysed, with a folder and a reader."""
    from CACBoneAxisLib.mrml.archive import add_study

    add_study(small_result, small_study, scene)
    host.open()
    host.widget.ui.applyButton.click()
    host.widget.panel.session.outputFolder = tmp_path
    host.widget.ui.readerLineEdit.setText("Dr. Lee")
    return host


def section_of(host):
    return next(one for one in host.widget.panel.sections if type(one).__name__ == "ReportSection")


def text_of(browser) -> str:
    return browser.toPlainText()


def test_the_report_shown_is_the_report_that_is_saved(read, tmp_path):
    ui = read.widget.ui
    ui.showReportButton.click()
    shown = text_of(ui.reportBrowser)
    assert ui.reportBrowser._object.isVisibleTo(ui.Report._object)
    for words in ("Agatston", "L1", "esearch use", "Calcium by artery", "Provenance"):
        assert words in shown
    ui.showReportButton.click()
    assert not ui.reportBrowser._object.isVisibleTo(ui.Report._object)


def test_a_change_hides_a_report_that_no_longer_holds(read):
    ui = read.widget.ui
    ui.showReportButton.click()
    ui.minimumAreaSpinBox.value = 2.0
    assert not ui.showReportButton.checked
    assert not ui.showReportButton.enabled
    ui.applyButton.click()
    assert ui.showReportButton.enabled


def test_page_pdf_tables_and_result_are_saved_together(read, tmp_path):
    read.widget.ui.saveReportButton.click()
    (folder,) = tmp_path.iterdir()
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "report.pdf", "result.json", "lesions.csv", "vertebrae.csv"} <= names
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_that_cannot_be_written_is_a_line_in_the_panel(read, tmp_path):
    (tmp_path / "file").write_text("")
    read.widget.panel.session.outputFolder = tmp_path / "file"
    read.widget.ui.saveReportButton.click()
    assert "could not be saved" in read.widget.ui.reportLabel.text


def test_dicom_objects_ask_for_a_ct_from_the_database(read):
    button = read.widget.ui.saveDicomButton
    assert not button.enabled
    assert "DICOM database" in button.toolTip


def test_a_structured_report_restores_the_reading_in_the_panel(host, scene, database, small_study, tmp_path):
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    from CACBoneAxisLib.mrml.archive import add_reading
    from CACBoneAxisLib.study import Settings

    loaded = database("axial")
    settings = Settings.from_mapping({"calcium": {"threshold_hu": 140}})
    add_reading(loaded.volume, small_study.seeds, small_study.regions, None, settings)
    host.open()
    ui, panel = host.widget.ui, host.widget.panel
    panel.session.volume = loaded.volume
    ui.applyButton.click()
    panel.session.outputFolder = tmp_path
    first = panel.reading.latest_result().to_dict()
    assert first["calcium"]["total"]["agatston"] > 0
    assert ui.saveDicomButton.enabled
    ui.saveDicomButton.click()
    (folder,) = tmp_path.iterdir()
    report = folder / "dicom" / "measurements.dcm"
    # Another reading of the same scan: one seed less, no region, another threshold.
    (seeds,) = small_study.seeds
    add_reading(loaded.volume, (replace(seeds, points=seeds.points[:1]),), (), None, Settings())
    ui.applyButton.click()
    other = panel.reading.latest_result().to_dict()
    assert other["calcium"]["total"]["agatston"] < first["calcium"]["total"]["agatston"]
    assert other["bone"]["vertebrae"] == []
    assert ui.restoreReadingButton.enabled
    section_of(host).restore(report)
    again = panel.reading.latest_result().to_dict()
    assert (again["calcium"], again["bone"]) == (first["calcium"], first["bone"])


def test_where_highdicom_is_missing_the_user_is_asked_before_anything_is_installed(
    host, scene, database, small_study, tmp_path, monkeypatch
):
    from CACBoneAxisLib.dicomout.codes import highdicom
    from CACBoneAxisLib.mrml.archive import add_reading
    from CACBoneAxisLib.study import Settings

    loaded = database("axial")
    add_reading(loaded.volume, small_study.seeds, small_study.regions, None, Settings())
    host.open()
    host.widget.panel.session.volume = loaded.volume
    host.widget.ui.applyButton.click()
    host.widget.panel.session.outputFolder = tmp_path
    highdicom.cache_clear()
    monkeypatch.setitem(sys.modules, "highdicom", None)
    asked, installed = [], []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: bool(asked.append(text)), raising=False)
    monkeypatch.setattr(slicer.util, "pip_install", installed.append, raising=False)
    host.widget.ui.saveDicomButton.click()
    assert "highdicom" in asked[0]
    assert not installed
    assert not any(tmp_path.iterdir())
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: True, raising=False)
    host.widget.ui.saveDicomButton.click()
    assert installed == ["highdicom"]
    # It was not really installed, which is said, and nothing half-written is left.
    assert "highdicom" in host.widget.ui.reportLabel.text
    assert not any(tmp_path.iterdir())
    highdicom.cache_clear()


def test_another_file_restores_nothing_and_says_why(read, tmp_path):
    (tmp_path / "other.dcm").write_text("nothing")
    section_of(read).restore(tmp_path / "other.dcm")
    assert "holds no reading" in read.widget.ui.reportLabel.text


# Approval


def approve(read):
    read.widget.ui.approveButton.click()
    return read.widget


def test_approving_asks_for_a_name_and_a_current_result(read):
    ui = read.widget.ui
    assert ui.approveButton.enabled
    ui.readerLineEdit.setText("")
    assert "who reads" in ui.approveButton.toolTip
    ui.readerLineEdit.setText("Dr. Lee")
    ui.minimumAreaSpinBox.value = 2.0
    assert "Apply" in ui.approveButton.toolTip


def test_an_approved_reading_cannot_be_changed_and_says_how_to(read):
    widget = approve(read)
    ui, parameters = widget.ui, widget.panel.parameters
    assert "Dr. Lee" in ui.approvalLabel.text
    assert parameters.seeds.GetLocked()
    assert all(region.GetLocked() for region in parameters.regions)
    for name in ("thresholdSpinBox", "contrastComboBox", "levelL1Button", "applyButton"):
        widget = getattr(ui, name)
        assert not widget.enabled
        assert "pproved" in widget.toolTip
    assert ui.lesionTable.enabled
    assert ui.volumeSelector.enabled
    assert ui.saveReportButton.enabled


def test_unlocking_gives_everything_back_as_it_was(read):
    ui = read.widget.ui
    before = {name: (w.enabled, w.toolTip) for name, w in vars(ui).items() if hasattr(w._object, "toolTip")}
    approve(read)
    ui.unlockButton.click()
    after = {name: (w.enabled, w.toolTip) for name, w in vars(ui).items() if hasattr(w._object, "toolTip")}
    assert {name for name in before if before[name] != after[name]} == set()
    assert not read.widget.panel.parameters.seeds.GetLocked()
    assert not read.widget.panel.parameters.regions[0].GetLocked()


def test_both_stay_in_the_trail_with_who_and_when(read):
    approve(read)
    read.widget.ui.readerLineEdit.setText("Dr. Ito")
    read.widget.ui.unlockButton.click()
    table = read.widget.ui.trailTable
    rows = [[table.item(r, c).text() for c in range(3)] for r in range(table.rowCount)]
    assert [row[1] for row in rows[:2]] == ["Dr. Ito", "Dr. Lee"]
    assert "unlocked" in rows[0][2]
    assert "Dr. Lee" in rows[0][2]
    assert rows[1][2] == "approved by Dr. Lee"
    assert all(row[0].endswith("+00:00") for row in rows)


def test_the_result_says_who_approved_it_and_a_replay_keeps_that(read, tmp_path):
    from CACBoneAxisLib.mrml.scene import replay

    panel = approve(read).panel
    made = panel.reading.result_mapping()["provenance"]
    assert made["approved"]["name"] == "Dr. Lee"
    assert made["trail"][-1]["action"] == "approved by Dr. Lee"
    assert replay(panel.reading.result()).to_dict()["provenance"]["approved"] == made["approved"]
    read.widget.ui.saveReportButton.click()
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "result.json").read_text())["provenance"]["trail"] == made["trail"]
    assert "approved by Dr. Lee" in (folder / "report.html").read_text()
    read.widget.ui.unlockButton.click()
    assert panel.reading.result_mapping()["provenance"]["approved"] is None


def test_what_another_module_changes_in_an_approved_reading_ends_the_approval_and_is_said_on_top(read):
    widget = approve(read)
    assert widget.ui.noticeLabel.isHidden()
    widget.panel.parameters.seeds.RemoveNthControlPoint(0)
    assert "the approval by Dr. Lee no longer holds" in widget.ui.noticeLabel.text
    assert widget.ui.approvalLabel.text == ""
    assert widget.ui.thresholdSpinBox.enabled
    assert "changed elsewhere" in widget.ui.trailTable.item(0, 2).text()


def test_the_handles_of_an_approved_region_are_off_and_come_back(read):
    (region, *_) = read.widget.panel.parameters.regions
    read.widget.panel.reading.regions.current = region
    read.widget.panel.workspace.refresh()
    display = region.GetDisplayNode()
    assert display.GetHandlesInteractive()
    approve(read)
    assert not display.GetHandlesInteractive()
    read.widget.panel.workspace.refresh()
    assert not display.GetHandlesInteractive()
    read.widget.ui.unlockButton.click()
    assert display.GetHandlesInteractive()
