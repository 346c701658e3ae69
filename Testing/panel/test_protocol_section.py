"""The protocol as a reader chooses it, and what the panel says of it."""

from __future__ import annotations

import json

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def opened(host, scene, small_ct):
    """The module opened on the small CT with both lesions taken."""
    from CACBoneAxisLib.mrml.archive import add_volume

    add_volume(small_ct, scene)
    host.open()
    for zyx, code in (((4, 20, 31), "LAD"), ((7, 24, 50), "RCA")):
        host.widget.panel.parameters.territory = code
        left, posterior, superior = small_ct.geometry.to_lps(zyx[::-1])
        host.widget.panel.clicks._standing((-left, -posterior, superior))
    return host


def choose(host, name):
    """Choose an entry of the combo as a user does."""
    import pythonqt

    combo = pythonqt.unwrap(host.widget.ui.protocolComboBox)
    combo.setCurrentIndex(combo.findData(name))
    combo.activated.emit(combo.currentIndex())


def section(host):
    return next(s for s in host.widget.panel.sections if type(s).__name__ == "ProtocolSection")


def protocol(host):
    return host.widget.panel.reading.result_mapping()["calcium"]["protocol"]


def test_every_protocol_on_file_can_be_chosen_and_is_used_whole(opened):
    from CACBoneAxisLib.calcium.protocol import preset_fields, presets

    ui = opened.widget.ui
    for name in presets():
        choose(opened, name)
        ui.applyButton.click()
        said = preset_fields(name)
        assert protocol(opened)["protocol"] == name
        assert {key: protocol(opened)[key] for key in said if key != "weight_thresholds_hu"} == {
            key: value for key, value in said.items() if key != "weight_thresholds_hu"
        }
        assert ui.thresholdSpinBox.value == protocol(opened)["threshold_hu"]
        assert "changed" not in ui.protocolLabel.text


def test_what_is_changed_of_a_protocol_is_said_and_choosing_it_again_takes_it_back(opened):
    ui = opened.widget.ui
    choose(opened, "philips")
    ui.minimumAreaSpinBox.value = 2.0
    assert "changed: minimum_area_mm2 2 instead of 0.5" in ui.protocolLabel.text
    choose(opened, "philips")
    assert ui.minimumAreaSpinBox.value == 0.5
    assert "changed" not in ui.protocolLabel.text
    assert ui.undoButton.enabled


def test_the_same_lesions_under_every_protocol_are_shown_on_demand(opened):
    ui = opened.widget.ui
    assert ui.protocolsTable.rowCount == 0
    ui.showProtocolsCheckBox.click()
    rows = opened.widget.panel.reading.result_mapping()["calcium"]["under_protocols"]
    assert ui.protocolsTable.rowCount == len(rows) > 5
    assert ui.protocolsTable.item(0, 1).text() == f"{rows[0]['agatston']:.1f}"
    ui.showProtocolsCheckBox.click()
    assert ui.protocolsTable.rowCount == 0


def test_a_protocol_of_one_s_own_comes_from_a_file(opened, tmp_path):
    file = tmp_path / "ours.json"
    rules = {"threshold_hu": 145, "weight_thresholds_hu": [145, 222], "minimum_area_mm2": 0.5}
    file.write_text(json.dumps({"calcium": {"protocol": "ours", "citation": "Our paper 2026", **rules}}))
    section(opened).takeFile(file)
    ui = opened.widget.ui
    assert ui.protocolComboBox.currentText == "ours"
    assert ui.thresholdSpinBox.value == 145
    assert "Our paper 2026" in ui.protocolLabel.text
    ui.applyButton.click()
    assert protocol(opened)["weight_thresholds_hu"] == [145, 222]
    choose(opened, "agatston-1990")
    ui.applyButton.click()
    assert protocol(opened)["weight_thresholds_hu"] == [130, 200, 300, 400]
    file.write_text("{}")
    section(opened).takeFile(file)
    assert ui.protocolLabel.text == "ours.json: the file has no calcium protocol"


def test_a_threshold_below_the_rules_is_one_sentence_and_no_number(opened):
    opened.widget.ui.thresholdSpinBox.value = 100
    assert "must not be below the first" in opened.widget.ui.protocolLabel.text


def test_what_is_seen_by_eye_reaches_the_result(opened):
    import pythonqt

    ui = opened.widget.ui
    for name, index in (("LM", 1), ("LAD", 4), ("LCX", 2), ("RCA", 3)):
        combo = pythonqt.unwrap(getattr(ui, f"visual{name}ComboBox"))
        combo.setCurrentIndex(index)
        combo.activated.emit(index)
    ui.applyButton.click()
    assert opened.widget.panel.reading.result_mapping()["calcium"]["visual"]["sum"] == 0 + 3 + 1 + 2
    assert "Visual score 6 of 12" in ui.visualLabel.text


def test_a_contrast_enhanced_scan_has_volume_at_the_threshold_and_no_score(opened):
    from CACBoneAxisLib.imaging.acquisition import Acquisition
    from CACBoneAxisLib.mrml.volumes import keep_acquisition

    ui = opened.widget.ui
    keep_acquisition(opened.widget.panel.parameters.volume, Acquisition(kvp=120.0, contrast=True))
    ui.contrastThresholdSpinBox.value = 240
    ui.applyButton.click()
    calcium = opened.widget.panel.reading.result_mapping()["calcium"]
    assert calcium["total"]["agatston"] is None
    assert calcium["contrast_calcium"]["lesions"] == 2
    assert "at 240 HU" in ui.contrastLabel.text
    assert "no Agatston score" in ui.contrastLabel.text


def test_on_a_contrast_enhanced_scan_clicks_find_calcium_over_the_blood(host, scene, small_ct):
    from dataclasses import replace

    from CACBoneAxisLib.imaging.acquisition import Acquisition
    from CACBoneAxisLib.mrml.archive import add_volume

    hu = small_ct.hu.copy()
    hu[hu == 40] = 160
    add_volume(replace(small_ct, hu=hu, acquisition=Acquisition(kvp=120.0, contrast=True)), scene)
    host.open()
    panel, ui = host.widget.panel, host.widget.ui
    left, posterior, superior = small_ct.geometry.to_lps((31, 20, 4))
    panel.clicks._standing((-left, -posterior, superior))
    assert "Connected to bone" in ui.clickLabel.text
    ui.contrastThresholdSpinBox.value = 240
    panel.clicks._standing((-left, -posterior, superior))
    assert "taken" in ui.clickLabel.text
    calcium = panel.reading.result_mapping()["calcium"]
    assert calcium["contrast_calcium"]["lesions"] == 1
    # 12 voxels of 0.7 x 0.8 x 3 mm.
    assert calcium["contrast_calcium"]["volume_mm3"] == pytest.approx(12 * 0.7 * 0.8 * 3)
    assert calcium["total"]["agatston"] is None
