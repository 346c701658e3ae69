"""The wall and the canal of a cross-section that was drawn."""

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.bone.walls import (
    _ellipses,
    _outline,
    cross_section_axes,
    find_canal,
    find_wall,
    with_posterior_wall,
)

HALF_WIDTH, HALF_DEPTH = 20.0, 15.0


def section(spongy=120.0, shift=(3.0, -4.0), cortex=300.0, noise=10.0):
    """An elliptic body with a wall of 2 mm, a round canal of 8 mm radius behind it within bone, in muscle."""
    u, v = (a - b for a, b in zip(np.meshgrid(*cross_section_axes(), indexing="ij"), shift, strict=True))
    hu = np.full(u.shape, 50.0)
    arch = np.hypot(u, v - HALF_DEPTH - 8) < 14
    hu[arch] = cortex
    radius = np.hypot(u / HALF_WIDTH, v / HALF_DEPTH)
    hu[radius < 1] = cortex
    hu[np.hypot(u / (HALF_WIDTH - 2), v / (HALF_DEPTH - 2)) < 1] = spongy
    hu[np.hypot(u, v - HALF_DEPTH - 8.5) < 8] = 20.0
    return hu + np.random.default_rng(1).normal(0, noise, hu.shape)


@pytest.mark.parametrize("spongy", [40.0, 120.0, 220.0])
def test_the_wall_is_where_it_was_drawn(spongy):
    drawn = section(spongy)
    wall = find_wall(drawn, 12.0)
    wall = with_posterior_wall(drawn, wall, find_canal(np.repeat(drawn[..., None], 9, axis=2), wall))
    # Real bodies are hollowed towards the canal by 2 mm, which is what the canal's border is taken for.
    assert (wall.left_mm, wall.back_mm) == pytest.approx((3.0, -4.0), abs=2.0)
    assert (wall.half_width_mm, wall.half_depth_mm) == pytest.approx((HALF_WIDTH, HALF_DEPTH), abs=2.0)
    assert wall.seen > 0.6


def test_the_canal_is_behind_and_enclosed():
    drawn = section()
    canal = find_canal(np.repeat(drawn[..., None], 9, axis=2), find_wall(drawn, 12.0))
    assert (canal.left_mm, canal.back_mm) == pytest.approx((3.0, HALF_DEPTH + 4.5), abs=3.0)
    assert canal.enclosed > 0.95
    assert canal.hu == pytest.approx(20, abs=10)


def test_muscle_alone_has_no_wall():
    flat = np.full(section().shape, 50.0) + np.random.default_rng(1).normal(0, 10, section().shape)
    wall = find_wall(flat, 12.0)
    assert wall is None or wall.seen < 0.1


def test_the_outline_is_a_circle_in_front_whose_normals_are_its_radii():
    x, y, normal_x, normal_y, weight = _outline()
    front = np.arange(19, 36)  # 190 to 350 degrees: these and their neighbours lie on the circle
    angle = np.radians(10 * front)
    assert np.allclose([x[front], y[front]], [np.cos(angle), np.sin(angle)])
    assert np.allclose([normal_x[front], normal_y[front]], [np.cos(angle), np.sin(angle)])
    assert np.allclose(np.hypot(normal_x, normal_y), 1)
    # Behind, in the middle, the outline is hollowed by 0.14 and faces the canal.
    assert (x[9], y[9], normal_x[9], normal_y[9]) == pytest.approx((0, 0.86, 0, 1), abs=1e-9)
    # Where pedicles and ribs join, a point weighs 0.35 of the others.
    assert np.unique(weight / weight.max()).tolist() == pytest.approx([0.35, 1])
    assert weight.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("half_width", "half_depth", "tried"),
    # A body is 0.95 to 1.9 times as wide as deep, 16 to 44 mm deep and from 20 mm wide.
    [
        (14.3, 15.0, True),
        (14.2, 15.0, False),
        (28.4, 15.0, True),
        (28.6, 15.0, False),
        (10.0, 8.0, True),
        (10.0, 7.9, False),
        (9.9, 8.0, False),
        (25.0, 22.0, True),
        (25.0, 22.1, False),
    ],
)
def test_only_the_shapes_of_bodies_are_tried(half_width, half_depth, tried):
    half = np.array([half_width]), np.array([half_depth])
    assert len(_ellipses(section(), (np.zeros(1), np.zeros(1)), *half, 120.0, 1)) == tried


@pytest.mark.parametrize(("hu", "seen"), [(81.0, 0.0), (131.0, 0.5), (181.0, 1.0), (281.0, 1.0)])
def test_a_wall_counts_from_nothing_at_60_hu_to_fully_at_160_hu(hu, seen):
    # A body of the outline's shape without cortex, 200 HU above what is around it, blurred by 0.8 mm: 1 mm within
    # its border 10.6 % of the step is lost, 21 HU, and across the border it falls by more than counts fully.
    x, y, *_ = _outline()
    u, v = np.meshgrid(*cross_section_axes(), indexing="ij")
    border = np.interp(np.arctan2(v / HALF_DEPTH, u / HALF_WIDTH), np.arctan2(y, x), np.hypot(x, y), period=2 * np.pi)
    body = np.clip((border - np.hypot(u / HALF_WIDTH, v / HALF_DEPTH)) * HALF_DEPTH + 0.5, 0, 1)
    section = ndimage.gaussian_filter(hu - 200.0 * (1 - body), 0.8)
    half = np.array([HALF_WIDTH]), np.array([HALF_DEPTH])
    _, wall = _ellipses(section, (np.zeros(1), np.zeros(1)), *half, hu, 1)[0]
    # Read in the nearest pixel of 1 mm, a little of it outside: 0.1 less.
    assert wall.seen == pytest.approx(seen, abs=0.12)
