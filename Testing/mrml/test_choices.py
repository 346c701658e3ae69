"""Choices kept in ``otherSettings``: made, taken back, and understood by the library."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from CACBoneAxisLib.mrml.choices import choose, chosen, other_settings
from CACBoneAxisLib.study import Settings


@pytest.fixture
def parameters():
    return SimpleNamespace(otherSettings="")


def test_a_choice_is_a_setting(parameters):
    assert choose(parameters, {"bone.z_score_reference": "mesa-2013", "patient.smoker": True, "patient.bmi_kg_m2": 27})
    settings = Settings.from_mapping(other_settings(parameters))
    assert (settings.bone.z_score_reference, settings.patient.smoker) == ("mesa-2013", True)
    assert chosen(parameters, "patient.bmi_kg_m2") == 27
    assert chosen(parameters, "bone.calibration.phantom") is None
    assert chosen(parameters, "bone.z_score_reference.name") is None


def test_taken_back_it_is_the_default_again_and_what_stood_beside_it_stays(parameters):
    parameters.otherSettings = '{"bone": {"numbering": "verse", "z_score_reference": "mesa-2013"}}'
    choose(parameters, {"bone.z_score_reference": None})
    assert other_settings(parameters) == {"bone": {"numbering": "verse"}}
    assert Settings.from_mapping(other_settings(parameters)).bone.z_score_reference is None


def test_the_same_choice_again_changes_nothing(parameters):
    choose(parameters, {"bone.estimates": ["faulkner-1993"]})
    text = parameters.otherSettings
    assert not choose(parameters, {"bone.estimates": ["faulkner-1993"]})
    assert parameters.otherSettings is text


@pytest.mark.parametrize("text", ["{broken", "[1]", ""])
def test_text_that_is_no_settings_is_none(parameters, text):
    parameters.otherSettings = text
    assert other_settings(parameters) == {}
    assert chosen(parameters, "bone.numbering") is None
    assert choose(parameters, {"bone.numbering": "verse"})
    assert chosen(parameters, "bone.numbering") == "verse"
