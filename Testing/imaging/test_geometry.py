from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing


def turned(degrees: float, **changes) -> ImageGeometry:
    """Slices turned about the patient's left-right axis."""
    c, s = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    return ImageGeometry(
        (3, 4, 5), (0.5, 0.75, 3.0), (10.0, -20.0, 30.0), ((1, 0, 0), (0, c, -s), (0, s, c)), **changes
    )


def test_areas_and_volumes_by_hand():
    geometry = turned(0)
    assert geometry.pixel_area_mm2 == 0.375
    assert geometry.voxel_volume_mm3 == 1.125
    assert geometry.slice_increment_mm == 3.0


def test_positions_of_a_straight_image_by_hand():
    assert turned(0).to_lps([2, 4, 1]).tolist() == [11.0, -17.0, 33.0]


def test_positions_of_a_turned_image_by_hand():
    # At 90 degrees rows go down the patient's axis: y index to S, z index to front.
    assert np.allclose(turned(90).to_lps([2, 4, 1]), [11.0, -23.0, 33.0])


def test_index_undoes_position():
    points = np.random.default_rng(0).normal(0, 100, (4, 7, 3))
    assert np.allclose(turned(33).to_lps(turned(33).to_index(points)), points)


@pytest.mark.parametrize("degrees", [0.0, 4.9, 5.1, 30.0, 90.0])
def test_the_tilt_is_the_angle_of_the_slices(degrees):
    assert turned(degrees).slice_tilt_degrees == pytest.approx(degrees, abs=1e-6)
    assert turned(-degrees).slice_tilt_degrees == pytest.approx(degrees, abs=1e-6)


def test_turning_within_the_slice_is_no_tilt():
    c, s = np.cos(0.4), np.sin(0.4)
    assert ImageGeometry((1, 1, 1), (1, 1, 1), (0, 0, 0), ((c, -s, 0), (s, c, 0), (0, 0, 1))).slice_tilt_degrees == 0


def test_single_and_double_precision_spacings_become_the_same_digits():
    for spacing in (0.6269531, 0.488, 2.5, 0.9765625, 1 / 3, 0.703125):
        stored = round_spacing(spacing)
        assert round_spacing(float(np.float32(stored))) == stored
