"""Hand-worked lesions for each rule, and a brute-force scorer for the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import brute_force_agatston, make_image, seed_at
from hypothesis import given, settings
from hypothesis import strategies as st

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.calcium.scoring import weight_of
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.image import CTImage

PROTOCOL = CalciumProtocol()
# Sums of a few hundred products of two-digit decimals: far below any digit that is printed.
EXACT = 1e-9


def one_lesion(image: CTImage, zyx: tuple[int, int, int], protocol: CalciumProtocol = PROTOCOL) -> CalciumResult:
    return score_calcium(image, [seed_at(image, zyx)], protocol)


@pytest.mark.parametrize(
    ("peak", "weight"),
    [(129, 0), (130, 1), (199, 1), (199.9, 1), (200, 2), (299, 2), (300, 3), (399, 3), (400, 4), (3000, 4)],
)
def test_weights_begin_exactly_at_their_thresholds(peak: float, weight: int) -> None:
    assert weight_of(peak, PROTOCOL) == weight


def test_four_voxels_of_a_quarter_square_millimetre_are_exactly_the_smallest_area() -> None:
    image = make_image((3, 8, 8))
    image.hu[1, 2:4, 2:4] = 130
    # 4 x 0.25 mm2 x weight 1 x 3 mm / 3 mm
    assert one_lesion(image, (1, 2, 2)).total.agatston == pytest.approx(1.0, abs=EXACT)


def test_three_voxels_of_a_quarter_square_millimetre_are_too_small_and_say_so() -> None:
    image = make_image((3, 8, 8))
    image.hu[1, 2, 2:5] = 900
    result = one_lesion(image, (1, 2, 2))
    lesion, score = result.lesions[0]
    assert result.total.agatston == 0
    assert result.total.lesions == 0
    assert result.arteries == 0
    assert score is not None
    assert (score.voxels, score.mean_hu, score.peak_hu) == (0, None, None)
    assert lesion.status == "scored"
    assert "lesion-small" in {f.code for f in result.findings}


def test_each_region_weighs_by_its_own_peak_in_its_own_slice() -> None:
    image = make_image((4, 12, 12))
    image.hu[1, 2:4, 2:6] = 250  # 8 voxels, weight 2
    image.hu[2, 2:4, 2:4] = 150  # 4 voxels, weight 1, joined to the slice below
    image.hu[2, 3, 4] = 410  # a fifth voxel of the same region, weight 4 for all five
    result = one_lesion(image, (1, 2, 2))
    # slice 1: 8 x 0.25 x 2 = 4; slice 2: 5 x 0.25 x 4 = 5
    assert result.total.agatston == pytest.approx(9.0, abs=EXACT)
    assert [s.agatston for s in result.lesions[0][1].slices] == pytest.approx([4.0, 5.0])  # type: ignore[union-attr]
    assert result.total.volume_mm3 == pytest.approx(13 * 0.75, abs=EXACT)


def test_diagonal_neighbours_are_one_region_of_eight_and_two_of_four() -> None:
    image = make_image((3, 10, 10))
    image.hu[1, 2:4, 2:4] = 150  # 1 mm2, weight 1
    image.hu[1, 4:6, 4:6] = 350  # 1 mm2, touches it at a corner; weight 3
    assert one_lesion(image, (1, 2, 2)).total.agatston == pytest.approx(6.0, abs=EXACT)
    four = CalciumProtocol(in_plane_connectivity=4)
    assert one_lesion(image, (1, 2, 2), four).total.agatston == pytest.approx(4.0, abs=EXACT)


def test_growth_with_fewer_neighbours_stops_at_a_corner() -> None:
    image = make_image((4, 10, 10))
    image.hu[1, 2:4, 2:4] = 150
    image.hu[2, 4:6, 4:6] = 150  # touches at a corner across slices
    assert one_lesion(image, (1, 2, 2)).total.volume_mm3 == pytest.approx(8 * 0.75)
    for connectivity in (6, 18):
        narrow = CalciumProtocol(growth_connectivity=connectivity)  # type: ignore[arg-type]
        assert one_lesion(image, (1, 2, 2), narrow).total.volume_mm3 == pytest.approx(4 * 0.75)


def test_the_increment_normalises_the_score_and_the_thickness_does_not() -> None:
    # 2.5 mm slices reconstructed every 1.5 mm: 1 mm2 x weight 1 x 1.5 / 3; the thickness would give 0.83
    overlapping = make_image((3, 8, 8), (0.5, 0.5, 1.5))
    overlapping = replace(overlapping, acquisition=Acquisition(slice_thickness_mm=2.5))
    overlapping.hu[1, 2:4, 2:4] = 130
    assert one_lesion(overlapping, (1, 2, 2)).total.agatston == pytest.approx(0.5, abs=EXACT)
    # 3 mm slices with gaps, every 5 mm: 1 mm2 x 5 / 3; the thickness would give 1
    sparse = replace(make_image((3, 8, 8), (0.5, 0.5, 5.0)), acquisition=Acquisition(slice_thickness_mm=3.0))
    sparse.hu[1, 2:4, 2:4] = 130
    assert one_lesion(sparse, (1, 2, 2)).total.agatston == pytest.approx(5 / 3, abs=EXACT)


def test_mass_is_factor_times_volume_times_mean() -> None:
    image = make_image((3, 8, 8))
    image.hu[1, 2:4, 2:4] = [[200, 300], [400, 500]]
    result = one_lesion(image, (1, 2, 2), CalciumProtocol(mass_factor_mg_per_mm3_per_hu=0.001))
    # 0.001 mg/mm3/HU x 4 x 0.75 mm3 x 350 HU
    assert result.total.mass_mg == pytest.approx(1.05, abs=EXACT)
    assert one_lesion(image, (1, 2, 2)).total.mass_mg is None


def random_lesions(seed: int, spacing: tuple[float, float, float]) -> CTImage:
    rng = np.random.default_rng(seed)
    image = make_image((6, 14, 14), spacing)
    bright = rng.random(image.hu.shape) < rng.choice([0.1, 0.25, 0.4])
    image.hu[bright] = rng.integers(120, 520, int(bright.sum()))
    return image


@pytest.mark.parametrize("planar", [4, 8])
def test_random_lesions_score_as_by_brute_force(planar: int) -> None:
    protocol = CalciumProtocol(in_plane_connectivity=planar, maximum_lesion_volume_mm3=1e6)  # type: ignore[arg-type]
    for seed in range(40):
        spacing = (0.4 + 0.05 * (seed % 5), 0.4 + 0.05 * (seed % 5), (0.6, 2.5, 3.0, 5.0)[seed % 4])
        image = random_lesions(seed, spacing)
        start = tuple(int(i) for i in np.argwhere(image.hu >= 130)[seed])
        expected = brute_force_agatston(image.hu, spacing, start, planar_reach=1 if planar == 4 else 2)  # type: ignore[arg-type]
        assert one_lesion(image, start, protocol).total.agatston == pytest.approx(expected, abs=1e-6)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), more=st.integers(1, 300))
def test_denser_calcium_never_lowers_a_score(seed: int, more: int) -> None:
    image = random_lesions(seed, (0.5, 0.5, 3.0))
    start = tuple(int(i) for i in np.argwhere(image.hu >= 130)[0])
    protocol = CalciumProtocol(maximum_lesion_volume_mm3=1e6)
    before = one_lesion(image, start, protocol).total.agatston  # type: ignore[arg-type]
    image.hu[image.hu >= 130] += more
    after = one_lesion(image, start, protocol).total.agatston  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    assert after >= before


def test_two_half_slices_have_the_volume_of_one() -> None:
    image = make_image((3, 8, 8), (0.5, 0.5, 3.0))
    image.hu[1, 2:5, 2:5] = 250
    halves = make_image((6, 8, 8), (0.5, 0.5, 1.5))
    halves.hu[2:4, 2:5, 2:5] = 250
    whole, split = one_lesion(image, (1, 2, 2)), one_lesion(halves, (2, 2, 2))
    assert split.total.volume_mm3 == whole.total.volume_mm3
    assert split.total.agatston == pytest.approx(whole.total.agatston, abs=EXACT)


def test_a_lower_threshold_gives_volume_only_to_lesions_of_which_a_region_counts() -> None:
    protocol = CalciumProtocol(volume_threshold_hu=100.0)
    image = make_image((3, 12, 12))
    image.hu[1, 4, 2:10] = 110
    image.hu[1, 4, 4:8] = 900  # 4 voxels, 1 mm2, between two of 110 HU on either side
    counted = one_lesion(image, (1, 4, 5), protocol).total
    assert (counted.agatston, counted.volume_mm3) == (pytest.approx(4.0), pytest.approx(8 * 0.75))
    image.hu[1, 4, 7] = 110  # 3 voxels are too small
    small = one_lesion(image, (1, 4, 5), protocol).total
    assert (small.agatston, small.volume_mm3) == (0, 0)


def test_an_artery_counts_from_the_smallest_score_and_not_without_one() -> None:
    image = make_image((3, 12, 12), (0.5, 0.5, 0.6))
    image.hu[1, 2:4, 2:4] = 150
    image.hu[1, 8, 8:11] = 150  # 3 voxels, too small for a score
    result = score_calcium(image, [seed_at(image, (1, 2, 2)), seed_at(image, (1, 8, 8), "RCA-1")], PROTOCOL)
    # 1 mm2 x weight 1 x 0.6 mm / 3 mm
    assert result.total.agatston == pytest.approx(0.2)
    assert (result.territories["RCA"].agatston, result.arteries) == (0, 1)
