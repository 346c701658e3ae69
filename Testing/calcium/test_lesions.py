"""Seeds, cuts, conflicts and what is too large to be calcium."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, Totals, score_calcium
from CACBoneAxisLib.imaging.image import CTImage

PROTOCOL = CalciumProtocol()


def codes(result: CalciumResult) -> list[str]:
    return [f.code for f in result.findings if f.code != "mass-unavailable"]


@pytest.fixture
def bar() -> CTImage:
    """A bar of calcium, 20 voxels of 0.5 mm along x in one slice: 2 rows, 10 mm2, weight 1."""
    image = make_image((3, 10, 30))
    image.hu[1, 4:6, 5:25] = 150
    return image


def test_a_seed_beside_calcium_finds_it_within_two_millimetres(bar: CTImage) -> None:
    result = score_calcium(bar, [seed_at(bar, (1, 2, 10))], PROTOCOL)
    assert result.total.agatston == pytest.approx(10)


def test_a_seed_in_soft_tissue_is_named_with_the_value_there() -> None:
    image = make_image((3, 20, 20))
    result = score_calcium(image, [seed_at(image, (1, 10, 10), "RCA-3")], PROTOCOL)
    assert codes(result) == ["seed-misses", "zero-rests-on"]
    message = result.findings[0].message
    assert "RCA-3" in message
    assert "40 HU" in message
    assert "2 mm" in message
    assert result.total.agatston == 0


def test_a_seed_two_millimetres_from_the_voxels_box_hits_and_one_just_beyond_misses() -> None:
    image = make_image((3, 9, 20))
    image.hu[1, 3:6, 5:8] = 150
    edge_mm = 7.5 * 0.5  # the far side of voxel x = 7
    for distance, hit in ((2.0, True), (2.01, False)):
        seed = seed_at(image, (1, 4, 0))
        seed = type(seed)(seed.name, seed.territory, (edge_mm + distance, *seed.position_mm[1:]))
        assert (codes(score_calcium(image, [seed], PROTOCOL)) == []) is hit


def test_a_seed_between_thick_slices_hits_the_voxel_it_lies_in() -> None:
    image = make_image((4, 9, 9), (0.5, 0.5, 10.0))
    image.hu[1, 3:6, 3:6] = 150
    seed = seed_at(image, (1, 4, 4))
    high = type(seed)(seed.name, seed.territory, (*seed.position_mm[:2], seed.position_mm[2] + 4.9))
    assert score_calcium(image, [high], PROTOCOL).total.agatston == pytest.approx(2.25 * 10 / 3)


def test_a_seed_outside_the_scan_says_so() -> None:
    image = make_image((3, 9, 9))
    seed = seed_at(image, (1, 4, 4))
    away = type(seed)("LAD-1", "LAD", (500.0, 0.0, 0.0))
    assert codes(score_calcium(image, [away, seed], PROTOCOL)) == ["seed-outside", "seed-misses", "zero-rests-on"]


def test_seeds_that_all_lie_outside_the_scan_leave_the_total_unknown(bar: CTImage) -> None:
    seed = seed_at(bar, (1, 4, 6))
    away = [type(seed)(name, name[:-2], (500.0, 0.0, 0.0)) for name in ("LAD-1", "AV-1")]
    result = score_calcium(bar, away, PROTOCOL)
    assert codes(result) == ["seed-outside", "seed-outside", "total-incomplete"]
    assert set(result.territories.values()) == {result.total} == {Totals()}
    assert result.arteries is None and {one.category for one in result.categories.values()} == {None}
    assert score_calcium(bar, [*away, seed], PROTOCOL).total.agatston == pytest.approx(10)


def test_two_seeds_of_one_territory_count_the_lesion_once(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LAD-1"), seed_at(bar, (1, 4, 20), "LAD-2")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert result.total.agatston == pytest.approx(10)
    assert len(result.lesions) == 1
    assert codes(result) == ["seeds-share"]


def test_seeds_of_two_arteries_in_one_lesion_are_reported_and_leave_both_open(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LM-1"), seed_at(bar, (1, 4, 20), "LAD-1")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert codes(result) == ["seeds-conflict"]
    assert result.territories["LM"].agatston is None
    assert result.territories["LAD"].agatston is None
    assert result.territories["RCA"].agatston == 0
    assert result.arteries is None
    # Both are coronary arteries, so the sum over all four does not depend on the decision.
    assert result.total.agatston == pytest.approx(10)


def test_a_conflict_with_the_aorta_leaves_the_total_open(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LM-1"), seed_at(bar, (1, 4, 20), "AA-1")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert codes(result) == ["seeds-conflict", "total-incomplete"]
    assert result.total.agatston is None
    assert all(category.category is None for category in result.categories.values())


def test_the_aorta_is_reported_beside_the_coronary_total(bar: CTImage) -> None:
    result = score_calcium(bar, [seed_at(bar, (1, 4, 6), "DA-1")], PROTOCOL)
    assert result.territories["DA"].agatston == pytest.approx(10)
    assert result.total.agatston == 0


def test_a_cut_gives_its_sphere_to_one_artery_and_the_rest_to_the_other(bar: CTImage) -> None:
    # The cut reaches 2.6 mm from voxel x = 6: voxels 5 to 11 of both rows, 14 of 40.
    seeds = [seed_at(bar, (1, 4, 6), "LM-1", cut_radius_mm=2.6), seed_at(bar, (1, 4, 20), "LAD-1")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert codes(result) == []
    assert result.territories["LM"].agatston == pytest.approx(14 * 0.25)
    assert result.territories["LAD"].agatston == pytest.approx(26 * 0.25)


def test_a_voxel_in_two_cut_spheres_goes_to_the_nearer_seed(bar: CTImage) -> None:
    seeds = [
        seed_at(bar, (1, 4, 8), "LM-1", cut_radius_mm=8),
        seed_at(bar, (1, 4, 17), "LAD-1", cut_radius_mm=8),
    ]
    result = score_calcium(bar, seeds, PROTOCOL)
    # x = 5..12 is nearer to 8, x = 13..24 nearer to 17
    assert result.territories["LM"].agatston == pytest.approx(16 * 0.25)
    assert result.territories["LAD"].agatston == pytest.approx(24 * 0.25)


def test_a_cut_inside_one_artery_changes_nothing(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LAD-1", cut_radius_mm=2.6), seed_at(bar, (1, 4, 20), "LAD-2")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert result.total.agatston == pytest.approx(10)
    assert len(result.lesions) == 1


def test_a_seed_inside_another_arterys_cut_is_a_conflict(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LM-1", cut_radius_mm=2.6), seed_at(bar, (1, 5, 7), "LAD-1")]
    assert codes(score_calcium(bar, seeds, PROTOCOL)) == ["seeds-conflict"]


def test_the_order_of_the_seeds_does_not_matter(bar: CTImage) -> None:
    bar.hu[2, 8, 2:20] = 310
    seeds = [
        seed_at(bar, (1, 4, 6), "LM-1", cut_radius_mm=3),
        seed_at(bar, (1, 4, 14), "LAD-1", cut_radius_mm=3),
        seed_at(bar, (1, 4, 23), "LCX-1"),
        seed_at(bar, (2, 8, 4), "RCA-1"),
    ]
    results = [score_calcium(bar, list(order), PROTOCOL).territories for order in permutations(seeds)]
    assert all(r == results[0] for r in results)


def test_an_excluded_lesion_is_listed_with_its_reason_and_scores_nothing(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LAD-1", decision="excluded", reason="stent")]
    result = score_calcium(bar, seeds, PROTOCOL)
    lesion, score = result.lesions[0]
    assert (lesion.status, lesion.reason) == ("excluded", "stent")
    assert score is not None
    assert score.agatston == pytest.approx(10)
    assert result.total.agatston == 0


def test_excluding_and_scoring_the_same_lesion_is_a_conflict(bar: CTImage) -> None:
    seeds = [seed_at(bar, (1, 4, 6), "LAD-1", decision="excluded"), seed_at(bar, (1, 4, 20), "LAD-2")]
    result = score_calcium(bar, seeds, PROTOCOL)
    assert codes(result) == ["seeds-conflict", "total-incomplete"]
    assert result.territories["LAD"].agatston is None


@pytest.mark.parametrize(("volume_mm3", "code"), [(3000, "lesion-implausible"), (14000, "lesion-bone")])
def test_a_lesion_beyond_the_bound_is_flagged_and_not_scored(volume_mm3: float, code: str) -> None:
    side = round((volume_mm3 / 10 / 3) ** 0.5 / 0.5)
    image = make_image((14, side + 6, side + 6))
    image.hu[2:12, 3:-3, 3:-3] = 500
    seed = seed_at(image, (5, 5, 5))
    result = score_calcium(image, [seed], PROTOCOL)
    assert codes(result) == [code, "total-incomplete"]
    assert result.total.agatston is None
    assert result.territories["LAD"].agatston is None
    accepted = score_calcium(image, [seed_at(image, (5, 5, 5), decision="accepted")], PROTOCOL)
    assert codes(accepted) == ["lesion-accepted"]
    assert accepted.total.volume_mm3 == pytest.approx(side * side * 10 * 0.75)


@pytest.mark.parametrize("name", ["LAD-1", "AA-1"])
def test_a_lesion_of_exactly_the_largest_volume_counts(name: str) -> None:
    image = make_image((12, 20, 20))
    image.hu[1:11, 5:15, 5:15] = 500  # 1000 voxels of 0.75 mm3
    for limit, status in ((750.0, "scored"), (749.9, "implausible")):
        # The limit of the coronary arteries, and for the aorta that of bone.
        protocol = CalciumProtocol(maximum_lesion_volume_mm3=limit, bone_volume_mm3=limit)
        result = score_calcium(image, [seed_at(image, (5, 8, 8), name)], protocol)
        assert result.lesions[0][0].status == status


def test_a_cut_frees_calcium_that_touches_bone() -> None:
    image = make_image((14, 80, 80))
    image.hu[2:12, 20:70, 10:70] = 500  # "bone", 22,500 mm3
    image.hu[6, 16:20, 30:34] = 250  # calcium on it, 4 mm2
    whole = score_calcium(image, [seed_at(image, (6, 17, 31))], PROTOCOL)
    assert codes(whole) == ["lesion-bone", "total-incomplete"]
    cut = score_calcium(image, [seed_at(image, (6, 17, 31), cut_radius_mm=1.2)], PROTOCOL)
    assert codes(cut) == []
    assert 0 < (cut.total.volume_mm3 or 0) < 20


def test_a_seed_left_in_bone_after_a_cut_is_still_flagged() -> None:
    image = make_image((14, 80, 80))
    image.hu[2:12, 20:70, 10:70] = 500
    image.hu[6, 16:20, 30:34] = 250
    seeds = [seed_at(image, (6, 17, 31), cut_radius_mm=1.2), seed_at(image, (6, 50, 50), "RCA-1")]
    result = score_calcium(image, seeds, PROTOCOL)
    assert "lesion-bone" in codes(result)
    assert result.territories["LAD"].agatston is not None
    assert result.territories["RCA"].agatston is None


def test_calcium_at_the_border_of_the_scan_is_scored_with_a_warning() -> None:
    image = make_image((3, 9, 9))
    image.hu[2, 3:6, 3:6] = 150
    result = score_calcium(image, [seed_at(image, (2, 4, 4))], PROTOCOL)
    assert codes(result) == ["lesion-edge"]
    assert result.total.agatston == pytest.approx(2.25)


def test_no_seeds_after_reading_is_a_zero() -> None:
    result = score_calcium(make_image((3, 9, 9)), [], PROTOCOL)
    assert (result.total.agatston, result.arteries) == (0, 0)
    assert result.categories["cac-drs"].category == "A0/N0"


def test_the_mass_of_no_calcium_is_zero_where_there_is_a_factor_and_unknown_where_there_is_none() -> None:
    image = make_image((3, 9, 9))
    assert score_calcium(image, [], CalciumProtocol(mass_factor_mg_per_mm3_per_hu=0.001)).total.mass_mg == 0
    assert score_calcium(image, [], PROTOCOL).total.mass_mg is None


def test_the_counted_voxels_have_the_reported_volume(bar: CTImage) -> None:
    bar.hu[2, 0, 4:6] = 150
    result = score_calcium(bar, [seed_at(bar, (1, 4, 6))], PROTOCOL)
    lesion, score = result.lesions[0]
    assert lesion.mask is not None
    assert score is not None
    assert np.count_nonzero(lesion.mask.voxels) * 0.75 == score.volume_mm3
