"""Distances from ellipsoids, tubes and paths, against geometry worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.phantom.canvas import Frame, Slab
from CACBoneAxisLib.phantom.shapes import Curve, Ellipsoid, Profile, Tubes, edge, frame_along


def test_a_sphere_is_zero_on_its_surface_and_its_distance_is_exact():
    ball = Ellipsoid((1, 2, 3), (5, 5, 5))
    x, y, z = (np.array([v], dtype=np.float32) for v in (1 + 8, 2, 3))
    assert ball.distance(x, y, z) == pytest.approx([3.0], abs=1e-4)
    assert ball(np.array([6.0]), np.array([2.0]), np.array([3.0])) == pytest.approx([0.0], abs=1e-5)


def test_an_oblique_ellipsoid_fits_its_box():
    axes = frame_along((1.0, 1.0, 0.3))
    shape = Ellipsoid((0, 0, 0), (9, 4, 3), axes)
    directions = np.random.default_rng(3).normal(size=(20000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = (directions * [9, 4, 3]) @ np.array(axes)
    assert shape(*points.T) == pytest.approx(0, abs=1e-4)
    assert points.max(axis=0) == pytest.approx(np.array(shape.box[1]), rel=0.02)  # random points miss the very tips


def test_axes_along_a_direction_are_orthonormal():
    axes = np.array(frame_along((0.3, -2.0, 5.0)))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.array(frame_along((0.0, 0.0, 1.0))) @ np.array([0, 0, 1]) == pytest.approx([1, 0, 0])


def test_a_curve_runs_evenly_through_its_points():
    quarter = [(10 * np.cos(a), 10 * np.sin(a), 0) for a in np.linspace(0, np.pi / 2, 7)]
    curve = Curve(quarter)
    assert curve.length_mm == pytest.approx(5 * np.pi, rel=1e-3)
    assert curve.point(0.5) == pytest.approx([10 / np.sqrt(2)] * 2 + [0], abs=0.02)
    assert curve.tangent(0.5) == pytest.approx([-1 / np.sqrt(2), 1 / np.sqrt(2), 0], abs=0.01)


def test_a_profile_meets_its_knots_and_stays_flat_beyond():
    profile = Profile((0, 10, 20), (5, 7, 6))
    assert profile(np.array([-30.0, 0.0, 10.0, 20.0, 50.0])) == pytest.approx([5, 5, 7, 6, 6])


def test_distance_from_a_tapered_tube_agrees_with_brute_force():
    geometry = ImageGeometry((6, 20, 20), (1.0, 1.0, 1.0), (-9.5, -9.5, -2.5))
    frame = Frame(geometry, 1.0, np.eye(3))
    a, b, ra, rb = np.array([-4.0, -2.0, -1.0]), np.array([5.0, 3.0, 1.5]), 2.0, 1.0
    tube = Tubes([a], [b], [ra], [rb])
    (z, y, x), distance = tube.distance(Slab(frame, 0, 6), 3.0)
    t = np.linspace(0, 1, 2001)
    for k, j, i in ((0, 0, 0), (2, 4, 5), (3, 6, 9), (2, 3, 2)):
        p = geometry.to_lps([x[0] + i, y[0] + j, z[0] + k])
        along = np.linalg.norm(p - (a + t[:, None] * (b - a)), axis=1)
        nearest = along.argmin()
        expected = along[nearest] - (ra + t[nearest] * (rb - ra))
        assert distance[k, j, i] == pytest.approx(min(expected, 3.0), abs=0.01)


def test_a_tube_far_from_the_slab_is_nothing():
    frame = Frame(ImageGeometry((4, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), 1.0, np.eye(3))
    assert Tubes([(0, 0, 50)], [(1, 1, 51)], [1], [1]).distance(Slab(frame, 0, 4)) is None


def test_an_edge_is_one_voxel_wide():
    assert edge(np.array([-1.0, -0.35, 0.0, 0.175, 0.35]), 0.7) == pytest.approx([1, 1, 0.5, 0.25, 0])
