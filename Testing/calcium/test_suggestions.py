"""Candidates without clicking, on the torso whose lesions are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from torso_heart import heart_labels_of

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.candidates import find_candidates
from CACBoneAxisLib.calcium.heart import HeartRegion, heart_region
from CACBoneAxisLib.calcium.heartlabels import heart_labels
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.calcium.suggestions import LEFT_OUT, CandidateSearch, Suggestion, as_points, suggest
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.airways import find_airways
from CACBoneAxisLib.imaging.aorta import FINE_STEP_MM, find_blood
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso
from CACBoneAxisLib.phantom.heart import arteries

CORONARY = ("LM", "LAD", "LCX", "RCA")


@pytest.fixture(scope="module")
def torso() -> Torso:
    # All of the chest, on pixels that still show every lesion.
    return make_torso(TorsoParameters(spacing_mm=1.0, noise_sd_hu=8.0))


@pytest.fixture(scope="module")
def region(torso: Torso) -> HeartRegion:
    blood = find_blood(torso.image, FINE_STEP_MM)
    assert blood is not None
    found = heart_region(torso.image, blood.discs, find_airways(torso.image))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def looked(torso: Torso, region: HeartRegion) -> CandidateSearch:
    return suggest(torso.image, find_candidates(torso.image.hu, 130.0), region, CalciumProtocol())


@pytest.fixture(scope="module")
def suggestions(looked: CandidateSearch) -> tuple[Suggestion, ...]:
    return looked.suggestions


def test_every_coronary_lesion_of_the_torso_is_suggested_and_in_its_artery(
    torso: Torso, suggestions: tuple[Suggestion, ...]
) -> None:
    for row in torso.truth["calcium"]["lesions"]:
        if row["territory"] in CORONARY and row["in_image"]:
            near = [
                one
                for one in suggestions
                if np.linalg.norm(np.subtract(one.position_mm, row["center_lps_mm"])) < row["length_mm"] / 2 + 2
            ]
            assert [one.territory for one in near] == [row["territory"]], row["name"]


def test_no_bone_and_nothing_of_the_descending_aorta_is_suggested(
    torso: Torso, suggestions: tuple[Suggestion, ...]
) -> None:
    lesions = [row for row in torso.truth["calcium"]["lesions"] if row["in_image"] and row["territory"] != "DA"]
    for one in suggestions:
        apart = [np.linalg.norm(np.subtract(one.position_mm, row["center_lps_mm"])) for row in lesions]
        assert min(apart) < 10, one


def test_the_region_holds_the_arteries_and_not_the_spine(torso: Torso, region: HeartRegion) -> None:
    def held(point: np.ndarray) -> bool:
        return region.holds(torso.image.geometry.to_index(point)[::-1].round())

    for artery in arteries().values():
        # The ends of arteries lie near the diaphragm, where the lungs no longer reach both sides.
        points = artery.point(np.linspace(0, 0.6, 12))
        assert np.mean([held(point) for point in points]) > 0.8
    for vertebra in (v for v in torso.truth["bone"]["vertebrae"] if v["in_image"]):
        assert not held(np.asarray(vertebra["center_lps_mm"]))


def test_without_an_aorta_there_is_no_region(torso: Torso) -> None:
    assert heart_region(torso.image, ()) is None


def test_every_candidate_near_the_heart_is_listed_once_suggested_or_with_why_not(
    torso: Torso, region: HeartRegion, looked: CandidateSearch
) -> None:
    every = [one.position_mm for one in (*looked.suggestions, *looked.left_out)]
    assert len(set(every)) == len(every)
    candidates = find_candidates(torso.image.hu, 130.0)
    geometry = torso.image.geometry
    listed = {candidates.label_at(tuple(np.rint(geometry.to_index(p))[::-1].astype(int))) for p in every}
    sizes = candidates.sizes()
    for label in range(candidates.count):
        zyx = candidates.component(label).indices()
        if sizes[label] < 2000 and region.holds(zyx.mean(axis=0)):
            # The smallest area is one pixel of 1 mm2.
            assert label in listed


def test_what_is_left_out_says_why(torso: Torso, region: HeartRegion, looked: CandidateSearch) -> None:
    reasons = {one.reason for one in looked.left_out}
    assert reasons <= set(LEFT_OUT) == set(load_table("territories")["left_out"])
    descending = [row for row in torso.truth["calcium"]["lesions"] if row["territory"] == "DA" and row["in_image"]]
    at_aorta = [one.position_mm for one in looked.left_out if one.reason == "aorta"]
    slices = np.flatnonzero(region.inside.any(axis=(1, 2)))
    low, high = (torso.image.geometry.to_lps(np.array([0, 0, z]))[2] for z in (slices[0], slices[-1]))
    for row in descending:
        # Those of the arch and of the abdomen lie beyond the block that is looked at.
        if low < row["center_lps_mm"][2] < high:
            assert min(np.linalg.norm(np.subtract(row["center_lps_mm"], place)) for place in at_aorta) < 10
    bone = [one for one in looked.left_out if one.reason in ("bone", "large")]
    assert bone
    assert all(one.volume_mm3 > CalciumProtocol().maximum_lesion_volume_mm3 for one in bone)
    # Of the skeleton too the place that is named lies near the heart.
    assert all(low - 20 < one.position_mm[2] < high + 20 for one in bone)


def test_within_a_segmented_heart_the_grooves_tell_the_artery(torso: Torso) -> None:
    labels, _ = heart_labels(heart_labels_of(torso, 2), asked=True)
    looked = ImageCache(torso.image).search(CalciumProtocol(), labels)
    assert looked is not None
    assert (looked.found_by, looked.top) == ("segmentation", "segmentation")
    for row in torso.truth["calcium"]["lesions"]:
        if row["territory"] in CORONARY and row["in_image"]:
            near = [
                one.territory
                for one in looked.suggestions
                if np.linalg.norm(np.subtract(one.position_mm, row["center_lps_mm"])) < row["length_mm"] / 2 + 2
            ]
            assert near == [row["territory"]], row["name"]
    assert all(one.territory in (*CORONARY, "AA") for one in looked.suggestions)


def test_suggestions_become_seeds_of_the_same_names(suggestions: tuple[Suggestion, ...]) -> None:
    points = as_points(suggestions)
    seeds = seeds_from([points])
    assert len(seeds) == len(suggestions)
    assert {seed.territory for seed in seeds} == {one.territory for one in suggestions}
    assert len({seed.name for seed in seeds}) == len(seeds)
    assert [json.loads(point.description) for point in points.points] == [
        {"suggested": round(one.confidence, 2)} for one in suggestions
    ]
    by_name = {seed.name: seed.suggested for seed in seeds}
    assert all(by_name[point.label] == json.loads(point.description)["suggested"] for point in points.points)
