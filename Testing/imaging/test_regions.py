from __future__ import annotations

from math import pi

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.regions import REGION_SHAPES, Region

GEOMETRY = ImageGeometry((20, 30, 40), (0.5, 0.6, 1.5), (-10.0, -9.0, -15.0))


def a_turn(seed: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]


def brute_force(region: Region, geometry: ImageGeometry) -> np.ndarray:
    """Every voxel centre of the image, one by one, in the region's own axes."""
    inside = np.zeros(geometry.shape, dtype=bool)
    half = np.asarray(region.size_mm) / 2
    for z, y, x in np.ndindex(geometry.shape):
        offset = geometry.to_lps([x, y, z]) - region.center_mm
        u, v, w = (float(offset @ np.asarray(region.axes)[:, n]) / half[n] for n in range(3))
        inside[z, y, x] = {
            "box": max(abs(u), abs(v), abs(w)) <= 1,
            "ellipsoid": u * u + v * v + w * w <= 1,
            "elliptic-cylinder": u * u + v * v <= 1 and abs(w) <= 1,
        }[region.shape]
    return inside


@pytest.mark.parametrize("shape", REGION_SHAPES)
@pytest.mark.parametrize("seed", [1, 2])
def test_voxels_are_those_that_brute_force_finds(shape, seed):
    axes = tuple(map(tuple, a_turn(seed).tolist()))
    region = Region((0.3, -0.2, 0.1), (9.0, 7.0, 11.0), axes, shape)
    found = region.voxels(GEOMETRY)
    expected = brute_force(region, GEOMETRY)
    assert np.array_equal(found.mask.filled(GEOMETRY.shape), expected)
    assert found.within == found.total == expected.sum()


@pytest.mark.parametrize(("shape", "part"), [("box", 1.0), ("ellipsoid", pi / 6), ("elliptic-cylinder", pi / 4)])
def test_many_voxels_fill_the_volume_of_the_shape(shape, part):
    fine = ImageGeometry((80, 80, 80), (0.25, 0.25, 0.25), (-10.0, -10.0, -10.0))
    found = Region((0.01, 0.02, 0.03), (12.0, 14.0, 16.0), shape=shape).voxels(fine)
    # 5 % of a voxel's width over the surface stays below 1 % of this volume.
    assert found.within * fine.voxel_volume_mm3 == pytest.approx(part * 12 * 14 * 16, rel=0.01)


def test_a_voxel_centre_on_the_surface_is_inside():
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert Region((2.0, 2.0, 2.0), (2.0, 2.0, 2.0), shape="box").voxels(grid).within == 27
    assert Region((2.0, 2.0, 2.0), (2.0, 2.0, 2.0), shape="ellipsoid").voxels(grid).within == 7
    assert Region((2.0, 2.0, 2.0), (2.0, 2.0, 2.0), shape="elliptic-cylinder").voxels(grid).within == 15


def test_what_leaves_the_image_is_counted():
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    found = Region((0.0, 2.0, 2.0), (2.0, 2.0, 2.0), shape="box").voxels(grid)
    assert (found.within, found.total) == (18, 27)
    far = Region((100.0, 2.0, 2.0), (2.0, 2.0, 2.0), shape="box").voxels(grid)
    assert (far.mask, far.within, far.total) == (None, 0, 27)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("end", "kept"), [(0.0, slice(0, 2)), (4.0, slice(3, 5))])
def test_the_first_and_the_last_layer_of_the_image_belong_to_a_region_across_its_border(axis, end, kept):
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    middle = [2.0, 2.0, 2.0]
    middle[axis] = end
    found = Region(tuple(middle), (2.0, 2.0, 2.0), shape="box").voxels(grid)
    expected = np.zeros((5, 5, 5), dtype=bool)
    expected[tuple(kept if n == axis else slice(1, 4) for n in (2, 1, 0))] = True
    assert np.array_equal(found.mask.filled(grid.shape), expected)
    assert (found.within, found.total) == (18, 27)


def test_a_region_between_voxel_centres_is_empty():
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    found = Region((2.5, 2.5, 2.5), (0.4, 0.4, 0.4), shape="box").voxels(grid)
    assert (found.mask, found.within, found.total) == (None, 0, 0)


def test_a_region_far_larger_than_the_image_is_met_with_it_first():
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    # A million kilometres a side would not fit into any memory.
    found = Region((2.0, 2.0, 2.0), (1e12, 1e12, 1e12), shape="box").voxels(grid)
    assert found.within == 125
    assert found.total == pytest.approx(1e36)


def test_the_volume_stands_for_the_count_where_the_region_is_larger_than_the_image():
    grid = ImageGeometry((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    found = Region((2.0, 2.0, 102.0), (120.0, 120.0, 200.0), shape="elliptic-cylinder").voxels(grid)
    assert found.within == 75  # slices 2, 3 and 4; the cylinder begins at z = 2 and is far wider than the image
    assert found.total == pytest.approx(pi / 4 * 120 * 120 * 200, abs=1)
