"""Settings: what is accepted, and the sentence for what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.study.settings import Settings, merge, read_settings


def test_the_defaults_are_the_agatston_protocol_and_no_calibration() -> None:
    mapping = Settings().to_mapping()
    assert mapping["calcium"]["threshold_hu"] == 130
    assert mapping["calcium"]["weight_thresholds_hu"] == [130, 200, 300, 400]
    assert mapping["calcium"]["mass_factor_mg_per_mm3_per_hu"] is None
    assert mapping["bone"]["calibration"]["kind"] == "none"
    assert mapping["bone"]["t_score_reference"] is None


def test_printed_settings_make_the_same_settings_again() -> None:
    said = {
        "calcium": {"minimum_area_mm2": 0.5, "weight_thresholds_hu": [130, 210, 310, 410]},
        "bone": {
            "calibration": {"kind": "linear", "slope": 1, "intercept": -3.5, "material": "K2HPO4", "kvp": 120},
            "region": {"shape": "ellipsoid"},
            "numbering": {"3": "L1"},
            "hu_thresholds": ["pickhardt-160"],
        },
        "patient": {"age_years": 63, "sex": "F"},
        "acquisition": {"kvp": 120, "contrast": False},
    }
    settings = Settings.from_mapping(said)
    printed = json.loads(json.dumps(settings.to_mapping()))
    assert Settings.from_mapping(printed) == settings
    assert settings.bone.calibration.slope == 1.0
    assert settings.stated.kvp == 120.0
    assert settings.stated.sex == "F"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"calcum": {}}, "calcum"),
        ({"calcium": {"treshold_hu": 130}}, "calcium.treshold_hu"),
        ({"calcium": {"threshold_hu": "130"}}, "calcium.threshold_hu must be a number"),
        ({"calcium": {"threshold_hu": True}}, "calcium.threshold_hu must be a number"),
        ({"calcium": {"threshold_hu": float("nan")}}, "calcium.threshold_hu"),
        ({"calcium": {"in_plane_connectivity": 6}}, "must be one of 4, 8"),
        ({"calcium": {"weight_thresholds_hu": 130}}, "must be a list"),
        ({"calcium": {"volume": "cubes"}}, "must be one of voxels"),
        ({"calcium": 3}, "calcium must hold named entries"),
        ({"patient": {"sex": "female"}}, "must be one of F, M"),
        ({"patient": {"age_years": 300}}, "patient.age_years"),
        ({"acquisition": {"kvp": 12}}, "acquisition.kvp"),
        ({"acquisition": {"contrast": "no"}}, "acquisition.contrast must be true or false"),
        ({"bone": {"calibration": {"kind": "linear", "intercept": 0, "material": "HA"}}}, "bone.calibration.slope"),
        ({"bone": {"region": {"shape": "sphere"}}}, "bone.region.shape"),
    ],
)
def test_a_wrong_entry_is_named_in_one_sentence(said: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableInputError) as error:
        Settings.from_mapping(said)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"patient": {"age_years": 63}, "calcium": {"threshold_hu": 140}}')
    (tmp_path / "a.toml").write_text("[patient]\nage_years = 63\n[calcium]\nthreshold_hu = 140\n")
    assert read_settings(tmp_path / "a.json") == read_settings(tmp_path / "a.toml")


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]", '{"a": '])
def test_a_damaged_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UnusableInputError, match=r"a\.json"):
        read_settings(tmp_path / "a.json")


def test_the_command_line_overrules_the_file_entry_by_entry() -> None:
    base = {"calcium": {"threshold_hu": 140, "minimum_area_mm2": 0.5}}
    assert merge(base, {"calcium": {"threshold_hu": 130}}) == {
        "calcium": {"threshold_hu": 130, "minimum_area_mm2": 0.5}
    }
    assert base["calcium"]["threshold_hu"] == 140


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("bmi_kg_m2", 8, 120),
        ("total_cholesterol_mg_dl", 40, 1500),
        ("hdl_mg_dl", 5, 300),
        ("systolic_mmhg", 40, 320),
        ("age_years", 0, 120),
    ],
)
def test_what_is_said_of_a_patient_lies_within_limits(name: str, low: float, high: float) -> None:
    for value in (low, high):
        assert getattr(Settings.from_mapping({"patient": {name: value}}).patient, name) == value
    for value in (low - 0.5, high + 0.5):
        with pytest.raises(UnusableInputError, match=f"{name} must be from {low} to {high}"):
            Settings.from_mapping({"patient": {name: value}})
