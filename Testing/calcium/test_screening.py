"""Which candidates are offered and why others are not, held against a look at every voxel of each."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import make_image

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.candidates import find_candidates
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.screening import AORTA_WALL_MM, REASONS, Screening, screen_candidates
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

PROTOCOL = CalciumProtocol()


def by_looking(image: CTImage, heart: HeartRegion | None, box: Region | None, protocol: CalciumProtocol) -> list[str]:
    """Return the reason of every component, one component and one voxel at a time."""
    candidates = find_candidates(image.hu, protocol.threshold_hu)
    geometry = image.geometry
    reasons = []
    for label in range(candidates.count):
        zyx = candidates.component(label).indices()
        volume = len(zyx) * geometry.voxel_volume_mm3
        middle = zyx.mean(axis=0)
        areas = np.bincount(zyx[:, 0]) * geometry.pixel_area_mm2
        in_heart, airway, aorta = True, False, False
        if heart is not None:
            z, y, x = (int(v) for v in middle)
            place = z, min(y // heart.step, heart.inside.shape[1] - 1), min(x // heart.step, heart.inside.shape[2] - 1)
            in_heart, airway = bool(heart.inside[place]), bool(heart.airway[place])
            cy, cx, radius = heart.aorta[zyx[:, 0]].T
            apart = np.hypot((zyx[:, 1] - cy) * geometry.spacing_mm[1], (zyx[:, 2] - cx) * geometry.spacing_mm[0])
            aorta = bool(np.any(apart <= radius + AORTA_WALL_MM))
        if box is not None:
            in_heart = bool(box.contains(np.asarray(geometry.to_lps(middle[::-1]))))
        held = {
            "bone": volume > protocol.bone_volume_mm3,
            "large": volume > protocol.maximum_lesion_volume_mm3,
            "small": areas.max() < protocol.minimum_area_mm2 - 1e-9,
            "aorta": aorta,
            "outside": not in_heart,
            "airway": airway,
        }
        reasons.append(next((reason for reason, true in held.items() if true), ""))
    return reasons


def reasons_of(listing: Screening) -> list[str]:
    return [listing.reason(label) or "" for label in range(listing.candidates.count)]


@pytest.fixture(scope="module")
def torso() -> CTImage:
    return make_torso(TorsoParameters.small()).image


def test_reasons_on_the_torso_are_those_of_a_look_at_every_voxel(torso: CTImage) -> None:
    cache = ImageCache(torso)
    heart = cache.heart()
    assert heart is not None
    listing = screen_candidates(torso, cache.candidates(PROTOCOL), PROTOCOL, heart)
    assert reasons_of(listing) == by_looking(torso, heart, None, PROTOCOL)
    assert listing.offered > 0
    assert listing.counts["bone"] > 0
    assert sum(listing.counts.values()) + listing.offered == listing.candidates.count


def test_reasons_of_noise_are_those_of_a_look_at_every_voxel() -> None:
    rng = np.random.default_rng(11)
    image = make_image((6, 40, 40))
    image.hu[rng.random(image.hu.shape) < 0.04] = 300
    image.hu[1:5, 20:34, 20:34] = 400
    image.hu[0, 28:40, 3:13] = 400
    protocol = CalciumProtocol(maximum_lesion_volume_mm3=60.0, bone_volume_mm3=400.0, minimum_area_mm2=0.5)
    heart = HeartRegion(rng.random((6, 20, 20)) < 0.7, rng.random((6, 20, 20)) < 0.5, 2, rng.uniform(5, 8, (6, 3)) / 2)
    box = Region((8.0, 8.0, 9.0), (9.0, 11.0, 10.0), shape="box")
    for region, limit in ((heart, None), (heart, box), (None, box), (None, None)):
        listing = screen_candidates(image, find_candidates(image.hu, 130.0), protocol, region, limit)
        assert reasons_of(listing) == by_looking(image, region, limit, protocol)
        if region is heart and limit is None:
            assert all(listing.counts[reason] for reason in REASONS)


def test_the_wall_of_the_aorta_is_five_millimetres() -> None:
    image = make_image((1, 40, 60))
    # From the middle in column 10: 20 pixels of 0.5 mm are the radius of 5 mm and the wall; 21 are more.
    image.hu[0, 20, 30:33] = image.hu[0, 24, 35:38] = 300
    everywhere = np.ones((1, 40, 60), dtype=bool)
    heart = HeartRegion(everywhere, ~everywhere, 1, np.array([[20.0, 10.0, 5.0]]))
    candidates = find_candidates(image.hu, 130.0)
    protocol = CalciumProtocol(minimum_area_mm2=0.0)
    assert reasons_of(screen_candidates(image, candidates, protocol, heart)) == ["aorta", ""]
    image.hu[0, 20, 30] = 40
    assert reasons_of(screen_candidates(image, find_candidates(image.hu, 130.0), protocol, heart)) == ["", ""]


def test_the_largest_of_a_reason_come_first_with_place_and_peak() -> None:
    image = make_image((8, 30, 30))
    image.hu[2:4, 5:8, 5:9] = 200
    image.hu[3, 6, 7] = 777
    image.hu[6, 20:22, 20:22] = 150
    image.hu[6, 27, 27] = 150
    listing = screen_candidates(image, find_candidates(image.hu, 130.0), PROTOCOL)
    first, second = listing.largest(None)
    assert (first.voxels, first.volume_mm3, first.peak_hu, first.slices) == (24, 18.0, 777.0, (2, 3))
    assert first.position_mm == image.geometry.voxel_center((3, 6, 7))
    assert second.voxels == 4
    (small,) = listing.largest("small")
    assert (small.voxels, small.reason) == (1, "small")
    assert small.to_mapping()["position_ras_mm"] == [-13.5, -13.5, 18.0]
    assert listing.largest(None, most=1) == (first,)


def test_an_image_without_candidates_has_an_empty_list() -> None:
    image = make_image((2, 5, 5))
    listing = screen_candidates(image, find_candidates(image.hu, 130.0), PROTOCOL)
    assert listing.offered == 0
    assert set(listing.counts.values()) == {0}
    assert listing.largest(None) == ()
