"""Section Bone as a reader uses it: a level and a click, handles, exclusions, calibration, references, pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")
sys.path.append(str(Path(__file__).parent.parent / "bone"))

from phantom_maker import scan as phantom_scan  # noqa: E402
from sliceview import SliceView  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.study import Settings  # noqa: E402

MIDDLE = (5.5, 58, 45)


def ras_of(image, z, y, x):
    lps = image.geometry.to_lps((x, y, z))
    return -lps[0], -lps[1], lps[2]


@pytest.fixture(autouse=True)
def nothing_found(host, monkeypatch):
    """No vertebra is found, without looking for one: where one is, Testing/mrml/test_placing.py knows."""
    from CACBoneAxisLib.bone.locate import LocatedVertebra
    from CACBoneAxisLib.imaging.findings import finding
    from CACBoneAxisLib.mrml import placing

    def locate(image, level, point, metal_hu):
        return LocatedVertebra(level, point, findings=(finding("locate-unsure", level=level),))

    monkeypatch.setattr(placing, "locate_vertebra", locate)


@pytest.fixture
def opened(host, scene, small_ct):
    """The module opened on the small CT, with an axial and a sagittal view."""
    add_volume(small_ct, scene)
    host.views = [SliceView(scene, orientation) for orientation in ("Axial", "Sagittal")]
    widget = host.open()
    widget.panel.clicks.views = lambda: [(view.interactor, view.node) for view in host.views]
    host.process()
    return host


@pytest.fixture
def placed(opened, small_ct):
    """L1 with a region in the middle of the small vertebra."""
    place(opened, "L1", ras_of(small_ct, *MIDDLE))
    region_of(opened, "L1").SetSize(20.0, 16.0, 10.0)
    opened.process()
    return opened


def place(host, level, ras, view=1):
    button = getattr(host.widget.ui, f"level{level}Button")
    button.click()
    host.views[view].click(ras)
    host.process()


def region_of(host, level):
    return next(node for node in host.widget.panel.parameters.regions if node.GetName() == level)


def read_out(host):
    """Let the readout's moment pass."""
    for section in host.widget.panel.sections:
        if hasattr(section, "onReadout"):
            section.onReadout()


def settings_of(host):
    from CACBoneAxisLib.mrml.parameters import settings_from_parameters

    return Settings.from_mapping(settings_from_parameters(host.widget.panel.parameters))


def choose_item(combo, text):
    index = next(n for n in range(combo.count) if text in combo.itemText(n))
    combo.setCurrentIndex(index)


def cells(table, row):
    return [table.item(row, column).text() for column in range(table.columnCount) if table.item(row, column)]


# Placing


@pytest.mark.parametrize("view", [0, 1])
def test_a_level_and_one_click_in_a_view_place_its_region(opened, small_ct, view):
    ras = ras_of(small_ct, *MIDDLE)
    opened.widget.ui.levelL1Button.click()
    assert opened.widget.ui.levelL1Button.checked
    assert "Click in the middle of L1" in opened.widget.ui.regionLabel.text
    opened.views[view].click(ras)
    (region,) = opened.widget.panel.parameters.regions
    assert region.GetName() == "L1"
    assert list(region.GetCenter()) == pytest.approx(ras, abs=0.5)
    assert not opened.widget.ui.levelL1Button.checked
    assert opened.widget.panel.clicks._handler is None


def test_a_click_without_a_level_and_a_drag_place_nothing(opened, small_ct):
    opened.views[0].click(ras_of(small_ct, *MIDDLE))
    opened.widget.ui.levelL1Button.click()
    opened.views[0].click(ras_of(small_ct, *MIDDLE), drag=(40, 0))
    assert opened.widget.panel.parameters.regions == []
    assert opened.widget.ui.levelL1Button.checked


def test_the_same_level_again_moves_its_region_after_showing_it(placed, small_ct):
    jumps = len(placed.jumps)
    there = ras_of(small_ct, 6, 60, 47)
    place(placed, "L1", there)
    (region,) = placed.widget.panel.parameters.regions
    assert list(region.GetCenter()) == pytest.approx(there, abs=0.5)
    assert len(placed.jumps) == jumps + 1


def test_the_button_again_or_another_level_ends_the_waiting(opened, small_ct):
    ui = opened.widget.ui
    ui.levelL1Button.click()
    ui.levelL1Button.click()
    assert not ui.levelL1Button.checked
    ui.levelL1Button.click()
    ui.levelT12Button.click()
    assert not ui.levelL1Button.checked
    opened.views[0].click(ras_of(small_ct, *MIDDLE))
    assert [node.GetName() for node in opened.widget.panel.parameters.regions] == ["T12"]


def test_every_other_level_is_in_the_menu(opened, small_ct):
    ui = opened.widget.ui
    assert ui.levelComboBox.count == 17
    ui.levelComboBox.setCurrentIndex(0)
    ui.levelOtherButton.click()
    opened.views[0].click(ras_of(small_ct, *MIDDLE))
    assert opened.widget.panel.parameters.regions[0].GetName() == "T1"


def test_a_click_beside_the_scan_says_so_and_places_nothing(opened):
    place(opened, "L1", (500.0, 0.0, 0.0))
    assert opened.widget.panel.parameters.regions == []
    assert "outside the scan" in opened.widget.ui.regionLabel.text


def test_where_no_vertebra_is_told_one_line_says_why(opened, small_ct):
    place(opened, "L1", ras_of(small_ct, *MIDDLE))
    assert "L1" in opened.widget.ui.regionLabel.text


def test_leaving_the_module_ends_the_waiting(opened):
    opened.widget.ui.levelL1Button.click()
    opened.exit()
    assert opened.widget.panel.clicks._handler is None


def test_remove_takes_the_last_region(opened, small_ct):
    place(opened, "L1", ras_of(small_ct, *MIDDLE))
    place(opened, "L2", ras_of(small_ct, *MIDDLE))
    ui = opened.widget.ui
    ui.removeRegionButton.click()
    assert [r.GetName() for r in opened.widget.panel.parameters.regions] == ["L1"]
    ui.removeRegionButton.click()
    assert not ui.removeRegionButton.enabled


def test_only_the_region_that_was_touched_last_has_handles(opened, small_ct):
    place(opened, "L1", ras_of(small_ct, *MIDDLE))
    place(opened, "L2", ras_of(small_ct, *MIDDLE))
    handles = {name: region_of(opened, name).GetDisplayNode().GetHandlesInteractive() for name in ("L1", "L2")}
    assert handles == {"L1": False, "L2": True}
    region_of(opened, "L1").SetSize(18.0, 16.0, 10.0)
    assert region_of(opened, "L1").GetDisplayNode().GetHandlesInteractive()


# Reading out


def test_the_numbers_and_the_histogram_follow_the_handles(placed):
    ui = placed.widget.ui
    read_out(placed)
    assert "mean 120.0, median 120.0, SD 0.0 HU" in ui.readoutLabel.text
    assert not ui.histogramLabel.pixmap.isNull()
    region_of(placed, "L1").SetCenter(500.0, 0.0, 0.0)
    read_out(placed)
    assert "not measured" in ui.readoutLabel.text
    assert not ui.histogramLabel.isVisibleTo(ui.boneSection._object)


def test_a_burst_of_moves_is_read_once(placed, monkeypatch):
    from CACBoneAxisLib.reading import regions

    read = []
    real = regions.read_region
    monkeypatch.setattr(regions, "read_region", lambda *a: (read.append(1), real(*a))[1])
    for step in range(18):
        region_of(placed, "L1").SetCenter(-1.5 + 0.1 * step, -26.4, 116.5)
    section = next(s for s in placed.widget.panel.sections if hasattr(s, "onReadout"))
    assert section._soon.waiting
    assert read == []
    read_out(placed)
    assert read == [1]


def test_the_readout_has_the_digits_of_the_table(placed):
    ui = placed.widget.ui
    ui.applyButton.click()
    read_out(placed)
    assert cells(ui.vertebraTable, 0)[:5] == ["L1", "", "120.0", "120.0", "0.0"]
    assert "120.0 HU" in ui.boneLabel.text
    voxels = placed.widget.panel.reading.result_mapping()["bone"]["vertebrae"][0]["voxels"]
    assert f"{voxels} voxels" in ui.readoutLabel.text


def test_protocol_shape_and_erosion_reach_the_settings(opened):
    ui = opened.widget.ui
    assert ui.erosionSpinBox.value == 4.0
    choose_item(ui.regionProtocolComboBox, "sphere")
    choose_item(ui.regionShapeComboBox, "box")
    ui.erosionSpinBox.value = 6.0
    region = settings_of(opened).bone.region
    assert (region.protocol, region.shape, region.erosion_mm) == ("sphere", "box", 6.0)


# Table and exclusion


def test_a_click_on_a_row_sends_all_views_there(placed, small_ct):
    ui = placed.widget.ui
    ui.applyButton.click()
    ui.vertebraTable.selectRow(0)
    assert placed.jumps[-1] == pytest.approx(ras_of(small_ct, *MIDDLE), abs=0.5)


def test_a_vertebra_is_left_out_in_its_row_stays_visible_and_is_taken_in_again(placed):
    ui = placed.widget.ui
    ui.applyButton.click()
    combo = ui.vertebraTable.cellWidget(0, 1)
    assert [combo.itemText(n) for n in range(combo.count)] == [
        "no",
        "fracture",
        "hardware",
        "degenerative",
        "haemangioma",
    ]
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    placed.process()
    (vertebra,) = placed.widget.panel.reading.result_mapping()["bone"]["vertebrae"]
    assert (vertebra["status"], vertebra["mean_hu"]) == ("excluded", None)
    assert "L1 was excluded by the reader: fracture." in [f["message"] for f in vertebra["findings"]]
    assert "excluded" in " ".join(cells(ui.vertebraTable, 0))
    assert region_of(placed, "L1").GetDisplayNode().GetVisibility()
    combo = ui.vertebraTable.cellWidget(0, 1)
    assert combo.currentText == "fracture"
    combo.activated.emit(0)
    placed.process()
    ui.applyButton.click()
    assert cells(ui.vertebraTable, 0)[2] == "120.0"


def spine(scene, volume, shape):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Spine")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    array = np.zeros(shape, np.uint8)
    array[2:10, 45:72, 25:65] = 1
    segment_id = node.GetSegmentation().AddEmptySegment("vertebrae_L1", "L1 vertebra")
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, segment_id, volume)
    return node


def test_vertebrae_come_from_a_segmentation_and_are_left_out_there(opened, scene, small_ct):
    ui, widget = opened.widget.ui, opened.widget
    node = spine(scene, widget.panel.parameters.volume, small_ct.hu.shape)
    ui.vertebraeSelector.pick(node)
    assert "Vertebrae in it: L1" in ui.segmentationLabel.text
    ui.applyButton.click()
    assert cells(ui.vertebraTable, 0)[:3] == ["L1", "", "120.0"]
    ui.vertebraTable.selectRow(0)
    # The middle of the segment: slices 2-9, rows 45-71, columns 25-64.
    assert opened.jumps[-1] == pytest.approx(ras_of(small_ct, 5.5, 58, 44.5), abs=2)
    assert "mean 120.0" in ui.readoutLabel.text
    ui.vertebraTable.cellWidget(0, 1).activated.emit(4)
    opened.process()
    assert widget.panel.reading.result_mapping()["bone"]["vertebrae"][0]["status"] == "excluded"


def test_totalsegmentator_is_offered_where_it_is_installed(opened, scene, small_ct, monkeypatch):
    ui = opened.widget.ui
    assert not ui.segmentButton.enabled
    assert "Extensions Manager" in ui.segmentButton.toolTip
    monkeypatch.setattr(slicer.modules, "totalsegmentator", SimpleNamespace(), raising=False)
    from CACBoneAxisLib.reading import regions

    def segment(volume, node, tell):
        tell("Creating segmentations")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        node.GetSegmentation().AddEmptySegment("vertebrae_L1", "L1 vertebra")

    monkeypatch.setattr(regions, "segment_vertebrae", segment)
    opened.widget.panel.workspace.refresh()
    ui.segmentButton.click()
    assert opened.widget.panel.parameters.vertebrae.GetSegmentation().GetNumberOfSegments() == 1
    assert "L1" in ui.segmentationLabel.text


def test_what_totalsegmentator_cannot_do_is_one_line_and_leaves_no_node(opened, scene, monkeypatch):
    from CACBoneAxisLib.imaging.findings import refusal
    from CACBoneAxisLib.reading import regions

    def fail(*_arguments):
        raise refusal("segmentation-failed", problem="no GPU")

    monkeypatch.setattr(slicer.modules, "totalsegmentator", SimpleNamespace(), raising=False)
    monkeypatch.setattr(regions, "segment_vertebrae", fail)
    opened.widget.panel.workspace.refresh()
    opened.widget.ui.segmentButton.click()
    assert "no GPU" in opened.widget.ui.segmentationLabel.text
    assert opened.widget.panel.parameters.vertebrae is None
    assert not scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")


def test_vertebrae_come_from_a_folder_of_masks_as_totalsegmentator_writes_it(opened, small_ct, tmp_path, monkeypatch):
    import numpy as np
    import SimpleITK

    from CACBoneAxisLib.panel import bone
    from CACBoneAxisLib.phantom import to_itk

    mask = np.zeros(small_ct.hu.shape, dtype=np.uint8)
    mask[2:10, 45:72, 25:65] = 1
    for name, voxels in (("vertebrae_L1", mask), ("vertebrae_L2", 0 * mask), ("heart", mask)):
        SimpleITK.WriteImage(to_itk(voxels, small_ct.geometry), str(tmp_path / f"{name}.nii.gz"))
    monkeypatch.setattr(bone, "choose_folder", lambda title: tmp_path)
    ui, panel = opened.widget.ui, opened.widget.panel
    ui.loadMasksButton.click()
    ui.applyButton.click()
    assert "L1" in ui.segmentationLabel.text
    (vertebra,) = panel.reading.result_mapping()["bone"]["vertebrae"]
    # The core of a block that is 120 HU throughout.
    assert (vertebra["level"], vertebra["mean_hu"]) == ("L1", 120.0)

    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(bone, "choose_folder", lambda title: tmp_path / "empty")
    before = panel.parameters.vertebrae
    ui.loadMasksButton.click()
    assert panel.parameters.vertebrae is before
    assert ui.segmentationLabel.text


# Calibration


def linear(host, slope=0.8, intercept=5.0):
    ui = host.widget.ui
    choose_item(ui.calibrationComboBox, "linear")
    ui.slopeSpinBox.value = slope
    ui.interceptSpinBox.value = intercept
    choose_item(ui.materialComboBox, "K2HPO4")


def test_each_kind_shows_its_fields_and_what_it_still_needs(opened):
    ui = opened.widget.ui
    section = ui.boneSection._object
    ui.calibrationGroup.collapsed = False
    opened.widget.panel.workspace.refresh()
    assert "no BMD" in ui.calibrationLabel.text
    assert not ui.slopeSpinBox.isVisibleTo(section)
    choose_item(ui.calibrationComboBox, "linear")
    assert ui.slopeSpinBox.isVisibleTo(section)
    assert "slope" in ui.calibrationLabel.text
    assert settings_of(opened).bone.calibration.kind == "none"
    choose_item(ui.calibrationComboBox, "phantom in the scan")
    assert ui.phantomComboBox.isVisibleTo(section)
    assert not ui.slopeSpinBox.isVisibleTo(section)
    assert "phantom is chosen" in ui.calibrationLabel.text
    choose_item(ui.calibrationComboBox, "another day")
    assert "calibration file" in ui.calibrationLabel.text


def test_a_line_gives_bmd_in_its_material_and_says_what_it_implies(placed):
    ui = placed.widget.ui
    linear(placed)
    assert "BMD = 0.8 x HU + 5 mg/cm3 K2HPO4; tube voltage not stated" in ui.calibrationLabel.text
    ui.applyButton.click()
    # 0.8 x 120 + 5
    assert "101.0 mg/cm3 K2HPO4" in ui.boneLabel.text
    assert cells(ui.vertebraTable, 0)[5:7] == ["101.0", "K2HPO4"]
    read_out(placed)
    assert "101.0 mg/cm3 K2HPO4" in ui.readoutLabel.text


def test_a_line_of_another_tube_voltage_is_refused_at_once(placed):
    ui = placed.widget.ui
    linear(placed)
    ui.calibrationKvpSpinBox.value = 100
    placed.process()
    assert "Refused for this scan" in ui.calibrationLabel.text
    ui.calibrationKvpSpinBox.value = 120
    placed.process()
    assert "Refused" not in ui.calibrationLabel.text
    assert "made at 120 kVp" in ui.calibrationLabel.text


def test_typed_numbers_wait_while_another_kind_is_looked_at(opened):
    linear(opened)
    ui = opened.widget.ui
    choose_item(ui.calibrationComboBox, "none")
    assert settings_of(opened).bone.calibration.kind == "none"
    choose_item(ui.calibrationComboBox, "linear")
    assert (ui.slopeSpinBox.value, settings_of(opened).bone.calibration.slope) == (0.8, 0.8)


@pytest.fixture
def with_phantom(host, scene):
    """A scan with the three rods of the Image Analysis phantom, 1.3 HU for 1 mg/cm3."""
    add_volume(phantom_scan([1.3 * d for d in (8.0, 97.3, 189.8)], kvp=120.0, contrast=False), scene)
    host.open()
    ui = host.widget.ui
    choose_item(ui.calibrationComboBox, "phantom in the scan")
    choose_item(ui.phantomComboBox, "Image Analysis")
    host.process()
    return host


def test_the_rods_are_found_shown_and_plotted(with_phantom, scene):
    ui = with_phantom.widget.ui
    assert "mg/cm3 HA; made at 120 kVp" in ui.calibrationLabel.text
    slope = float(ui.calibrationLabel.text.split("BMD = ")[1].split(" x")[0])
    assert slope == pytest.approx(1 / 1.3, rel=0.01)
    assert not ui.calibrationPlotLabel.pixmap.isNull()
    ui.rodsCheckBox.click()
    node = with_phantom.widget.panel.parameters.parameterNode.GetNodeReference("rodSegments")
    content = node.GetSegmentation()
    assert [content.GetNthSegment(n).GetName() for n in range(3)] == ["Rod 1", "Rod 2", "Rod 3"]
    ui.rodsCheckBox.click()
    assert not scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")


def test_rods_that_are_not_there_say_so_and_the_buttons_why(opened):
    ui = opened.widget.ui
    choose_item(ui.calibrationComboBox, "phantom in the scan")
    choose_item(ui.phantomComboBox, "Mindways")
    opened.process()
    assert "No BMD is given" in ui.calibrationLabel.text
    assert "No rods" in ui.calibrationLabel.text
    assert not ui.rodsCheckBox.enabled
    assert not ui.moveRodsButton.enabled


def test_rods_are_measured_where_their_reader_moves_them(with_phantom):
    ui, parameters = with_phantom.widget.ui, with_phantom.widget.panel.parameters
    assert not ui.findRodsButton.enabled
    ui.moveRodsButton.click()
    with_phantom.process()
    points = parameters.parameterNode.GetNodeReference("rodPoints")
    assert points.GetNumberOfControlPoints() == 3
    given = settings_of(with_phantom).bone.calibration.rod_centers_ras_mm
    assert len(given) == 3
    assert "mg/cm3 HA" in ui.calibrationLabel.text
    place = [0.0, 0.0, 0.0]
    points.GetNthControlPointPosition(2, place)
    points.SetNthControlPointPosition(2, place[0], place[1] + 60, place[2])
    with_phantom.process()
    assert settings_of(with_phantom).bone.calibration.rod_centers_ras_mm[2][1] == pytest.approx(place[1] + 60, abs=0.01)
    assert "No BMD is given" in ui.calibrationLabel.text
    ui.findRodsButton.click()
    with_phantom.process()
    assert settings_of(with_phantom).bone.calibration.rod_centers_ras_mm == ()
    assert "mg/cm3 HA" in ui.calibrationLabel.text


def test_a_calibration_file_is_kept_with_the_reading_and_refused_where_it_does_not_fit(opened, tmp_path):
    entry = {"kind": "asynchronous", "slope": 0.75, "intercept": 1.0, "material": "HA", "kvp": 120.0}
    entry |= {"manufacturer": "Maker", "model": "M", "kernel": "B30", "table_height_mm": 150.0, "date": "2026-05-01"}
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"bone": {"calibration": entry}}))
    ui = opened.widget.ui
    ui.calibrationPathLineEdit.currentPath = str(path)
    opened.process()
    assert settings_of(opened).bone.calibration.slope == 0.75
    assert ui.calibrationComboBox.currentText == "phantom of another day: file"
    assert "Refused for this scan" in ui.calibrationLabel.text
    assert "manufacturer" in ui.calibrationLabel.text
    (tmp_path / "other.json").write_text("{}")
    ui.calibrationPathLineEdit.currentPath = str(tmp_path / "other.json")
    assert "holds no calibration" in ui.calibrationLabel.text
    assert settings_of(opened).bone.calibration.slope == 0.75


def test_two_energies_give_the_density_of_the_command_line(placed, scene, small_ct):
    from dataclasses import replace

    from CACBoneAxisLib.mrml.inputs import inputs_from_nodes
    from CACBoneAxisLib.mrml.scene import reading_nodes, replay
    from CACBoneAxisLib.study import analyze

    hu = small_ct.hu.copy()
    hu[hu == 120] = 80
    second = add_volume(replace(small_ct, hu=hu), scene)
    ui = placed.widget.ui
    linear(placed)
    choose_item(ui.calibrationComboBox, "dual energy")
    assert "energies of both volumes" in ui.calibrationLabel.text
    assert ui.slopeSpinBox.value == 0
    ui.firstEnergySpinBox.value = 70
    assert settings_of(placed).bone.calibration.kind == "none"
    ui.secondEnergySpinBox.value = 140
    assert "second volume is chosen" in ui.calibrationLabel.text
    assert settings_of(placed).bone.calibration.kind == "none"
    ui.secondVolumeSelector.pick(second)
    assert "density of HA that both volumes give" in ui.calibrationLabel.text
    ui.applyButton.click()
    # 100 x (120 - 80) / (133.2 - 71.0)
    assert cells(ui.vertebraTable, 0)[5:7] == ["64.3", "HA"]
    assert not ui.densityCheckBox.enabled
    record = placed.widget.panel.reading.result()
    nodes = reading_nodes(record)
    assert nodes.second is second
    shown = placed.widget.panel.reading.result_mapping()["bone"]
    settings = settings_of(placed)
    for again in (replay(record), analyze(inputs_from_nodes(nodes, settings))):
        assert json.loads(json.dumps(again.to_dict()["bone"])) == shown
    ui.secondVolumeSelector.pick(None)
    ui.applyButton.click()
    assert cells(ui.vertebraTable, 0)[5] == "—"
    read_out(placed)
    assert "mean 120.0" in ui.readoutLabel.text


def test_tissues_are_for_research_and_say_so(placed):
    ui = placed.widget.ui
    choose_item(ui.calibrationComboBox, "own tissues")
    assert settings_of(placed).bone.calibration.kind == "tissue"
    assert "Research only" in ui.calibrationLabel.text
    ui.applyButton.click()
    read_out(placed)
    assert "mean 120.0" in ui.readoutLabel.text


# References


def test_references_say_whom_they_compare_with_and_give_scores(placed):
    ui = placed.widget.ui
    linear(placed)
    choose_item(ui.materialComboBox, "HA")
    choose_item(ui.tScoreReferenceComboBox, "budoff-2010")
    assert "only for thoracic vertebrae with the material HA; women 222 ± 36, men 215 ± 33" in ui.referenceLabel.text
    choose_item(ui.zScoreReferenceComboBox, "mesa")
    assert "needs age" in ui.referenceLabel.text
    ui.ageSpinBox.value = 62
    ui.sexComboBox.setCurrentIndex(1)
    ui.ethnicityComboBox.setCurrentIndex(1)
    ui.applyButton.click()
    # White women 60-64, lumbar: 115.1 ± 29.5; (101 - 115.1) / 29.5
    assert cells(ui.vertebraTable, 0)[9] == "-0.48"
    assert "Z-score -0.48" in ui.boneLabel.text
    # L1 is lumbar, so the thoracic reference gives nothing and says why.
    assert cells(ui.vertebraTable, 0)[8] == "—"
    assert "thoracic" in ui.boneLabel.text
    assert not ui.populationLabel.pixmap.isNull()


def test_a_sites_own_reference_is_kept_with_the_reading(placed, tmp_path):
    row = {"reference": "ours", "site": "lumbar", "material": "HA", "sex": "F", "source": "us, 2026"}
    row |= {"mean_mg_cm3": 161.0, "sd_mg_cm3": 30.0}
    path = tmp_path / "ours.json"
    path.write_text(json.dumps({"rows": [row]}))
    ui = placed.widget.ui
    linear(placed)
    choose_item(ui.materialComboBox, "HA")
    ui.siteReferencePathLineEdit.currentPath = str(path)
    assert "Site's own: ours" in ui.referenceLabel.text.replace("&#x27;", "'")
    choose_item(ui.tScoreReferenceComboBox, "ours")
    ui.sexComboBox.setCurrentIndex(1)
    path.unlink()
    ui.applyButton.click()
    # (101 - 161) / 30
    assert cells(ui.vertebraTable, 0)[8] == "-2.00"
    ui.siteReferencePathLineEdit.currentPath = str(tmp_path / "missing.json")
    assert "missing.json" in ui.calibrationLabel.text
    assert settings_of(placed).bone.t_score_reference == "ours"
    ui.siteReferencePathLineEdit.currentPath = ""
    assert settings_of(placed).bone.site_references == ()
    assert settings_of(placed).bone.t_score_reference is None
    assert ui.tScoreReferenceComboBox.currentText == "none"


def test_estimates_are_asked_for_by_name_and_stand_beside_the_measured_value(placed):
    from PySide6.QtCore import Qt

    ui = placed.widget.ui
    linear(placed)
    items = [ui.estimatesListWidget.item(n) for n in range(ui.estimatesListWidget.count)]
    assert len(items) == 6
    faulkner = next(item for item in items if "Faulkner" in item.text())
    faulkner.setCheckState(Qt.CheckState.Checked)
    assert settings_of(placed).bone.estimates == ("faulkner-1993",)
    ui.applyButton.click()
    # 1.15 x 101 - 7.32
    assert "108.8 mg/cm3 HA" in ui.boneLabel.text
    faulkner.setCheckState(Qt.CheckState.Unchecked)
    assert settings_of(placed).bone.estimates == ()


def test_names_from_a_file_are_text_in_the_answer(placed):
    from CACBoneAxisLib.panel.bone import bone_answer

    linear(placed)
    placed.widget.ui.applyButton.click()
    result = placed.widget.panel.reading.latest_result().to_dict()
    summary = result["bone"]["summary"]
    summary["label"] = summary["bmd"]["material"] = "<img src=x>"
    summary["t_score"] = {"value": -2.0, "reference": "<img src=x>", "source": None}
    answer = bone_answer(result)
    assert "<img" not in answer
    assert answer.count("&lt;img") == 3


# Density in colour


def test_density_is_shown_over_the_scan_for_the_eye_and_taken_away(placed, scene):
    ui = placed.widget.ui
    ui.applyButton.click()
    assert not ui.densityCheckBox.enabled
    assert "calibration" in ui.densityCheckBox.toolTip
    linear(placed)
    ui.applyButton.click()
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    ui.densityCheckBox.click()
    node = placed.widget.panel.parameters.parameterNode.GetNodeReference("density")
    array = slicer.util.arrayFromVolume(node)
    assert array[array > -1000] == pytest.approx(101, abs=1e-3)
    assert not ui.densityScaleLabel.pixmap.isNull()
    display = placed.widget.panel.reading.result().GetNodeReference("segmentation").GetDisplayNode()
    assert not display.GetSegmentVisibility2DFill("L1")
    before = placed.widget.panel.reading.result_mapping()
    ui.applyButton.click()
    assert placed.widget.panel.reading.result_mapping()["bone"] == before["bone"]
    ui.densityCheckBox.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == count
    assert not ui.densityScaleLabel.isVisibleTo(ui.boneSection._object)
    assert display.GetSegmentVisibility2DFill("L1")


def test_density_follows_the_next_result(placed):
    ui = placed.widget.ui
    linear(placed)
    ui.applyButton.click()
    ui.densityCheckBox.click()
    ui.slopeSpinBox.value = 1.0
    ui.applyButton.click()
    node = placed.widget.panel.parameters.parameterNode.GetNodeReference("density")
    array = slicer.util.arrayFromVolume(node)
    assert array[array > -1000] == pytest.approx(125, abs=1e-3)


# Words


def test_every_choice_that_the_library_knows_has_words(opened):
    from CACBoneAxisLib.bone.calibration import CALIBRATION_KINDS, FURTHER_KINDS, MATERIALS
    from CACBoneAxisLib.imaging.regions import REGION_SHAPES
    from CACBoneAxisLib.reading.calibrationwords import kind_words

    ui = opened.widget.ui
    kinds = {*CALIBRATION_KINDS, *FURTHER_KINDS}
    assert kinds <= set(kind_words())
    assert ui.calibrationComboBox.count == len(kinds)
    assert ui.materialComboBox.count == 1 + len(MATERIALS)
    assert ui.regionShapeComboBox.count == len(REGION_SHAPES)
    assert ui.regionProtocolComboBox.count == 5


# Undone


def test_placing_moving_leaving_out_and_removing_are_undone_and_redone_one_by_one(opened, scene, small_ct):
    panel = opened.widget.panel
    node = spine(scene, panel.parameters.volume, small_ct.hu.shape)
    node.GetSegmentation().GetNthSegment(0).SetName("vertebrae_L2")
    panel.parameters.vertebrae = node
    opened.process()
    history = panel.reading.history
    begun = len(history.done)
    place(opened, "L1", ras_of(small_ct, *MIDDLE))
    place(opened, "L1", ras_of(small_ct, 6, 60, 47))
    bone = next(s for s in panel.sections if type(s).__name__ == "BoneSection")
    bone.onExclude("L1", "fracture")
    bone.onExclude("L2", "hardware")
    opened.widget.ui.removeRegionButton.click()
    assert [step.text for step in history.done[begun:]] == [
        "region of L1",
        "region of L1",
        "L1 left out: fracture",
        "L2 left out: hardware",
        "region of L1 removed",
    ]

    def state():
        regions = panel.parameters.regions
        (tagged,) = [exclusion(node, i) for i in vertebra_segments(node)]
        return [(list(r.GetCenter()), excluded_reason(r)) for r in regions], tagged

    from CACBoneAxisLib.mrml.labels import exclusion, vertebra_segments
    from CACBoneAxisLib.mrml.regions import excluded_reason

    states = [state()]
    for _step in range(5):
        history.undo()
        states.append(state())
    assert [len(regions) for regions, _tag in states] == [0, 1, 1, 1, 1, 0]
    assert [tag for _regions, tag in states] == ["hardware", "hardware", None, None, None, None]
    assert [regions[0][1] for regions, _tag in states[1:5]] == ["fracture", "fracture", None, None]
    assert states[4][0][0][0] == pytest.approx(ras_of(small_ct, *MIDDLE), abs=0.5)
    for expected in reversed(states[:-1]):
        history.redo()
        assert state() == expected


def test_a_click_in_a_view_that_slicer_draws_shows_the_region_there(opened, scene, small_ct):
    """Displayable managers and interactor as in the application: the picture has the level's colour at the click."""
    from offscreen import OffscreenSliceView

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    view = OffscreenSliceView(scene, "Yellow", "Sagittal")
    panel = opened.widget.panel
    ras = ras_of(small_ct, *MIDDLE)
    view.look_at(panel.parameters.volume, ras, 120.0)
    panel.clicks.views = lambda: [(view.interactor, view.node)]
    before = view.picture()
    opened.widget.ui.levelL1Button.click()
    view.click(ras)
    opened.process()
    (region,) = panel.parameters.regions
    assert list(region.GetCenter()) == pytest.approx(ras, abs=0.5)
    # 18 x 10 mm of 400 pixels on 120 mm: the outline alone changes more than 100 pixels.
    assert np.count_nonzero(np.any(view.picture() != before, axis=-1)) > 100


# Kept


def test_a_saved_scene_replays_to_the_digits_of_the_command_line(placed, scene, small_ct, tmp_path):
    """With a region placed by a click and moved, a segmentation with a vertebra left out, a line and references."""

    import bare_scene

    from CACBoneAxisLib.imaging.labelfiles import read_labels
    from CACBoneAxisLib.imaging.markups import read_markups
    from CACBoneAxisLib.mrml.scene import replay, result_mapping, result_nodes, write_mrb
    from CACBoneAxisLib.study import StudyInputs, analyze

    ui, parameters = placed.widget.ui, placed.widget.panel.parameters
    linear(placed)
    choose_item(ui.zScoreReferenceComboBox, "mesa")
    ui.ageSpinBox.value = 62
    ui.sexComboBox.setCurrentIndex(1)
    ui.ethnicityComboBox.setCurrentIndex(2)
    node = spine(scene, parameters.volume, small_ct.hu.shape)
    node.GetSegmentation().GetNthSegment(0).SetName("vertebrae_L2")
    parameters.vertebrae = node
    ui.applyButton.click()
    ui.vertebraTable.cellWidget(1, 1).activated.emit(2)
    placed.process()
    ui.applyButton.click()
    shown = placed.widget.panel.reading.result_mapping()["bone"]
    assert [v["status"] for v in shown["vertebrae"]] == ["measured", "excluded"]

    write_mrb(scene, tmp_path / "scene.mrb")
    with bare_scene.reopened(tmp_path / "scene.mrb") as fresh:
        (roi,) = (tmp_path / "unpacked").rglob("*L1*.mrk.json")
        (labels,) = (tmp_path / "unpacked").rglob("Spine*.seg.nrrd")
        files = StudyInputs(small_ct, None, tuple(read_markups(roi)), read_labels(labels), settings_of(placed))
        assert json.loads(json.dumps(analyze(files).to_dict()["bone"])) == shown
        (record,) = result_nodes(fresh)
        assert json.loads(json.dumps(replay(record).to_dict()["bone"])) == shown == result_mapping(record)["bone"]
