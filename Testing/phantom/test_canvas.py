"""Partial volume at edges, against exact areas and brute-force sampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.phantom.canvas import Brush, Frame, Patch, Slab, block_mean, coverage


def frame(rotation=None, thickness_mm=3.0, scale=1.0):
    geometry = ImageGeometry((8, 40, 50), (0.7, 0.7, 3.0), (-17.15, -13.65, -10.5))
    return Frame(geometry, thickness_mm, np.eye(3) if rotation is None else rotation, scale)


def test_coverage_of_a_plane_along_the_grid_is_exact():
    x = np.arange(10.0)[None, None, :] * np.ones((3, 4, 1))
    assert coverage(x - 4.3)[1, 1] == pytest.approx([1, 1, 1, 1, 0.8, 0, 0, 0, 0, 0])


def test_coverage_does_not_depend_on_the_scale_of_the_function():
    f = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32)
    assert coverage(f) == pytest.approx(coverage(7 * f), abs=1e-5)


def test_an_ellipsoid_painted_by_edge_planes_has_its_analytic_volume():
    def ball(x, y, z):
        return (x / 9) ** 2 + (y / 7) ** 2 + (z / 8) ** 2 - 1

    slab = Slab(frame(), 0, 8, background_hu=0.0)
    slab.paint((-9, -7, -8), (9, 7, 8), ball, 1.0)
    volume = slab.hu.sum() * 0.7 * 0.7 * 3.0
    first_order = 0.04  # the edge is taken as a plane in each voxel, 3 mm thick on a radius of 8 mm
    assert volume == pytest.approx(4 / 3 * np.pi * 9 * 7 * 8, rel=first_order)


def test_painting_in_slabs_gives_what_painting_at_once_gives():
    def ball(x, y, z):
        return x**2 + y**2 + z**2 - 81

    whole = Slab(frame(), 0, 8)
    whole.paint((-9, -9, -9), (9, 9, 9), ball, 40.0)
    parts = [Slab(frame(), a, b) for a, b in ((0, 3), (3, 4), (4, 8))]
    for part in parts:
        part.paint((-9, -9, -9), (9, 9, 9), ball, 40.0)
    assert np.array_equal(whole.hu, np.concatenate([part.hu for part in parts]))


def test_a_turned_patient_is_sampled_where_the_rotation_puts_him():
    turn = Rotation.from_euler("z", 30, degrees=True).as_matrix()
    turned = frame(turn)
    bounds = ((2, 5), (10, 20), (10, 20))
    x, y, z = np.broadcast_arrays(*turned.coordinates(bounds))
    back = turned.to_scan(np.stack([x, y, z], axis=-1))
    straight = np.stack(np.broadcast_arrays(*frame().coordinates(bounds)), axis=-1)
    assert back == pytest.approx(straight, abs=1e-4)


def test_bounds_of_a_box_hold_every_voxel_in_it_and_none_is_none():
    (z, y, x) = frame().bounds(np.array([-3.0, -2.0, -4.0]), np.array([3.0, 2.0, 4.0]), 0.0)
    assert (x[0] * 0.7 - 17.15, (x[1] - 1) * 0.7 - 17.15) == (pytest.approx(-3, abs=0.7), pytest.approx(3, abs=0.7))
    assert z[1] - z[0] >= 3
    assert y[0] > 0
    assert frame().bounds(np.array([100.0, 0, 0]), np.array([101.0, 1, 1])) is None


def test_block_mean_is_the_mean_of_each_block():
    fine = np.arange(48, dtype=np.float32).reshape(2, 4, 6)
    expected = np.array([[fine[:, i : i + 2, j : j + 3].mean() for j in (0, 3)] for i in (0, 2)])[None]
    assert block_mean(fine, (2, 2, 3)) == pytest.approx(expected)


def test_a_patch_covers_what_is_below_and_adds_its_colour():
    slab = Slab(frame(), 2, 4, background_hu=100.0)
    brush = Brush(frame(), ((1, 3), (0, 10), (0, 10)), (2, 2, 2))
    brush.blend(np.full(brush.shape, 0.25, dtype=np.float32), 500.0)
    slab.compose(brush.patch())
    assert slab.hu[0, 5, 5] == pytest.approx(0.75 * 100 + 0.25 * 500)
    assert slab.hu[1, 5, 5] == 100.0
    slab.compose(Patch(((2, 3), (0, 10), (0, 10)), np.full((1, 10, 10), 7.0, dtype=np.float32), 1.0))
    assert slab.hu[0, 5, 5] == pytest.approx(207.0)
