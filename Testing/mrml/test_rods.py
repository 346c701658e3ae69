"""The rods of a phantom over the CT."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent.parent / "bone"))

from phantom_maker import ROD_Y, SPACING, scan  # noqa: E402

from CACBoneAxisLib.bone.calibration import Calibration  # noqa: E402
from CACBoneAxisLib.bone.phantomscan import calibrate_in_scan  # noqa: E402
from CACBoneAxisLib.bone.rods import RodAxis  # noqa: E402
from CACBoneAxisLib.imaging.geometry import ImageGeometry  # noqa: E402
from CACBoneAxisLib.mrml.rods import add_rod_points, disc_mask, rod_centers_ras_mm, rod_names, rod_segments  # noqa: E402

HU = (10.0, 130.0, 250.0)


@pytest.fixture(scope="module")
def image():
    return scan(HU, kvp=120.0)


@pytest.fixture(scope="module")
def found(image):
    return calibrate_in_scan(image, Calibration("phantom", phantom="image-analysis"))


def test_a_rod_is_shown_where_it_is_measured_in_every_slice(image, found):
    segments = rod_segments(found, image.geometry)
    assert [segment.name for segment in segments] == ["Rod 1", "Rod 2", "Rod 3"]
    for number, segment in enumerate(segments):
        (mask,) = segment.masks
        indices = mask.indices()
        assert set(indices[:, 0]) == set(range(30))
        points = image.geometry.to_lps(indices[:, ::-1])
        center = SPACING * (number - 1), ROD_Y
        # The rod of 7 mm is measured in 0.6 of its radius; found within a voxel.
        assert np.hypot(points[:, 0] - center[0], points[:, 1] - center[1]).max() < 0.6 * 9.5 + 1
        assert image.hu[mask.slices][mask.voxels].mean() == pytest.approx(HU[number], abs=1)


def test_rods_of_another_number_are_shown_by_number(image):
    other = calibrate_in_scan(image, Calibration("phantom", phantom="mindways"))
    assert other.calibration is None
    assert rod_names(other) == ["1", "2", "3"]
    assert len(rod_segments(other, image.geometry)) == 3


def test_a_tilted_rod_is_followed():
    geometry = ImageGeometry((20, 60, 60), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
    mask = disc_mask(RodAxis(20.0, 30.0, 0.5, 0.0, 10.0), geometry)
    for z in range(20):
        plane = mask.indices()[mask.indices()[:, 0] == z]
        assert plane[:, 2].mean() == pytest.approx(20 + 0.5 * 2 * z, abs=0.6)
    assert disc_mask(RodAxis(-90.0, 30.0, 0.0, 0.0, 10.0), geometry) is None


def test_points_that_the_reader_moves_are_where_rods_are_measured(scene, image, found):
    node = add_rod_points(found, image.geometry, scene)
    centers = rod_centers_ras_mm(node)
    again = calibrate_in_scan(
        image,
        Calibration(
            "phantom", phantom="image-analysis", rod_centers_ras_mm=tuple(map(tuple, centers)), rod_radius_mm=7
        ),
    )
    assert again.given
    assert again.calibration.slope == pytest.approx(found.calibration.slope, rel=0.01)
    node.SetNthControlPointPosition(2, centers[2][0] + 20, centers[2][1], centers[2][2])
    assert rod_centers_ras_mm(node)[2][0] == pytest.approx(centers[2][0] + 20)
    assert rod_centers_ras_mm(None) == []
