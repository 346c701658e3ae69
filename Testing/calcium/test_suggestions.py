"""Candidates without clicking, on the torso whose lesions are known."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.calcium.candidates import find_candidates
from CACBoneAxisLib.calcium.heart import HeartRegion, heart_region
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.calcium.suggestions import Suggestion, as_points, suggest, territory_at
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
    found = heart_region(torso.image, blood.discs)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def suggestions(torso: Torso, region: HeartRegion) -> tuple[Suggestion, ...]:
    return suggest(torso.image, find_candidates(torso.image.hu, 130.0), region, CalciumProtocol())


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


@pytest.mark.parametrize(
    ("left", "front", "territory"),
    [(0, 57, "LM"), (30, 80, "LAD"), (40, 30, "LCX"), (-40, 80, "RCA"), (0, 100, "RCA"), (-15, 75, "AA")],
)
def test_places_seen_from_the_descending_aorta(left: float, front: float, territory: str) -> None:
    found, margin = territory_at(left, front)
    assert found == territory
    assert margin > 0


def test_suggestions_become_seeds_of_the_same_names(suggestions: tuple[Suggestion, ...]) -> None:
    points = as_points(suggestions)
    seeds = seeds_from([points])
    assert len(seeds) == len(suggestions)
    assert {seed.territory for seed in seeds} == {one.territory for one in suggestions}
    assert len({seed.name for seed in seeds}) == len(seeds)
    assert all("confidence" in point.description for point in points.points)
