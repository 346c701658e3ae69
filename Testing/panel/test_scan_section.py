"""Sections Scan and Patient: what is known of the scan as soon as it is chosen, and what the file does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from CACBoneAxisLib.imaging.acquisition import Acquisition  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.study import Settings, StudyInputs, analyze  # noqa: E402

SCANNER = Acquisition(
    kvp=120.0,
    kernel="Qr36",
    slice_thickness_mm=3.0,
    contrast=False,
    ecg_gated=True,
    manufacturer="Maker",
    model="Model <1>",
    modality="CT",
    sex="F",
    age_years=63.0,
    table_height_mm=150.5,
)


@pytest.fixture
def known_ct(small_ct):
    return replace(small_ct, acquisition=SCANNER)


@pytest.fixture
def opened(host, scene, known_ct):
    add_volume(known_ct, scene)
    host.open()
    host.process()
    return host


def settings_of(host):
    from CACBoneAxisLib.mrml.parameters import settings_from_parameters

    return Settings.from_mapping(settings_from_parameters(host.widget.panel.parameters))


def test_the_acquisition_is_shown_before_anything_is_read(opened):
    text = opened.widget.ui.acquisitionLabel.text
    for said in ("120 kVp", "Qr36", "Maker Model &lt;1&gt;", "3.00 mm", "150.5 mm", "63 years, female"):
        assert said in text
    assert "ECG gating:&nbsp;</td><td>yes" in text
    assert "Contrast agent:&nbsp;</td><td>no" in text


def test_what_is_not_known_is_said_and_never_left_out(host, scene, small_ct):
    add_volume(replace(small_ct, acquisition=Acquisition()), scene)
    ui = host.open().ui
    host.process()
    assert ui.acquisitionLabel.text.count("not known") == 7


def test_the_verdicts_are_those_of_an_analysis_with_their_findings(opened, known_ct):
    expected = analyze(StudyInputs(known_ct)).suitability
    text = opened.widget.ui.scanLabel.text
    assert f"For calcium: <b>{expected.calcium.verdict}</b>" in text
    assert f"For bone: <b>{expected.bone.verdict}</b>" in text
    from html import escape

    for finding in (*expected.calcium.findings, *expected.bone.findings):
        assert escape(finding.message) in text
    assert opened.widget.panel.reading.result() is None


def test_a_field_that_disagrees_with_the_file_is_a_finding_at_once(opened):
    ui = opened.widget.ui
    ui.kvpSpinBox.value = 100
    opened.process()
    assert "Tube voltage (kVp): the file says 120, the user says 100" in ui.scanLabel.text.replace("&#x27;", "'")
    assert "Tube voltage:&nbsp;</td><td>100 kVp" in ui.acquisitionLabel.text
    ui.kvpSpinBox.value = 0
    opened.process()
    assert "the file says" not in ui.scanLabel.text
    ui.contrastComboBox.setCurrentIndex(2)
    opened.process()
    assert "unsuitable" in ui.scanLabel.text


def test_the_scan_is_checked_once_for_what_is_said_of_it(opened, monkeypatch):
    checked = []
    checker = opened.widget.panel.workspace.checker
    real = checker.run
    monkeypatch.setattr(checker, "run", lambda *a: (checked.append(1), real(*a))[1])
    ui = opened.widget.ui
    ui.thresholdSpinBox.value = 140
    ui.regionShapeComboBox.setCurrentIndex(2)
    opened.process()
    assert checked == []
    ui.gatedComboBox.setCurrentIndex(1)
    opened.process()
    opened.process()
    assert checked == [1]
    assert "not ECG-gated" in ui.scanLabel.text or "gated" in ui.scanLabel.text


def test_a_cancelled_check_waits_until_it_is_asked_for(host, scene, known_ct, monkeypatch):
    add_volume(known_ct, scene)
    widget = host.open()
    checker, ui = widget.panel.workspace.checker, widget.ui
    real = checker.run

    def slow(parameters, progress):
        widget.panel._progress.patience_seconds = 0
        progress("Reading the scan", 0.1)
        assert ui.scanCancelButton.isVisibleTo(ui.scanSection._object)
        ui.scanCancelButton.click()
        progress("Measuring blood", 0.3)
        pytest.fail("went on after Cancel")

    monkeypatch.setattr(checker, "run", slow)
    host.process()
    assert not ui.acquisitionLabel.text
    assert ui.scanCheckButton.isVisibleTo(ui.scanSection._object)
    assert not ui.scanCancelButton.isVisibleTo(ui.scanSection._object)
    monkeypatch.setattr(checker, "run", real)
    host.process()
    assert not ui.acquisitionLabel.text
    ui.scanCheckButton.click()
    assert "120 kVp" in ui.acquisitionLabel.text
    assert not ui.scanCheckButton.isVisibleTo(ui.scanSection._object)


def test_a_volume_that_is_no_ct_is_one_sentence(host, scene):
    import numpy as np

    slicer.util.addVolumeFromArray(np.zeros((5, 6, 7), np.int16), name="Mask")
    ui = host.open().ui
    host.process()
    assert "Mask" in ui.scanLabel.text
    assert not ui.acquisitionLabel.text


def test_another_volume_is_another_scan(opened, scene, small_ct):
    other = add_volume(replace(small_ct, acquisition=Acquisition(kvp=80.0)), scene)
    opened.widget.panel.parameters.volume = other
    opened.process()
    assert "80 kVp" in opened.widget.ui.acquisitionLabel.text


def test_every_field_reaches_the_settings(opened):
    ui = opened.widget.ui
    ui.ageSpinBox.value = 64
    ui.sexComboBox.setCurrentIndex(2)
    ui.gatedComboBox.setCurrentIndex(1)
    ui.ethnicityComboBox.setCurrentIndex(3)
    ui.totalCholesterolSpinBox.value = 190
    ui.hdlSpinBox.value = 50
    ui.systolicSpinBox.value = 130
    ui.bmiSpinBox.value = 27.5
    for number, name in enumerate(("diabetes", "smoker", "lipidMedication", "pressureMedication", "familyHistory")):
        getattr(ui, f"{name}ComboBox").setCurrentIndex(1 + number % 2)
    settings = settings_of(opened)
    patient = settings.patient
    assert settings.acquisition.ecg_gated is False
    assert (patient.age_years, patient.sex, patient.ethnicity, patient.group) == (64, "M", "Black", "black")
    assert (patient.total_cholesterol_mg_dl, patient.hdl_mg_dl, patient.systolic_mmhg) == (190, 50, 130)
    assert patient.bmi_kg_m2 == 27.5
    assert (patient.diabetes, patient.smoker, patient.lipid_medication) == (False, True, False)
    assert (patient.pressure_medication, patient.family_history) == (True, False)


def test_fields_that_say_nothing_leave_what_a_study_brought_along(opened):
    import json

    opened.widget.panel.parameters.otherSettings = json.dumps(
        {"patient": {"ethnicity": "chinese american", "hdl_mg_dl": 55}}
    )
    ui = opened.widget.ui
    assert ui.hdlSpinBox.value == 55
    ui.systolicSpinBox.value = 120
    assert settings_of(opened).patient.ethnicity == "chinese american"
    ui.hdlSpinBox.value = 0
    assert settings_of(opened).patient.hdl_mg_dl is None
