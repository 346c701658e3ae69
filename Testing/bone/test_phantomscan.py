"""Rods found and fitted in scans whose rods are known; everything that is not so refused by name."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.phantoms import phantoms
from CACBoneAxisLib.bone.phantomscan import calibrate_in_scan
from CACBoneAxisLib.bone.rods import find_rods
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.phantom import TorsoParameters, make_torso


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


scan = load(Path(__file__).with_name("phantom_maker.py")).scan
MINDWAYS = Calibration(kind="phantom", phantom="mindways")
# Sigma 1.4, beta -1000 give these HU by the guide's equation.
MINDWAYS_HU = [1.4 * r.density_mg_cm3 - 1000 + r.water_mg_cm3 for r in phantoms()["mindways"].rods]
# 60 or so voxels of noise 8 in 30 slices: a standard error of 0.2 HU, and half a voxel of edge.
ROD_TOLERANCE_HU = 1.0


def ha(name, slope=1.3, zero=5.0):
    return [slope * rod.density_mg_cm3 + zero for rod in phantoms()[name].rods]


def codes(found):
    return [f.code for f in found.findings]


def test_five_rods_are_found_where_they_are_and_give_the_line_they_were_made_by():
    found = calibrate_in_scan(scan(MINDWAYS_HU), MINDWAYS)
    assert codes(found) == ["phantom-used"]
    assert [round(rod.center_ras_mm[0]) for rod in found.rods] == [60, 30, 0, -30, -60]
    assert all(abs(rod.center_ras_mm[1] + 95) < 1 for rod in found.rods)
    assert [rod.hu for rod in found.rods] == pytest.approx(MINDWAYS_HU, abs=ROD_TOLERANCE_HU)
    assert found.fit.reference_slope == pytest.approx(1.4, abs=0.005)
    assert found.calibration.slope == pytest.approx(1 / (1.4 - 0.2174), rel=0.005)
    assert found.calibration.material == "K2HPO4"
    assert found.to_mapping()["slices"] == 30


@pytest.mark.parametrize("pixel", [(0.7, 0.7), (0.8, 0.6), (0.6, 0.9)])
def test_rods_are_found_where_they_are_whatever_the_size_of_a_pixel(pixel):
    axes = find_rods(scan(MINDWAYS_HU, pixel_mm=pixel), 5)
    middles = [axis.at(45.0) for axis in axes]
    # 140 and more pixels of a rod, drawn without partial volume: its middle is known to a fraction of a pixel.
    assert [x for x, _ in middles] == pytest.approx([-60, -30, 0, 30, 60], abs=0.3)
    assert [y for _, y in middles] == pytest.approx([95] * 5, abs=0.3)


def test_the_row_may_lie_the_other_way_round():
    there, back = (calibrate_in_scan(scan(hu), MINDWAYS) for hu in (MINDWAYS_HU, MINDWAYS_HU[::-1]))
    assert back.calibration.slope == pytest.approx(there.calibration.slope, rel=0.005)
    assert [rod.rod.name for rod in back.rods] == ["A", "B", "C", "D", "E"]
    assert back.rods[0].center_ras_mm[0] < 0


@pytest.mark.parametrize("name", ["image-analysis", "qrm-bdc-3", "qrm-bdc-6", "b-mas200", "siemens-osteo"])
def test_every_ha_phantom_gives_the_line_it_was_made_by(name):
    image = scan(ha(name), pad_hu=-60.0)
    found = calibrate_in_scan(image, Calibration(kind="phantom", phantom=name))
    assert codes(found) == ["phantom-used"]
    assert found.calibration.slope == pytest.approx(1 / 1.3, rel=0.005)
    assert found.calibration.intercept == pytest.approx(-5 / 1.3, abs=1.0)
    assert found.calibration.material == "HA"


def swapped(first, second):
    hu = list(MINDWAYS_HU)
    hu[first], hu[second] = hu[second], hu[first]
    return hu


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 4), (2, 3), (1, 2), (3, 4)])
def test_rods_that_were_exchanged_are_named(first, second):
    found = calibrate_in_scan(scan(swapped(first, second)), MINDWAYS)
    assert found.calibration is None
    assert codes(found) == ["rods-swapped"]
    names = ["A", "B", "C", "D", "E"]
    names[first], names[second] = names[second], names[first]
    order = ", ".join(names)
    assert order in found.findings[0].message or ", ".join(names[::-1]) in found.findings[0].message


def test_another_phantom_is_refused_and_recognised_where_it_is_on_file():
    found = calibrate_in_scan(scan(MINDWAYS_HU), Calibration(kind="phantom", phantom="b-mas200"))
    assert found.calibration is None
    assert codes(found) == ["phantom-wrong"]
    assert "Mindways" in found.findings[0].message
    found = calibrate_in_scan(scan(ha("b-mas200"), pad_hu=-60.0), MINDWAYS)
    assert codes(found) == ["phantom-wrong"]
    assert "B-MAS200" in found.findings[0].message


def test_a_phantom_of_another_number_of_rods_is_refused():
    found = calibrate_in_scan(scan(ha("qrm-bdc-6"), pad_hu=-60.0), MINDWAYS)
    assert codes(found) == ["rods-many"]
    found = calibrate_in_scan(scan(ha("qrm-bdc-3"), pad_hu=-60.0), MINDWAYS)
    assert codes(found) == ["rods-missing"]
    assert "Only 3 of the 5 rods" in found.findings[0].message


def test_a_density_image_is_not_calibrated():
    image = scan([0.6 * hu + 300 for hu in MINDWAYS_HU])
    found = calibrate_in_scan(image, MINDWAYS)
    assert found.calibration is None
    assert codes(found) == ["phantom-wrong"]


def test_a_scan_without_rods_has_none():
    found = calibrate_in_scan(scan([]), MINDWAYS)
    assert codes(found) == ["rods-none"]
    assert found.to_mapping()["rods"] == []


def test_a_change_along_the_scan_is_measured_and_said():
    found = calibrate_in_scan(scan(MINDWAYS_HU, drift_hu=20.0), MINDWAYS)
    assert "phantom-drift" in codes(found)
    assert [rod.drift_hu for rod in found.rods] == pytest.approx([20.0] * 5, abs=2.0)


def test_a_rod_off_its_line_is_said():
    hu = [*MINDWAYS_HU[:2], MINDWAYS_HU[2] + 25, *MINDWAYS_HU[3:]]
    found = calibrate_in_scan(scan(hu), MINDWAYS)
    assert "phantom-fit" in codes(found)


def test_places_that_the_user_gives_are_measured_without_looking():
    centers = tuple((60.0 - 30.0 * n, -95.0, 0.0) for n in range(5))
    given = replace(MINDWAYS, rod_centers_ras_mm=centers)
    found = calibrate_in_scan(scan(MINDWAYS_HU), given)
    assert [rod.hu for rod in found.rods] == pytest.approx(MINDWAYS_HU, abs=ROD_TOLERANCE_HU)
    assert found.to_mapping()["places"] == "given"
    wrong = replace(MINDWAYS, rod_centers_ras_mm=centers[::-1])
    assert codes(calibrate_in_scan(scan(MINDWAYS_HU), wrong)) == ["rods-swapped"]


def test_slices_that_are_not_of_the_phantom_are_left_out():
    image = scan(MINDWAYS_HU)
    hu = np.array(image.hu)
    hu[:4, 160:] = -1000
    found = calibrate_in_scan(replace(image, hu=hu), MINDWAYS)
    assert found.to_mapping()["slices"] == 26
    assert [rod.hu for rod in found.rods] == pytest.approx(MINDWAYS_HU, abs=ROD_TOLERANCE_HU)


@pytest.mark.parametrize("rotation", [(0.0, 0.0, 0.0), (3.0, -3.0, 4.0)])
def test_the_rods_of_the_torso_return_its_law_also_when_it_is_turned(rotation):
    found = calibrate_in_scan(make_torso(TorsoParameters.small(rotation_degrees=rotation)).image, MINDWAYS)
    # BMD at 150 HU by the law of docs/torso.md, within 1 mg/cm3.
    assert found.calibration.bmd_mg_cm3(150) == pytest.approx(0.800283 * 150 + 8.122907, abs=1.0)


def test_a_torso_without_rods_has_none_and_one_cut_at_the_sides_three():
    without = make_torso(TorsoParameters.small(rods=False))
    assert codes(calibrate_in_scan(without.image, MINDWAYS)) == ["rods-none"]
    cut = make_torso(TorsoParameters.small(field_of_view_mm=(120.0, 360.0)))
    assert codes(calibrate_in_scan(cut.image, MINDWAYS)) == ["rods-missing"]


@pytest.mark.parametrize("file", ["chest/ct.nrrd", "spine/ct.nii.gz", "qrm_cci/qrm_cci_crop.nrrd"])
def test_no_rods_are_seen_in_real_scans_without_a_phantom(shared_data, file):
    image = read_ct(shared_data / file)
    for expected in (2, 3, 5, 6):
        assert find_rods(image, expected) == ()
