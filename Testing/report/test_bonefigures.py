"""The pictures show the patient's own numbers, and are absent where there are none."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.report.bonefigures import DENSITY_COLORS, PATIENT, bone_figures, colors_of
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

SETTINGS = {
    "bone": {"calibration": {"kind": "phantom", "phantom": "mindways"}, "z_score_reference": "mesa-2013"},
    "patient": {"age_years": 66, "sex": "F", "ethnicity": "White"},
}


def made(settings, **changes):
    torso = make_torso(TorsoParameters.spine(spacing_mm=1.4, slice_increment_mm=6.0, **changes))
    return analyze(StudyInputs(torso.image, None, torso.regions, None, Settings.from_mapping(settings)))


@pytest.fixture(scope="module")
def result():
    return made(SETTINGS)


def pixels(figure):
    return np.asarray(Image.open(BytesIO(figure.png)).convert("RGB")).astype(int)


def test_calibration_density_and_population_are_pictured(result):
    mapping = result.to_dict()
    figures = bone_figures(mapping, result.image, result.bone_masks)
    assert [f.key for f in figures] == ["calibration", "density", "population"]
    for figure in figures:
        assert figure.alt
        assert pixels(figure).std() > 5
    rods = mapping["bone"]["calibration"]["phantom_scan"]["rods"]
    assert all(f"{rod['name']} {rod['residual_hu']:+.1f}" in figures[0].caption for rod in rods)
    red = np.abs(pixels(figures[2]) - PATIENT).sum(axis=-1) < 30
    assert red.sum() > 50


def test_a_result_without_calibration_or_reference_has_none():
    result = made({})
    assert bone_figures(result.to_dict(), result.image, result.bone_masks) == []


def test_a_refused_phantom_is_pictured_and_called_so():
    settings = {"bone": {"calibration": {"kind": "phantom", "phantom": "b-mas200"}}}
    result = made(settings)
    (figure,) = bone_figures(result.to_dict(), result.image, result.bone_masks)
    assert "Refused: no BMD" in figure.caption


def test_colours_of_density_go_from_end_to_end_and_stay_there():
    colors = colors_of(np.array([-50.0, 0.0, 100.0, 200.0, 900.0]))
    assert [tuple(int(c) for c in row) for row in colors] == [DENSITY_COLORS[n] for n in (0, 0, 2, 4, 4)]
