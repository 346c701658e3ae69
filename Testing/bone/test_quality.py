from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.bone.quality import content_findings, overlap, percent, placement_findings
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import Region, RegionVoxels
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

PROTOCOL = RegionProtocol()
REGION = Region((0.0, 0.0, 32.0), (24.0, 18.0, 12.0))


def codes_of(image, region=REGION, hu=None, protocol=PROTOCOL):
    mask = region.voxels(image.geometry).mask
    said = content_findings("L1", image.hu if hu is None else hu, image.geometry, mask, protocol, np.array(region.axes))
    return [f.code for f in said]


# Dense bone of the young, fatty marrow of the old, and the noise of a low-dose scan.
@pytest.mark.parametrize("trabecular_hu", [5, 20, 60, 120, 226, 300, 340])
@pytest.mark.parametrize("noise_hu", [0, 30, 60])
def test_healthy_and_osteoporotic_bone_pass_in_any_usual_noise(spine, trabecular_hu, noise_hu):
    assert codes_of(spine({"L1": trabecular_hu}, noise_hu)) == []


@pytest.mark.parametrize("trabecular_hu", [20, 120, 226])
@pytest.mark.parametrize("sideways_mm", [12.0, 14.0, 16.0])
def test_a_region_in_the_wall_is_said_to_hold_cortex(spine, trabecular_hu, sideways_mm):
    region = Region((sideways_mm, 0.0, 32.0), (20.0, 16.0, 12.0))
    assert "region-cortex" in codes_of(spine({"L1": trabecular_hu}, 30), region)


def test_a_box_over_the_whole_vertebra_is_said_to_hold_cortex(spine):
    assert "region-cortex" in codes_of(spine(), Region((0.0, 0.0, 32.0), (44.0, 44.0, 24.0), shape="box"))


def test_bone_above_500_hu_is_cortex_whatever_the_median(spine):
    assert "region-cortex" in codes_of(spine({"L1": 620}))


def test_one_per_cent_is_tolerated_and_more_is_said(spine):
    image = spine()
    mask = REGION.voxels(image.geometry).mask
    few, many = image.hu.copy(), image.hu.copy()
    where = mask.indices()
    limit = int(0.01 * mask.count)
    few[tuple(where[:limit].T)] = 420
    many[tuple(where[: limit + 1].T)] = 420
    assert codes_of(image, hu=few) == []
    assert codes_of(image, hu=many) == ["region-cortex"]


def test_lung_at_the_edge_of_the_region_is_said_and_half_a_region_in_lung_is_not_measured(spine):
    image = spine(noise_hu=30)
    hu = image.hu.copy()
    hu[:, :, 55:] = -800
    assert "region-soft" in codes_of(image, hu=hu)
    hu[:, :, 45:] = -800
    assert codes_of(image, hu=hu) == ["region-not-bone"]


def test_a_region_half_in_bone_and_half_in_fluid_spreads_too_far(spine):
    image = spine({"L1": 180}, noise_hu=30)
    hu = image.hu.copy()
    hu[:, 45:] -= 160
    assert "region-spread" in codes_of(image, hu=hu)


@pytest.mark.parametrize("fat_hu", [-80, -110])
def test_a_region_in_fat_is_not_measured(spine, fat_hu):
    assert codes_of(spine({"L1": fat_hu}, 20)) == ["region-not-bone"]


def test_a_region_as_low_as_muscle_is_said_and_measured(spine):
    assert codes_of(spine({"L1": -15}, 40)) == ["region-low"]


def beside(spine, distance_mm, streak_hu=0):
    image = spine()
    hu = image.hu.copy()
    # The region reaches 9 mm to the back of its middle, at the half-millimetre centres 8.5 of the voxels.
    y = round(float(image.geometry.to_index([0.5, 8.5 + distance_mm, 32.0])[1]))
    hu[32, y, 45] = 2500
    hu[32, :y, 44:46] += streak_hu
    return image, hu


@pytest.mark.parametrize(
    ("distance_mm", "codes"),
    [(0, ["region-metal"]), (2, ["region-metal"]), (9, ["region-metal-near"]), (12, [])],
)
def test_metal_that_touches_the_region_stops_it_and_metal_beside_it_is_said(spine, distance_mm, codes):
    image, hu = beside(spine, distance_mm)
    assert codes_of(image, hu=hu) == codes


def test_metal_beside_the_region_stops_it_where_a_streak_reaches_in(spine):
    # A streak of 2 x 18 voxels of a region of about 1,600: more than the tolerated 1 %.
    image, hu = beside(spine, 9, streak_hu=400)
    assert codes_of(image, hu=hu) == ["region-metal"]


def test_calcified_plaque_beside_the_region_is_not_metal(spine):
    image = spine()
    hu = image.hu.copy()
    hu[28:36, 20:24, 40:50] = 1600
    assert codes_of(image, hu=hu) == []


def test_few_voxels_are_said(spine):
    assert codes_of(spine(), Region((0.0, 0.0, 32.0), (6.0, 6.0, 4.0))) == ["region-small"]


def test_soft_tissue_without_cortex_around_it_is_said_to_be_isolated(spine):
    image = spine()
    liver = np.random.default_rng(2).normal(60, 12, image.hu.shape).astype(np.int16)
    small = Region((0.0, 0.0, 32.0), (10.0, 10.0, 10.0))
    protocol = RegionProtocol(cortex_search_mm=30.0)
    assert codes_of(image, small, liver, protocol) == ["region-isolated"]
    assert codes_of(image, small, protocol=protocol) == []


@pytest.mark.parametrize(
    ("within", "total", "code"),
    [(0, 0, "region-empty"), (0, 50, "region-outside"), (989, 1000, "region-leaves"), (990, 1000, "region-edge")],
)
def test_a_region_that_leaves_the_scan_is_said(within, total, code):
    assert [f.code for f in placement_findings("L1", RegionVoxels(None, within, total), PROTOCOL)] == [code]


def test_a_region_inside_the_scan_is_not_worth_a_word():
    assert placement_findings("L1", RegionVoxels(None, 70, 70), PROTOCOL) == ()


def test_percentages_are_never_rounded_to_nothing():
    assert [percent(f) for f in (0, 0.0004, 0.0123, 0.5, 0.9999, 1)] == [
        "0",
        "less than 0.1",
        "1.2",
        "50",
        "more than 99.9",
        "100",
    ]


def test_overlap_counts_the_voxels_that_two_masks_share():
    rng = np.random.default_rng(6)
    first, second = rng.random((2, 9, 9, 9)) < 0.3
    second[:3] = False
    a, b = (Mask.from_indices(np.argwhere(m)) for m in (first, second))
    assert overlap(a, b) == np.count_nonzero(first & second)
    assert overlap(Mask((0, 0, 0), np.ones((2, 2, 2), bool)), Mask((5, 0, 0), np.ones((2, 2, 2), bool))) == 0


@pytest.mark.parametrize(("focus_hu", "code"), [(450, "region-dense-focus"), (-150, "region-light-focus")])
def test_a_focus_is_named_and_noise_is_not(spine, focus_hu, code):
    image = spine(noise_hu=40.0)
    region = VertebraRegion("L1", Region((0.0, 0.0, 32.0), (24.0, 20.0, 14.0)))
    clean = [f.code for f in measure_vertebrae(image, [region]).vertebrae[0].findings]
    assert not [c for c in clean if "focus" in c or "part" in c]
    hu = image.hu.copy()
    hu[30:34, 43:49, 43:49] = focus_hu
    found = measure_vertebrae(type(image)(hu, image.geometry, image.acquisition), [region]).vertebrae[0]
    assert code in [f.code for f in found.findings]


@pytest.mark.parametrize("increment", [2.5, 5.0])
def test_a_region_over_two_vertebrae_is_named_and_one_in_a_body_is_not(increment):
    torso = make_torso(TorsoParameters.spine(slice_increment_mm=increment, rods=False, z_range_mm=(-60.0, 39.0)))
    box = next(b for b in torso.regions if b.name == "L1")
    region = Region(box.center_mm, box.size_mm, box.axes)
    tall = replace(region, size_mm=(*box.size_mm[:2], 56.0))
    codes = [
        {f.code for f in measure_vertebrae(torso.image, [VertebraRegion("L1", one)]).vertebrae[0].findings}
        for one in (region, tall)
    ]
    assert "region-endplate" not in codes[0]
    assert "region-endplate" in codes[1]
