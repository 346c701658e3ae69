from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.orient import to_axial

# Positions are computed twice in double precision from numbers below 1000 mm.
ROUNDING_MM = 1e-9


def rotation(degrees_about_x: float, degrees_about_z: float) -> np.ndarray:
    a, b = np.radians([degrees_about_x, degrees_about_z])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return about_x @ about_z


def a_stored_image(
    order: tuple[int, ...], signs: tuple[int, ...], turn: np.ndarray
) -> tuple[np.ndarray, ImageGeometry]:
    shape = (4, 3, 5)
    direction = np.stack([sign * turn[:, axis] for axis, sign in zip(order, signs, strict=True)], axis=1)
    geometry = ImageGeometry(shape, (0.5, 0.7, 3.0), (1.0, -2.0, 3.5), tuple(map(tuple, direction.tolist())))
    return np.arange(60, dtype=np.int16).reshape(shape), geometry


@pytest.mark.parametrize("turn", [np.eye(3), rotation(20, -30)], ids=["straight", "oblique"])
@pytest.mark.parametrize("signs", list(product([1, -1], repeat=3)))
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_voxel_keeps_its_value_and_its_place(order, signs, turn):
    array, geometry = a_stored_image(order, signs, turn)
    view, axial = to_axial(array, geometry)
    by_value = {int(array[z, y, x]): geometry.to_lps([x, y, z]) for z, y, x in np.ndindex(array.shape)}
    for z, y, x in np.ndindex(view.shape):
        assert np.allclose(axial.to_lps([x, y, z]), by_value[int(view[z, y, x])], atol=ROUNDING_MM)
    assert axial.shape == view.shape


@pytest.mark.parametrize("turn", [np.eye(3), rotation(20, -30)], ids=["straight", "oblique"])
@pytest.mark.parametrize("signs", list(product([1, -1], repeat=3)))
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_axes_become_left_back_and_head_and_nothing_is_turned(order, signs, turn):
    _, axial = to_axial(*a_stored_image(order, signs, turn))
    assert np.allclose(np.asarray(axial.direction), turn, atol=1e-12)


def test_the_result_is_a_view_of_the_same_memory():
    array, geometry = a_stored_image((2, 0, 1), (-1, 1, -1), np.eye(3))
    view, _ = to_axial(array, geometry)
    assert np.shares_memory(view, array)


def test_an_axial_image_is_left_as_it_is():
    array, geometry = a_stored_image((0, 1, 2), (1, 1, 1), np.eye(3))
    view, axial = to_axial(array, geometry)
    assert axial == geometry
    assert view.strides == array.strides


def test_no_minus_zero_is_left_in_the_directions():
    _, axial = to_axial(*a_stored_image((0, 1, 2), (-1, -1, 1), np.eye(3)))
    assert not np.signbit(np.asarray(axial.direction)).any()
