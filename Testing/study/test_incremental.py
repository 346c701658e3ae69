"""A session gives, analysis after analysis, the digits of a first analysis, and measures only what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_study import small_image, small_region, small_seeds

from CACBoneAxisLib.bone.vertebraregion import regions_from
from CACBoneAxisLib.calcium import cache
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze, bone, incremental
from CACBoneAxisLib.study.incremental import IncrementalAnalysis


def digits(result: StudyResult) -> dict[str, Any]:
    """Return the result without when and how fast it was made."""
    mapping = result.to_dict()
    del mapping["provenance"]["started"], mapping["provenance"]["seconds"]
    return mapping


def settings(**calcium: Any) -> Settings:
    return Settings.from_mapping({"calcium": calcium})


def with_decision(text: str) -> PointList:
    first, second = small_seeds().points
    return PointList("seeds", (ControlPoint(first.label, first.position_mm, text), second))


CHANGES: list[dict[str, Any]] = [
    {"seeds": (small_seeds(),)},
    {"seeds": (PointList("seeds", small_seeds().points[:1]),)},
    {"seeds": (with_decision('{"decision": "excluded", "reason": "stent"}'),)},
    {"seeds": (with_decision('{"cut_radius_mm": 1}'),)},
    {"settings": settings(threshold_hu=200.0, weight_thresholds_hu=[200])},
    {"settings": settings(protocol="philips")},
    {"settings": settings(mass_factor_mg_per_mm3_per_hu=0.001)},
    {"settings": Settings.from_mapping({"patient": {"age_years": 63, "sex": "F"}, "acquisition": {"kvp": 100}})},
    {"settings": Settings.from_mapping({"acquisition": {"contrast": True}})},
    {"settings": Settings.from_mapping({"bone": {"region": {"shape": "box"}}})},
    {"regions": ()},
    {"regions": (small_region(), replace(small_region(), name="aorta", size_mm=(3.0, 3.0, 9.0)))},
    {"seeds": None},
    {"seeds": ()},
]


def test_whatever_changes_the_digits_are_those_of_an_analysis_from_nothing() -> None:
    inputs = StudyInputs(small_image(), (small_seeds(),), (small_region(),))
    one = IncrementalAnalysis(inputs.image)
    # In every direction: each change is undone and made again.
    for change in [*CHANGES, *reversed(CHANGES)]:
        changed = replace(inputs, **change)
        assert digits(one.analyze(changed)) == digits(analyze(changed)), change
        assert digits(one.analyze(inputs)) == digits(analyze(inputs)), change


def test_suggestions_are_the_same_before_and_after_a_seed_was_placed() -> None:
    torso = make_torso(TorsoParameters.small())
    listed = settings(suggestions="list")
    one = IncrementalAnalysis(torso.image)
    for seeds in (None, (torso.seeds,), (PointList("one", torso.seeds.points[:1]),), None):
        inputs = StudyInputs(torso.image, seeds, settings=listed)
        assert digits(one.analyze(inputs)) == digits(analyze(inputs))


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[str]:
    calls: list[str] = []
    original: Callable[..., Any] = getattr(module, name)

    def count(*values: Any, **named: Any) -> Any:
        calls.append(name)
        return original(*values, **named)

    monkeypatch.setattr(module, name, count)
    return calls


def test_one_more_seed_measures_one_more_lesion_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = StudyInputs(small_image(), (PointList("seeds", small_seeds().points[:1]),), (small_region(),))
    one = IncrementalAnalysis(inputs.image)
    one.analyze(inputs)
    searches = [
        counted(monkeypatch, module, name)
        for module, name in (
            (cache, "find_candidates"),
            (cache, "find_blood"),
            (incremental, "assess"),
            (bone, "measure_vertebrae"),
        )
    ]
    scored = counted(monkeypatch, cache, "score_lesion")
    one.analyze(inputs)
    assert scored == []
    both = replace(inputs, seeds=(small_seeds(),))
    one.analyze(both)
    in_all = len(scored)
    assert in_all > 0
    one.analyze(both)
    assert len(scored) == in_all
    assert searches == [[], [], [], []]


def test_a_session_refuses_another_image() -> None:
    with pytest.raises(ValueError, match="its own image"):
        IncrementalAnalysis(small_image()).analyze(StudyInputs(small_image()))


def test_a_region_that_moved_is_measured_again() -> None:
    image = small_image()
    one = IncrementalAnalysis(image)
    inputs = StudyInputs(image, regions=(small_region(),))
    there = one.analyze(inputs).to_dict()["bone"]["vertebrae"][0]["mean_hu"]
    left, posterior, superior = small_region().center_mm
    moved = Box("L1", (left, posterior - 12.0, superior), (12.0, 7.0, 12.0))
    elsewhere = one.analyze(replace(inputs, regions=(moved,))).to_dict()["bone"]["vertebrae"][0]["mean_hu"]
    assert np.isclose(there, 120)
    assert elsewhere != there


def test_a_scan_is_checked_before_anything_is_read_in_it_with_what_an_analysis_says() -> None:
    stated = Settings.from_mapping({"acquisition": {"kvp": 100}, "patient": {"sex": "F"}})
    inputs = StudyInputs(small_image(), (small_seeds(),), (small_region(),), settings=stated)
    one, said = IncrementalAnalysis(inputs.image), []
    check = one.check(stated, progress=lambda message, part: said.append(message))
    whole = analyze(inputs)
    assert check.suitability == whole.suitability
    assert check.image.acquisition == whole.acquisition
    assert said == ["Checking the scan"]
    phantom = Settings.from_mapping({"bone": {"calibration": {"kind": "phantom", "phantom": "mindways"}}})
    one.check(phantom, progress=lambda message, part: said.append(message))
    assert said[1:] == ["Checking the scan", "Looking for the calibration phantom"]


def test_one_region_measured_alone_has_the_digits_of_the_whole_study() -> None:
    inputs = StudyInputs(small_image(), None, (small_region(),))
    whole = analyze(inputs).bone
    alone = bone.measure_bone(
        IncrementalAnalysis(inputs.image).check(Settings()), Settings(), regions_from([small_region()])
    )
    assert alone.vertebrae == whole.vertebrae
