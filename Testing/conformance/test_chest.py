"""One real chest CT, the whole way: what an engineer decided by eye, and what comes out.

The decisions, with pictures of each, are in Testing/data/chest; its README says why
every seed is where it is. The numbers are plausible, not true: no radiologist read the
scan, it is not gated, and its slices are 5 mm apart. What makes them plausible:

- calcium lies where plaques are expected (left main to the bifurcation, proximal LAD,
  the whole LCX groove, all of the RCA) and is dense, up to 728 HU; a total over 400 in
  four arteries is the picture of an old smoker's heart that the slices show. Motion
  doubles some of it, so the total is more likely too high than too low.
- T12 and L1 agree within 1 HU and measure what trabecular bone of old age does (L1
  falls by 2.5 HU a year from 226 HU under 30, Jang 2019: 88 HU is about 85 years), and
  no voxel of either region is cortex.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CACBoneAxisLib.calcium.candidates import find_candidates
from CACBoneAxisLib.calcium.seeds import nearest_candidate, seeds_from
from CACBoneAxisLib.cli import main
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze

DECISIONS = Path(__file__).resolve().parent.parent / "data" / "chest"
# By a scorer of a few lines, written apart from this library (README beside the decisions).
BY_BRUTE_FORCE = {"LM": 720.6, "LAD": 986.6, "LCX": 1244.7, "RCA": 880.5, "AA": 298.7}
ONE_DECIMAL = 0.05


@pytest.fixture(scope="module")
def inputs(shared_data: Path) -> StudyInputs:
    return StudyInputs(
        read_ct(shared_data / "chest" / "ct.nrrd"),
        tuple(read_markups(DECISIONS / "seeds.mrk.json")),
        tuple(box for level in ("T12", "L1") for box in read_markups(DECISIONS / f"{level}.mrk.json")),
        study_id="ct",
    )


@pytest.fixture(scope="module")
def result(inputs: StudyInputs) -> StudyResult:
    return analyze(inputs)


@pytest.fixture(scope="module")
def mapping(result: StudyResult) -> dict[str, Any]:
    return result.to_dict()


def test_each_artery_scores_what_the_brute_force_scorer_found(mapping: dict[str, Any]) -> None:
    for territory, score in BY_BRUTE_FORCE.items():
        assert mapping["calcium"]["territories"][territory]["agatston"] == pytest.approx(score, abs=ONE_DECIMAL)
    assert mapping["calcium"]["total"]["agatston"] == pytest.approx(3832.4, abs=ONE_DECIMAL)
    assert mapping["calcium"]["total"]["arteries"] == 4
    assert mapping["calcium"]["categories"]["cac-drs"]["category"] == "A3/N4"


def test_every_seed_hits_and_nothing_is_left_undecided(mapping: dict[str, Any]) -> None:
    seeds = [name for lesion in mapping["calcium"]["lesions"] for name in lesion["seeds"]]
    (points,) = read_markups(DECISIONS / "seeds.mrk.json")
    assert sorted(seeds) == sorted(point.label for point in points.points)  # type: ignore[union-attr]
    codes = {f["code"] for f in mapping["calcium"]["findings"]}
    assert codes <= {"lesion-excluded", "seeds-share", "mass-unavailable", "motion-streaks"}
    assert {lesion["status"] for lesion in mapping["calcium"]["lesions"]} == {"scored", "excluded"}


def test_dark_streaks_are_seen_beside_what_moved_and_not_beside_what_did_not(mapping: dict[str, Any]) -> None:
    (said,) = [f["message"] for f in mapping["calcium"]["findings"] if f["code"] == "motion-streaks"]
    named = said.split(", darker")[0].removeprefix("Dark streaks lie beside ")
    # Left main, LAD and both grooves, whose doubled and streaked contours are described beside the decisions, and the
    # root wall beside the left main; nothing of the descending aorta, whose calcium is denser and lies still.
    assert {"LM-1", "LAD-1", "LAD-2", "LCX-1", "RCA-7"} <= set(re.findall(r"[A-Z]+-\d+", named))
    assert "DA-" not in named


def test_the_densest_lesion_is_in_the_left_main(mapping: dict[str, Any]) -> None:
    coronary = [item for item in mapping["calcium"]["lesions"] if item["territory"] in ("LM", "LAD", "LCX", "RCA")]
    densest = max(coronary, key=lambda lesion: lesion["peak_hu"])
    assert (densest["territory"], densest["peak_hu"]) == ("LM", 728)


def test_trabecular_hu_of_both_vertebrae(mapping: dict[str, Any]) -> None:
    vertebrae = {v["level"]: v for v in mapping["bone"]["vertebrae"]}
    assert vertebrae["T12"]["mean_hu"] == pytest.approx(87.4, abs=ONE_DECIMAL)
    assert vertebrae["L1"]["mean_hu"] == pytest.approx(87.9, abs=ONE_DECIMAL)
    for vertebra in vertebrae.values():
        assert vertebra["status"] == "measured"
        assert vertebra["bmd"] is None
        assert vertebra["p90_hu"] < 200
    assert mapping["bone"]["summary"]["levels"] == ["L1"]


def test_the_report_says_that_the_scan_is_opportunistic_and_why(mapping: dict[str, Any]) -> None:
    calcium = mapping["suitability"]["calcium"]
    assert calcium["verdict"] == "opportunistic"
    codes = {f["code"] for f in calcium["findings"]}
    assert {"kvp-unknown", "gating-unknown", "increment-thick"} <= codes
    # Nothing says whether contrast agent was given, but the blood does.
    assert not codes & {"contrast-unknown", "blood-enhanced", "blood-bright"}


def test_the_descending_aorta_is_found_where_its_wall_was_seen(inputs: StudyInputs, result: StudyResult) -> None:
    blood = result.calcium.blood
    assert blood is not None
    # Unenhanced blood; noise as in the muscle of the back, 5 mm slices.
    assert 20 < blood.hu < 60
    assert 5 < blood.noise_hu < 15
    (points,) = read_markups(DECISIONS / "seeds.mrk.json")
    geometry = inputs.image.geometry
    seeds = [geometry.to_index(p.position_mm) for p in points.points if p.label.startswith("DA")]  # type: ignore[union-attr]
    near = 0
    for disc in blood.discs:
        for x, y, z in seeds:
            if abs(z - disc.z) <= 1:
                apart = np.hypot(x - disc.x, y - disc.y) * geometry.spacing_mm[0]
                # The wall is a radius away; discs are 2 mm and the vessel's course between slices apart.
                assert apart <= disc.radius_mm + 8
                near += 1
    assert near > 10


def test_the_command_line_gives_the_same_digits(shared_data: Path, mapping: dict[str, Any], tmp_path: Path) -> None:
    words = ["analyze", str(shared_data / "chest" / "ct.nrrd"), "--output", str(tmp_path / "out")]
    words += ["--seeds", str(DECISIONS / "seeds.mrk.json")]
    words += ["--rois", str(DECISIONS / "T12.mrk.json"), str(DECISIONS / "L1.mrk.json")]
    # File names are kept, so that both say the same of the study too.
    assert main([*words, "--identifiers"]) == 0
    written = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    for part in ("calcium", "bone", "suitability", "study"):
        assert written[part] == mapping[part]


def test_every_coronary_lesion_that_was_seen_by_eye_is_suggested_in_its_artery(inputs: StudyInputs) -> None:
    settings = Settings.from_mapping({"calcium": {"suggestions": "list"}})
    found = analyze(replace(inputs, seeds=None, settings=settings)).calcium.suggestions
    assert found is not None
    candidates = find_candidates(inputs.image.hu, 130.0)
    seen: dict[int | None, set[str]] = {}
    for seed in seeds_from(inputs.seeds or ()):
        voxel = nearest_candidate(inputs.image, seed.position_mm, 130.0, 2.0)
        if voxel and seed.decision != "excluded":
            seen.setdefault(candidates.label_at(voxel), set()).add(seed.territory)
    coronary = {label for label, owners in seen.items() if owners & {"LM", "LAD", "LCX", "RCA"}}
    suggested = {}
    for one in found:
        voxel = nearest_candidate(inputs.image, one.position_mm, 130.0, 0.0)
        assert voxel is not None
        suggested[candidates.label_at(voxel)] = one.territory
    # The rules of place were read off this scan, so this says that they were read well, not that they are general.
    assert len(coronary) == 20
    assert all(suggested[label] in seen[label] for label in coronary)
    wrong = [
        label for label, code in suggested.items() if code in ("LM", "LAD", "LCX", "RCA") and label not in coronary
    ]
    # Two streaks that the reader left out; calcified bronchi, a hilar vessel and specks of noise.
    assert len(wrong) == 7
