"""The wall and the canal of a cross-section that was drawn."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.walls import cross_section_axes, find_canal, find_wall, with_posterior_wall

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
