"""The panel's choices as settings and nodes."""

from __future__ import annotations

import json
from enum import Enum
from types import SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.mrml.parameters import (  # noqa: E402
    nodes_from_parameters,
    seeds_given,
    settings_from_parameters,
    unfinished_calibration,
)
from CACBoneAxisLib.study import Settings  # noqa: E402


def choice(value):
    return Enum("Choice", {"CHOSEN": value}).CHOSEN


@pytest.fixture
def untouched():
    """A parameter node in which nothing was chosen."""
    return SimpleNamespace(
        volume=None,
        kvp=0,
        contrast=choice(None),
        ageYears=0,
        sex=choice(None),
        seeds=None,
        noneFound=False,
        protocol="agatston-1990",
        contrastThreshold=0.0,
        contrastSd=0.0,
        visual="",
        threshold=130.0,
        minimumArea=1.0,
        massFactor=0.0,
        regions=[],
        vertebrae=None,
        heartSegmentation=None,
        secondVolume=None,
        otherSettings="",
    )


def test_an_untouched_panel_says_the_librarys_defaults(untouched):
    assert Settings.from_mapping(settings_from_parameters(untouched)) == Settings()


def test_every_choice_reaches_the_settings(untouched):
    for name, value in {
        "kvp": 100,
        "contrast": choice(False),
        "ageYears": 63,
        "sex": choice("F"),
        "threshold": 145.0,
        "minimumArea": 0.5,
        "massFactor": 0.0008,
    }.items():
        setattr(untouched, name, value)
    line = {"kind": "linear", "slope": 0.8, "intercept": -3.0, "material": "K2HPO4", "kvp": 120}
    bone = {"region": {"shape": "box"}, "calibration": line, "t_score_reference": "budoff-2010"}
    untouched.otherSettings = json.dumps({"bone": bone})
    settings = Settings.from_mapping(settings_from_parameters(untouched))
    assert (settings.acquisition.kvp, settings.acquisition.contrast) == (100, False)
    assert (settings.patient.age_years, settings.patient.sex) == (63, "F")
    assert (settings.calcium.threshold_hu, settings.calcium.minimum_area_mm2) == (145, 0.5)
    assert settings.calcium.mass_factor_mg_per_mm3_per_hu == 0.0008
    assert settings.bone.region.shape == "box"
    calibration = settings.bone.calibration
    assert (calibration.kind, calibration.slope, calibration.intercept) == ("linear", 0.8, -3.0)
    assert (calibration.material, calibration.kvp) == ("K2HPO4", 120)
    assert settings.bone.t_score_reference == "budoff-2010"


def test_settings_without_a_field_are_kept_and_those_with_one_are_the_panels(untouched):
    untouched.otherSettings = json.dumps({"bone": {"region": {"erosion_mm": 6.0}}, "calcium": {"threshold_hu": 200}})
    settings = Settings.from_mapping(settings_from_parameters(untouched))
    assert settings.bone.region.erosion_mm == 6.0
    assert settings.calcium.threshold_hu == 130.0


def test_an_empty_list_is_silence_and_the_statement_is_not(scene, untouched):
    untouched.seeds = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    assert seeds_given(untouched) is None
    untouched.noneFound = True
    assert seeds_given(untouched) == ()
    untouched.seeds.AddControlPoint(1, 2, 3)
    assert seeds_given(untouched) == (untouched.seeds,)


def test_regions_that_were_deleted_are_left_out(scene, untouched):
    kept, gone = (scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name) for name in ("L1", "L2"))
    untouched.regions = [kept, gone, None]
    scene.RemoveNode(gone)
    assert nodes_from_parameters(untouched).regions == (kept,)


PHANTOM = {"kind": "phantom", "phantom": "mindways"}
LINE = {"kind": "linear", "slope": 0.8, "material": "HA"}


@pytest.mark.parametrize(
    ("said", "kind", "missing"),
    [
        ({}, "none", ""),
        ({"kind": "linear"}, "none", "slope"),
        ({"kind": "linear", "slope": 0.8}, "none", "material"),
        (LINE, "linear", ""),
        ({"kind": "phantom"}, "none", "phantom"),
        (PHANTOM, "phantom", ""),
        ({"kind": "asynchronous"}, "none", "file"),
        ({**LINE, "kind": "asynchronous"}, "none", ""),
    ],
)
def test_a_calibration_counts_once_it_is_complete(untouched, said, kind, missing):
    untouched.otherSettings = json.dumps({"bone": {"calibration": said}})
    assert unfinished_calibration(said) == missing
    if said.get("kind") == "asynchronous" and not missing:
        said.update(intercept=0.0)
        kind = "asynchronous"
        untouched.otherSettings = json.dumps({"bone": {"calibration": said}})
    assert Settings.from_mapping(settings_from_parameters(untouched)).bone.calibration.kind == kind


def test_what_was_typed_for_another_kind_waits(untouched):
    typed = {**LINE, **PHANTOM, "intercept": 2.0}
    for kind in ("none", "phantom", "linear"):
        untouched.otherSettings = json.dumps({"bone": {"calibration": {**typed, "kind": kind}}})
        calibration = Settings.from_mapping(settings_from_parameters(untouched)).bone.calibration
        assert calibration.kind == kind
        assert calibration.slope == (0.8 if kind == "linear" else None)
        assert calibration.phantom == ("mindways" if kind == "phantom" else None)


def test_a_line_without_an_intercept_goes_through_zero(untouched):
    untouched.otherSettings = json.dumps({"bone": {"calibration": LINE}})
    assert Settings.from_mapping(settings_from_parameters(untouched)).bone.calibration.intercept == 0.0
