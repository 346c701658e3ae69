"""A reading's protocol as settings: its name, and only what the reader changed of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields, presets  # noqa: E402
from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.protocols import (  # noqa: E402
    calcium_settings,
    choose_protocol,
    own_protocol,
    protocol_of,
    visual_settings,
    visual_text,
)


def reading(**changes):
    values = {
        "protocol": "agatston-1990",
        "threshold": 130.0,
        "minimumArea": 1.0,
        "massFactor": 0.0,
        "contrastThreshold": 0.0,
        "contrastSd": 0.0,
        "otherSettings": "",
    }
    return SimpleNamespace(**(values | changes))


@pytest.mark.parametrize("name", sorted(presets()))
def test_a_chosen_protocol_is_that_protocol_whole_and_says_no_change(name):
    chosen = reading(threshold=200.0, minimumArea=3.0)
    choose_protocol(chosen, name)
    protocol = protocol_of(chosen)
    assert protocol == CalciumProtocol(**preset_fields(name))
    assert protocol.changed() == ()
    said = calcium_settings(chosen, {})
    assert "threshold_hu" not in said
    assert "minimum_area_mm2" not in said


def test_only_what_was_changed_is_said(name="philips"):
    chosen = reading()
    choose_protocol(chosen, name)
    chosen.minimumArea = 2.0
    said = calcium_settings(chosen, {})
    assert (said["protocol"], said["minimum_area_mm2"]) == (name, 2.0)
    assert "threshold_hu" not in said
    (change,) = protocol_of(chosen).changed()
    assert "minimum_area_mm2 2 instead of 0.5" in change


def test_another_protocol_drops_the_rules_of_the_former_and_keeps_the_rest():
    kept = {
        "protocol": "philips",
        "volume_threshold_hu": 113.0,
        "minimum_area_mm2": 0.5,
        "citation": "theirs",
        "suggestions": "list",
        "seed_search_mm": 3.0,
    }
    chosen = reading()
    choose_protocol(chosen, "kvp-100")
    said = calcium_settings(chosen, kept)
    assert said["suggestions"] == "list"
    assert said["seed_search_mm"] == 3.0
    assert "volume_threshold_hu" not in said
    assert "citation" not in said
    same = calcium_settings(reading(protocol="philips", minimumArea=0.5), kept)
    assert same["volume_threshold_hu"] == 113.0


def test_a_reader_s_own_protocol_keeps_its_rules_and_what_is_changed_of_it():
    own = own_protocol(
        {
            "calcium": {
                "protocol": "ours",
                "citation": "our paper",
                "threshold_hu": 150,
                "weight_thresholds_hu": [150, 250],
            }
        }
    )
    chosen = reading(protocol="ours", threshold=150.0)
    assert calcium_settings(chosen, own)["threshold_hu"] == 150
    chosen.threshold = 160.0
    assert calcium_settings(chosen, own)["threshold_hu"] == 160.0
    assert calcium_settings(chosen, own)["weight_thresholds_hu"] == [150, 250]


@pytest.mark.parametrize(
    "content",
    [{}, {"calcium": {"threshold_hu": 130}}, {"calcium": 3}, {"bone": {}}],
)
def test_a_file_without_a_protocol_is_refused(content):
    with pytest.raises(ValueError, match="no calcium protocol"):
        own_protocol(content)


def test_a_file_whose_protocol_is_none_is_refused_with_the_entry():
    with pytest.raises(UnusableInputError, match="citation"):
        own_protocol({"calcium": {"protocol": "ours"}})
    with pytest.raises(UnusableInputError, match="threshold"):
        own_protocol({"calcium": {"protocol": "ge", "threshold_hu": "high"}})


def test_a_threshold_below_the_first_weight_is_one_sentence():
    with pytest.raises(UnusableInputError, match="threshold_hu must not be below"):
        protocol_of(reading(threshold=100.0))


def test_a_visual_reading_goes_through_its_text():
    said = {"lm": 0, "lad": 3, "lcx": 1, "rca": 2, "cac_drs": None}
    assert visual_text(said) == "0312-"
    assert visual_settings("0312-") == said
    assert visual_settings("") == dict.fromkeys(said)
