"""What a click means, on images of a few voxels."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.pointing import Place, brightest_along, point_at, rest_of
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

PROTOCOL = CalciumProtocol()


@pytest.fixture
def image() -> CTImage:
    """A lesion of 12 voxels in two slices, one of 3,000 mm3, and bone of 22,500 mm3 with calcium on it."""
    image = make_image((14, 120, 160))
    image.hu[3:5, 4:6, 4:7] = 250
    image.hu[2:12, 4:24, 60:80] = 300
    image.hu[2:12, 40:90, 10:70] = 500
    image.hu[6, 36:40, 30:34] = 250
    return image


def place(image: CTImage, zyx: tuple[int, int, int], seeds: tuple[Seed, ...] = (), **how: object) -> Place:
    cache = ImageCache(image)
    lesions, _ = cache.lesions(seeds, PROTOCOL)
    return point_at(image, cache.candidates(PROTOCOL), lesions, image.geometry.voxel_center(zyx), PROTOCOL, **how)  # type: ignore[arg-type]


def test_a_free_lesion_is_told_with_its_volume(image: CTImage) -> None:
    assert place(image, (4, 5, 5)) == Place("free", 250.0, (4, 5, 5), None, 12 * 0.75)
    assert place(image, (4, 5, 5), growth="slice").volume_mm3 == 6 * 0.75


def test_beside_a_lesion_its_nearest_voxel_is_meant_and_farther_away_nothing(image: CTImage) -> None:
    assert place(image, (4, 8, 5)).voxel == (4, 5, 5)
    assert place(image, (4, 16, 5)) == Place("below", 40.0)


def test_what_is_too_large_is_told_and_a_cut_into_it_is_not(image: CTImage) -> None:
    assert place(image, (5, 10, 70)).kind == "large"
    assert place(image, (6, 37, 31)).kind == "bone"
    assert place(image, (6, 37, 31), cut_radius_mm=2.0) == Place("free", 250.0, (6, 37, 31))


def test_a_taken_lesion_is_found_by_its_voxels_and_skeleton_by_its_seed(image: CTImage) -> None:
    seeds = (seed_at(image, (3, 4, 4), "LAD-1"), seed_at(image, (5, 60, 40), "RCA-1"))
    found = place(image, (4, 5, 6), seeds)
    assert (found.kind, found.lesion) == ("taken", 0)
    found = place(image, (6, 37, 31), seeds)
    assert (found.kind, found.lesion) == ("taken", 1)
    assert place(image, (5, 10, 70), seeds).kind == "large"


def test_outside_the_scan_nothing_is_meant(image: CTImage) -> None:
    assert place(image, (40, 5, 5)) == Place("outside", None)


def test_behind_a_pixel_of_a_projection_the_brightest_voxel_is_meant(image: CTImage) -> None:
    image.hu[9, 100, 100] = 400
    image.hu[13, 100, 100] = 900
    there = image.geometry.voxel_center((7, 100, 100))
    # 15 mm hold the slices 5 to 9, at 3 mm each.
    assert brightest_along(image, there, (0.0, 0.0, 1.0), 15.0) == image.geometry.voxel_center((9, 100, 100))
    assert brightest_along(image, there, (0.0, 0.0, -1.0), 40.0) == image.geometry.voxel_center((13, 100, 100))
    assert brightest_along(image, np.array([900.0, 0.0, 0.0]), (0.0, 0.0, 1.0), 15.0) == (900.0, 0.0, 0.0)


def test_each_remainder_without_a_seed_of_its_own_gets_a_point_at_its_brightest_voxel() -> None:
    # A bar of 20 voxels without columns 4 and 5, and 9 and 10: remainders 0-3, 6-8 and 11-19.
    image = make_image((1, 3, 20))
    image.hu[0, 1] = 200
    image.hu[0, 1, [2, 7, 15]] = [300, 310, 320]
    whole = Mask.from_indices(np.argwhere(image.hu >= 130))
    # What was taken out may reach beyond the lesion.
    part = Mask.from_indices(np.array([[0, y, x] for x in (4, 5, 9, 10) for y in (0, 1)]))
    in_the_middle = [seed_at(image, (0, 1, 6))]
    expected = [image.geometry.voxel_center((0, 1, x)) for x in (2, 15)]
    assert list(rest_of(image, whole, part, in_the_middle, PROTOCOL)) == expected
    assert len(rest_of(image, whole, part, [], PROTOCOL)) == 3
