"""The working block, against a plane whose values are known everywhere."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.oblique import block_around
from CACBoneAxisLib.imaging.geometry import ImageGeometry

GEOMETRY = ImageGeometry((40, 120, 110), (0.6, 0.7, 1.0), (-30.0, -40.0, 5.0))


def ramp():
    z, y, x = np.meshgrid(*(np.arange(n) for n in GEOMETRY.shape), indexing="ij")
    points = GEOMETRY.to_lps(np.stack([x, y, z], axis=-1))
    return (2 * points[..., 0] - points[..., 1] + 3 * points[..., 2]).astype(np.float32)


def test_samples_of_a_plane_are_the_plane_however_the_axes_stand():
    block = block_around(ramp(), GEOMETRY, np.array([0.0, 0.0, 25.0]), (20,) * 6)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    u, v, w = np.arange(-3, 4.0), np.arange(-2, 3.0), np.arange(-4, 5.0)
    found = block.grid(np.array([1.0, 2.0, 25.0]), turn, u, v, w)
    points = np.einsum("ia,uvwa->uvwi", turn, np.stack(np.meshgrid(u, v, w, indexing="ij"), axis=-1))
    points = np.add(points, (1, 2, 25))
    assert found == pytest.approx(2 * points[..., 0] - points[..., 1] + 3 * points[..., 2], abs=0.01)


def test_voxels_are_averaged_to_the_working_size_and_their_place_is_kept():
    block = block_around(ramp(), GEOMETRY, np.array([0.0, 0.0, 25.0]), (20,) * 6)
    assert block.geometry.spacing_mm == pytest.approx((1.2, 1.4, 1.0))


def test_outside_is_not_a_number_and_a_point_outside_has_no_block():
    block = block_around(ramp(), GEOMETRY, np.array([0.0, 0.0, 25.0]), (20,) * 6)
    assert np.isnan(block.at(np.array([[0.0, 0.0, 90.0]]))).all()
    assert block_around(ramp(), GEOMETRY, np.array([0.0, 0.0, 90.0]), (20,) * 6) is None


def test_what_is_far_brighter_than_bone_is_clipped_but_remembered():
    hu = ramp().astype(np.int16)
    hu[20, 57, 50] = 3000
    block = block_around(hu, GEOMETRY, np.array([0.0, 0.0, 25.0]), (20,) * 6)
    assert block.maximum_hu == 3000
    assert block.hu.max() <= 700
