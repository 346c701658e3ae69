"""Endplates of a row of plates whose places are known."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.endplates import FIRST, find_ends, fine
from CACBoneAxisLib.bone.oblique import block_around
from CACBoneAxisLib.imaging.geometry import ImageGeometry

HEIGHT, DISC, ENDPLATE = 24.0, 8.0, 1.2


def row(spongy=120.0, slope=(0.0, 0.0), increment=1.0, middle=0.0, noise=20.0):
    """Bodies and discs one upon the other, everywhere alike across; tilted by slopes to the left and back."""
    fine_z = 5
    geometry = ImageGeometry((round(100 / increment), 60, 60), (1.0, 1.0, increment), (-29.5, -29.5, -50.0))
    z = (np.arange(geometry.shape[0] * fine_z) + 0.5) / fine_z * increment - increment / 2 - 50.0
    x = np.arange(60) - 29.5
    along = z[:, None, None] - slope[0] * x[None, None, :] - slope[1] * x[None, :, None] - middle
    away = np.abs(np.mod(along, HEIGHT + DISC) - (HEIGHT + DISC) / 2)
    hu = np.where(away < DISC / 2, 75.0, np.where(away < DISC / 2 + ENDPLATE, 560.0, spongy))
    hu = hu.reshape(geometry.shape[0], fine_z, 60, 60).mean(axis=1)
    hu += np.random.default_rng(1).normal(0, noise, hu.shape)
    return block_around(hu, geometry, np.zeros(3), (25, 25, 25, 25, 45, 45)), increment


@pytest.mark.parametrize("spongy", [40.0, 120.0, 260.0])
@pytest.mark.parametrize("increment", [1.0, 3.0])
def test_middle_and_height_are_those_it_was_made_with(spongy, increment):
    block, increment = row(spongy, increment=increment, middle=3.0)
    found = find_ends(block, np.zeros(3), np.eye(3), (8.0, 8.0), FIRST, increment)
    found = find_ends(block, np.zeros(3), np.eye(3), (8.0, 8.0), fine(found, 0.03), increment)
    # Steps of 0.5 mm, and the blur that the slices' own is taken for.
    assert found.middle_mm == pytest.approx(3.0, abs=1.0)
    assert found.height_mm == pytest.approx(HEIGHT, abs=2.0)
    assert found.explained > 0.8


def test_the_slopes_are_found():
    block, increment = row(slope=(0.3, -0.2))
    found = find_ends(block, np.zeros(3), np.eye(3), (8.0, 8.0), FIRST, increment)
    assert (found.slope_left, found.slope_back) == pytest.approx((0.3, -0.2), abs=0.1)


def test_a_body_of_one_brightness_has_no_endplates():
    geometry = ImageGeometry((60, 60, 60), (1.0, 1.0, 1.0), (-29.5, -29.5, -29.5))
    block = block_around(np.full(geometry.shape, 100.0), geometry, np.zeros(3), (25,) * 6)
    found = find_ends(block, np.zeros(3), np.eye(3), (8.0, 8.0), FIRST, 1.0)
    assert found is None or found.explained < 0.01
