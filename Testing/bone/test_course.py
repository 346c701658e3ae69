"""The course of the spine around a point, against a tube and the digital torso's own axes."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.bone.course import spine_course
from CACBoneAxisLib.bone.locate import REACH_MM
from CACBoneAxisLib.bone.oblique import Block, block_around
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

INCREMENT_MM = 5.0
# A step of the search is 1 degree.
DEGREES = 2.0


def tube(left: float, back: float, slices: int = 19, noise: float = 0.0) -> Block:
    """A bright wall around spongy bone that leads so far to the left and to the back per mm."""
    z, y, x = np.meshgrid(np.arange(slices), np.arange(130), np.arange(116), indexing="ij")
    along = (z - slices // 2) * INCREMENT_MM
    radius = np.hypot(x - 58 - left * along, (y - 60 - back * along) * 1.3)
    hu = np.where(radius < 18, 120.0, np.where(radius < 20, 400.0, 30.0))
    hu += np.random.default_rng(1).normal(0, noise, hu.shape) if noise else 0
    geometry = ImageGeometry(hu.shape, (1.0, 1.0, INCREMENT_MM), (-58.0, -60.0, -(slices // 2) * INCREMENT_MM))
    return Block(hu.astype(np.float32), geometry, 400.0)


def degrees(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(min(1.0, one @ other / np.linalg.norm(other)))))


@pytest.mark.parametrize(("left", "back"), [(0.0, 0.0), (0.25, -0.1), (-0.35, 0.2)])
def test_a_tilted_tube_is_followed_through_noise(left, back):
    course = spine_course(tube(left, back, noise=40.0), np.array([6.0, -4.0, 3.0]), INCREMENT_MM)
    assert np.linalg.norm(course) == pytest.approx(1.0)
    # A point 3 mm up the tube is on it still.
    assert degrees(course, np.array([left, back, 1.0])) < DEGREES


def test_fewer_slices_than_a_body_say_nothing():
    assert spine_course(tube(0.1, 0.0, slices=5), np.zeros(3), INCREMENT_MM) is None


def test_in_a_tilted_torso_of_thick_slices_it_is_the_axis_of_the_bodies():
    torso = make_torso(
        TorsoParameters.spine(
            rods=False,
            z_range_mm=(-84.0, 40.0),
            slice_increment_mm=INCREMENT_MM,
            rotation_degrees=(8.0, 15.0, 0.0),
            field_of_view_mm=(190.0, 170.0),
        )
    )
    row = next(row for row in torso.truth["bone"]["vertebrae"] if row["level"] == "L1")
    point = np.add(row["center_lps_mm"], (8, -5, 4))
    block = block_around(torso.image.hu, torso.image.geometry, point, REACH_MM)
    # The spine of the torso bends by some degrees over the length that is looked at.
    assert degrees(spine_course(block, point, INCREMENT_MM), np.array(row["axis_lps"])) < 4.0
