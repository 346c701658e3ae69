"""Density and spread worked by hand."""

from __future__ import annotations

import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.distribution import distribution_of
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium


@pytest.mark.parametrize("increment", [1.0, 3.0, 5.0])
def test_density_is_the_mean_weight_of_the_area_at_any_increment(increment: float) -> None:
    image = make_image((3, 20, 20), (0.5, 0.5, increment))
    image.hu[1, 2:4, 2:8] = 150  # 12 pixels, weight 1
    image.hu[1, 10:12, 2:4] = 450  # 4 pixels, weight 4
    seeds = [seed_at(image, (1, 2, 2), "LAD-1"), seed_at(image, (1, 10, 2), "RCA-1")]
    found = score_calcium(image, seeds, CalciumProtocol()).meaning.distribution
    assert found.density == pytest.approx((12 * 1 + 4 * 4) / 16)
    # RCA 4, LAD 3 (times the same factor)
    assert (found.most_affected, found.share) == ("RCA", pytest.approx(4 / 7))
    assert found.diffusivity == pytest.approx(3 / 7)


def test_four_equal_arteries_are_three_quarters_diffuse_and_one_is_not_at_all() -> None:
    assert distribution_of([], dict.fromkeys(("LM", "LAD", "LCX", "RCA"), 5.0)).diffusivity == 0.75
    assert distribution_of([], {"LM": 0.0, "LAD": 5.0}).diffusivity == 0.0


def test_no_calcium_or_an_undecided_artery_has_no_spread() -> None:
    assert distribution_of([], {"LM": 0.0, "LAD": 0.0}).share is None
    assert distribution_of([], {"LM": None, "LAD": 4.0}).most_affected is None
