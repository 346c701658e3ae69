"""The laws and volumes that the torso's truth rests on, against published numbers and arithmetic by hand."""

from __future__ import annotations

import json

import pytest

from CACBoneAxisLib.phantom.parameters import (
    BETA_CT,
    ROD_K2HPO4_MG_CM3,
    ROD_WATER_MG_CM3,
    SIGMA_CT,
    Calcification,
    TorsoParameters,
    calibration,
    rod_hu,
    trabecular_hu,
)


def test_the_bone_law_is_the_published_fit_of_the_mindways_guide():
    assert pytest.approx(1.2495584955, abs=1e-10) == SIGMA_CT
    assert pytest.approx(-10.1500468666, abs=1e-10) == BETA_CT


def test_the_rods_lie_on_the_line_fitted_to_the_published_measurement_within_its_residuals():
    published = (-69.54917012, -35.37819031, 176.71197512, 345.73809215, 462.93637566)
    residual_hu = 6.0  # largest residual of that published straight-line fit
    for k, water, hu in zip(ROD_K2HPO4_MG_CM3, ROD_WATER_MG_CM3, published, strict=True):
        assert rod_hu(k, water) == pytest.approx(hu, abs=residual_hu)


def test_the_stated_calibration_undoes_the_bone_law():
    law = calibration()
    for bmd in (-50.0, 0.0, 80.0, 120.0, 200.0):
        assert law["slope"] * trabecular_hu(bmd) + law["intercept"] == pytest.approx(bmd, abs=1e-9)
    assert law["material"] == "K2HPO4"


def test_volume_mass_and_contrast_of_a_sphere_and_a_spheroid():
    sphere = Calcification("LAD", 0.5, 6.0, 400.0)
    assert sphere.volume_mm3 == pytest.approx(113.09734, abs=1e-5)  # 4/3 pi 3^3
    assert sphere.mass_mg == pytest.approx(45.238934, abs=1e-6)
    assert sphere.contrast_hu == 500.0
    assert Calcification("LAD", 0.5, 2.0, 400.0, 6.0).volume_mm3 == pytest.approx(12.566371, abs=1e-6)  # 4 pi


def test_one_density_serves_all_levels_and_a_mapping_only_those_it_names():
    assert TorsoParameters(bmd_mg_cm3=75.0).bmd("L1") == 75.0
    given = TorsoParameters(bmd_mg_cm3={"L1": 60.0})
    assert (given.bmd("L1"), given.bmd("L2"), given.bmd("T4")) == (60.0, 104.0, 121.0)


def test_parameters_are_json():
    mapping = json.loads(json.dumps(TorsoParameters().to_mapping()))
    assert mapping["calcifications"][0]["territory"] == "LM"
    assert mapping["spacing_mm"] == 0.7
