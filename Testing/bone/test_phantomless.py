"""Calibration by tissues: samples made from the tables give the line they were made with."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.bone.phantomless import ENERGY_STEP_KEV, _possible_energies, calibrate_by_tissue
from CACBoneAxisLib.bone.tissues import TissueSample
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import finding
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

TABLE = load_table("attenuation")


def samples(shift=0.0, sd=10.0):
    """HU that the tissues of the tables measure at 80 keV on a scanner that errs by ``shift`` everywhere."""
    n = TABLE["energies_kev"].index(80)
    water = TABLE["water"]["mass_attenuation_cm2_g"][n]
    made = {}
    for row in TABLE["tissues"]:
        hu = 1000 * (row["mass_attenuation_cm2_g"][n] * row["density_g_cm3"] / water - 1) + shift
        made[row["name"]] = TissueSample(row["name"], hu, sd, 1000, "found")
    return made


@pytest.mark.parametrize("shift", [0.0, -8.0])
def test_the_line_is_that_of_water_and_hydroxyapatite(shift):
    scan = calibrate_by_tissue(samples(shift), (), 120.0)
    line = scan.calibration
    # Water is 0 mg/cm3. Usual mass factors leave 0.712 to 0.929 mg/cm3 for a HU; soft tissues tell little of it.
    assert line.bmd_mg_cm3(shift) == pytest.approx(0, abs=3)
    assert 0.712 < line.slope < 0.929
    assert line.material == "HA"


def test_the_uncertainty_grows_with_the_density_and_with_what_is_unknown():
    scan = calibrate_by_tissue(samples(), (), 120.0)
    at = [scan.uncertainty_mg_cm3(hu) for hu in (0, 100, 200)]
    assert at[0] < at[1] < at[2]
    # Tissues' make-up alone leaves 8 mg/cm3 at water; the energy's range another 7 % of the density.
    assert 5 < at[0] < 12
    assert 10 < at[2] < 25
    few = {name: TissueSample(name, s.hu, 300.0, 60, s.where) for name, s in samples().items()}
    assert calibrate_by_tissue(few, (), 120.0).uncertainty_mg_cm3(100) > at[1]
    assert "Research only" in scan.findings[0].message


def test_drawn_at_random_from_their_uncertainty_the_lines_spread_as_stated():
    rng = np.random.default_rng(4)
    windows = {row["name"]: np.ptp(row["window_hu"]) / 4 for row in TABLE["tissues"]}
    stated = calibrate_by_tissue(samples(), (), 120.0)
    lines = []
    for _ in range(60):
        drawn = {
            name: TissueSample(name, s.hu + rng.normal(0, windows[name]), s.sd_hu, s.voxels, s.where)
            for name, s in samples().items()
        }
        lines.append(calibrate_by_tissue(drawn, (), 120.0).calibration)
    # The energy's range is no draw, so that only what the tissues leave uncertain can be compared: at water.
    spread = np.std([line.bmd_mg_cm3(0) for line in lines])
    assert spread == pytest.approx(stated.uncertainty_mg_cm3(0), rel=0.35)


@pytest.mark.parametrize("kvp", [None, 100.0])
def test_another_voltage_is_refused(kvp):
    scan = calibrate_by_tissue(samples(), (), kvp)
    assert scan.calibration is None
    assert [f.code for f in scan.findings] == ["tissue-kvp", "tissue-refused"]
    assert scan.to_mapping()["uncertainty_at_150_hu_mg_cm3"] is None


def test_what_stands_against_a_tissue_refuses():
    scan = calibrate_by_tissue(samples(), (finding("tissue-missing", tissue="fat"),), 120.0)
    assert (scan.calibration, scan.findings[-1].code) == (None, "tissue-refused")


def test_a_whole_study_gets_a_density_and_its_uncertainty_but_no_class_and_no_score():
    torso = make_torso(TorsoParameters.small(rods=False, slice_increment_mm=5.0))
    said = {
        "bone": {
            "calibration": {"kind": "tissue"},
            "t_score_reference": "budoff-2010",
            "z_score_reference": "mesa-2013",
        },
        "patient": {"age_years": 66, "sex": "F", "ethnicity": "white"},
    }
    inputs = StudyInputs(torso.image, regions=torso.regions, settings=Settings.from_mapping(said))
    bone = analyze(inputs).to_dict()["bone"]
    summary = bone["summary"]
    # The torso's hydroxyapatite adds 1.25 HU for each mg/cm3.
    scan = bone["calibration"]["tissue_scan"]
    assert scan["accepted"]
    assert abs(summary["bmd"]["value"] - summary["mean_hu"] / 1.25) < 2 * scan["uncertainty_at_150_hu_mg_cm3"]
    assert summary["bmd"]["material"] == "HA"
    assert summary["acr_class"] is summary["t_score"] is summary["z_score"] is None
    assert "tissue-bmd" in [f["code"] for v in bone["vertebrae"] for f in v["findings"]]
    assert "tissue-used" in [f["code"] for f in bone["findings"]]


def test_energies_that_agree_with_the_usual_mass_factors_are_tried():
    # 0.1 / 0.000712 = 140.4 HU per 100 mg/cm3 lies between 60 keV (165.9) and 70 keV (133.2), 0.1 / 0.000929 = 107.6
    # between 80 keV (109.3) and 90 keV (96.8); straight on logarithmic scales.
    kev = _possible_energies(TABLE)
    assert kev.min() == pytest.approx(67.46, abs=ENERGY_STEP_KEV)
    assert kev.max() == pytest.approx(81.20, abs=ENERGY_STEP_KEV)
    assert kev.min() >= 67.46
    assert kev.max() <= 81.20
