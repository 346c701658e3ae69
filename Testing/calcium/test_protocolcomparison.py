"""The same lesion under every protocol, worked by hand at each boundary."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields, presets
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.calcium.scoring import weight_of
from CACBoneAxisLib.imaging.image import CTImage

# Sums of a few products of two-digit decimals.
EXACT = 1e-9
WEIGHTS = {
    "agatston-1990": (130, 200, 300, 400),
    "kvp-70": (207, 318, 477, 636),
    "kvp-80": (177, 271, 408, 544),
    "kvp-100": (145, 222, 334, 446),
    "kvp-120": (130, 200, 300, 400),
    "kvp-135": (119, 183, 274, 364),
}


def preset(name: str, **changes: object) -> CalciumProtocol:
    return CalciumProtocol(**{**preset_fields(name), **changes})  # type: ignore[arg-type]


def block(pixels: int, hu: int, spacing: tuple[float, float, float] = (0.5, 0.5, 3.0)) -> CTImage:
    image = make_image((5, 12, 12), spacing)
    image.hu[2, 3, 3 : 3 + pixels] = hu
    return image


def scored(image: CTImage, name: str, **changes: object) -> CalciumResult:
    return score_calcium(image, [seed_at(image, (2, 3, 3))], preset(name, **changes))


@pytest.mark.parametrize(
    ("name", "weight", "threshold"), [(n, w, t) for n in WEIGHTS for w, t in enumerate(WEIGHTS[n])]
)
def test_a_weight_begins_at_its_threshold_and_not_one_unit_below(name: str, weight: int, threshold: int) -> None:
    assert weight_of(threshold, preset(name)) == weight + 1
    assert weight_of(threshold - 1, preset(name)) == weight


@pytest.mark.parametrize("name", [n for n in WEIGHTS if n.startswith("kvp")])
def test_a_voxel_exactly_at_the_adapted_threshold_counts_and_one_unit_below_does_not(name: str) -> None:
    threshold = WEIGHTS[name][0]
    # 4 x 0.25 mm2 x weight 1
    assert scored(block(4, threshold), name).total.agatston == pytest.approx(1.0, abs=EXACT)
    assert scored(block(4, threshold - 1), name).total.agatston == 0
    assert "seed-misses" in {f.code for f in scored(block(4, threshold - 1), name).findings}


@pytest.mark.parametrize(
    ("name", "smallest"),
    # pixels of 0.25 mm2: 1 mm2, none, 0.5 mm2, 3 pixels
    [("agatston-1990", 4), ("literature", 4), ("ge", 4), ("siemens", 1), ("philips", 2), ("canon", 3)],
)
def test_each_vendors_smallest_region_counts_and_one_pixel_less_does_not(name: str, smallest: int) -> None:
    assert scored(block(smallest, 250), name).total.agatston == pytest.approx(smallest * 0.25 * 2, abs=EXACT)
    if smallest > 1:
        assert scored(block(smallest - 1, 250), name).total.agatston == 0


def test_philips_measures_volume_and_mass_at_113_hu_and_scores_at_130() -> None:
    image = block(4, 250)
    image.hu[2, 4, 3:7] = 113
    image.hu[2, 5, 3:7] = 112
    result = scored(image, "philips", mass_factor_mg_per_mm3_per_hu=0.001)
    assert result.total.agatston == pytest.approx(2.0, abs=EXACT)
    assert result.total.volume_mm3 == pytest.approx(8 * 0.75, abs=EXACT)
    assert result.total.mass_mg == pytest.approx(0.001 * 0.75 * (4 * 250 + 4 * 113), abs=EXACT)


def test_a_rim_between_two_lesions_is_the_nearer_ones_and_counts_once() -> None:
    image = make_image((3, 10, 20))
    image.hu[1, 3:6, 3:6] = 300
    image.hu[1, 3:6, 6:10] = 120
    image.hu[1, 3:6, 10:13] = 300
    seeds = [seed_at(image, (1, 4, 4), "LAD-1"), seed_at(image, (1, 4, 11), "RCA-1")]
    result = score_calcium(image, seeds, preset("philips"))
    # 2 x 9 voxels of calcium and 12 of rim, 0.75 mm3 each
    assert result.total.volume_mm3 == pytest.approx(30 * 0.75, abs=EXACT)
    assert [s.volume_mm3 for _, s in result.lesions if s] == pytest.approx([15 * 0.75] * 2, abs=EXACT)


def test_the_rim_ends_three_millimetres_from_the_lesion() -> None:
    image = make_image((3, 8, 30))
    image.hu[1, 3:6, 3:6] = 300
    image.hu[1, 3:6, 6:25] = 120
    result = score_calcium(image, [seed_at(image, (1, 4, 4))], preset("philips"))
    # columns 6 to 11 are within 6 x 0.5 mm
    assert result.total.volume_mm3 == pytest.approx((9 + 3 * 6) * 0.75, abs=EXACT)


def test_the_table_has_the_study_first_and_agrees_with_scoring_under_each_protocol() -> None:
    rng = np.random.default_rng(3)
    image = make_image((6, 20, 20), (0.6, 0.6, 2.5))
    image.hu[2:4, 5:12, 5:12] = rng.integers(210, 700, (2, 7, 7))
    seed = seed_at(image, (2, 6, 6))
    own = score_calcium(image, [seed], CalciumProtocol())
    first, *others = own.under_protocols
    assert (first.kind, first.agatston) == ("own", own.total.agatston)
    assert [row.protocol for row in others] == list(presets())
    for row in others:
        alone = score_calcium(image, [seed], preset(row.protocol))
        assert row.agatston == pytest.approx(alone.total.agatston, abs=EXACT)
        assert row.volume_mm3 == pytest.approx(alone.total.volume_mm3, abs=EXACT)
        assert row.lesions[0][1:] == pytest.approx((row.agatston, row.volume_mm3))


def test_without_a_total_the_table_has_lesions_and_no_sums() -> None:
    image = make_image((3, 12, 12))
    image.hu[1, 2:5, 2:5] = 250
    image.hu[1, 8:11, 8:11] = 250
    clash = [seed_at(image, (1, 3, 3), "LAD-1"), seed_at(image, (1, 2, 2), "AA-1"), seed_at(image, (1, 9, 9), "RCA-1")]
    rows = score_calcium(image, clash, CalciumProtocol()).under_protocols
    assert {row.agatston for row in rows} == {None}
    assert all(len(row.lesions) == 1 for row in rows)


def test_every_preset_names_its_source() -> None:
    for row in presets().values():
        assert row["source"]
        assert row["confidence"] in "AB"
        assert CalciumProtocol(**preset_fields(row["protocol"])).changed() == ()
