"""Growth within a slice, held against a flood of one step at a time, and against every order of the seeds."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from brute_force import flood, make_image, seed_at

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.imaging.image import CTImage

PROTOCOL = CalciumProtocol(minimum_area_mm2=0.0)


def codes(result: CalciumResult) -> list[str]:
    return [f.code for f in result.findings if f.code != "mass-unavailable"]


def voxels_of(result: CalciumResult, number: int = 0) -> set[tuple[int, ...]]:
    mask = result.lesions[number][0].mask
    assert mask is not None
    return {tuple(int(i) for i in voxel) for voxel in mask.indices()}


@pytest.fixture
def column() -> CTImage:
    """Calcium through five slices, 4 x 4 voxels in each."""
    image = make_image((7, 12, 12))
    image.hu[1:6, 4:8, 4:8] = 250
    return image


@pytest.mark.parametrize(("connectivity", "reach"), [(6, 1), (18, 2), (26, 2)])
def test_a_seed_that_grows_in_its_slice_takes_what_a_flood_of_the_slice_takes(connectivity: int, reach: int) -> None:
    rng = np.random.default_rng(connectivity)
    image = make_image((3, 14, 14))
    image.hu[rng.random(image.hu.shape) < 0.4] = 200
    protocol = CalciumProtocol(minimum_area_mm2=0.0, growth_connectivity=connectivity)  # type: ignore[arg-type]
    candidates = {tuple(int(i) for i in v) for v in np.argwhere(image.hu >= 130) if v[0] == 1}
    for voxel in sorted(candidates)[::7]:
        result = score_calcium(image, [seed_at(image, voxel, growth="slice")], protocol)
        assert voxels_of(result) == flood(candidates, voxel, reach, planar=True)


def test_a_slice_of_a_lesion_scores_as_that_slice_alone(column: CTImage) -> None:
    result = score_calcium(column, [seed_at(column, (3, 5, 5), growth="slice")], PROTOCOL)
    # 16 pixels of 0.25 mm2, weight 2, increment 3 mm
    assert result.total.agatston == pytest.approx(8)
    whole = score_calcium(column, [seed_at(column, (3, 5, 5))], PROTOCOL)
    assert whole.total.agatston == pytest.approx(5 * 8)


def test_slices_of_one_artery_are_one_lesion_and_the_rest_may_be_another_arterys(column: CTImage) -> None:
    slices = [seed_at(column, (z, 5, 5), f"LAD-{z}", growth="slice") for z in (3, 4)]
    result = score_calcium(column, slices, PROTOCOL)
    assert len(result.lesions) == 1
    assert result.total.agatston == pytest.approx(16)
    others = [seed_at(column, (1, 5, 5), "LM-1"), seed_at(column, (5, 5, 5), "RCA-1")]
    result = score_calcium(column, [*slices, *others], PROTOCOL)
    scores = {code: totals.agatston for code, totals in result.territories.items() if totals.agatston}
    assert scores == pytest.approx({"LM": 16, "LAD": 16, "RCA": 8})


def test_one_slice_claimed_by_two_arteries_goes_to_the_nearer_seed(column: CTImage) -> None:
    seeds = [seed_at(column, (3, 5, 4), "LAD-1", growth="slice"), seed_at(column, (3, 5, 7), "LCX-1", growth="slice")]
    result = score_calcium(column, seeds, PROTOCOL)
    assert [result.territories[code].agatston for code in ("LAD", "LCX")] == pytest.approx([4, 4])


def test_growth_in_a_slice_ends_at_the_cut_radius_too(column: CTImage) -> None:
    seed = seed_at(column, (3, 4, 4), growth="slice", cut_radius_mm=0.6)
    # The seed's voxel and its neighbours to the right and below, 0.5 mm away.
    assert voxels_of(score_calcium(column, [seed], PROTOCOL)) == {(3, 4, 4), (3, 4, 5), (3, 5, 4)}


def test_a_plain_seed_in_the_slice_of_another_artery_is_a_conflict(column: CTImage) -> None:
    seeds = [seed_at(column, (3, 5, 5), "LM-1", growth="slice"), seed_at(column, (3, 6, 6), "LAD-1")]
    assert codes(score_calcium(column, seeds, PROTOCOL)) == ["seeds-conflict"]


def test_a_slice_frees_calcium_from_bone() -> None:
    image = make_image((14, 80, 80))
    image.hu[2:12, 20:70, 10:70] = 500  # "bone", 22,500 mm3
    image.hu[12, 18:22, 30:34] = 250  # calcium over it, touching, in a slice of its own
    assert "lesion-bone" in codes(score_calcium(image, [seed_at(image, (12, 20, 31))], PROTOCOL))
    result = score_calcium(image, [seed_at(image, (12, 20, 31), growth="slice")], PROTOCOL)
    assert codes(result) == []
    assert result.total.agatston == pytest.approx(8)


def test_the_order_of_slices_cuts_and_plain_seeds_does_not_matter(column: CTImage) -> None:
    seeds = [
        seed_at(column, (2, 5, 5), "LM-1", growth="slice"),
        seed_at(column, (3, 4, 4), "LAD-1", cut_radius_mm=1.1),
        seed_at(column, (3, 7, 7), "LCX-1", growth="slice"),
        seed_at(column, (5, 5, 5), "RCA-1"),
    ]
    results = [score_calcium(column, list(order), PROTOCOL).territories for order in permutations(seeds)]
    assert all(result == results[0] for result in results)
