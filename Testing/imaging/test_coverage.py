"""What of heart and spine a scan shows, on the torso whose places are known and on a real chest CT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.imaging.coverage import claimed, estimate_coverage
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.phantom import TorsoParameters, make_torso


@pytest.fixture(scope="module")
def torso() -> CTImage:
    return make_torso(TorsoParameters.small()).image


@pytest.fixture(scope="module")
def chest(shared_data) -> CTImage:
    return read_ct(shared_data / "chest" / "ct.nrrd")


def part(image: CTImage, low: int, high: int, rows=slice(None), columns=slice(None)) -> CTImage:
    """Slices low to high (and rows and columns) of an image."""
    hu = image.hu[low:high, rows, columns]
    return CTImage(hu, replace(image.geometry, shape=hu.shape))


def between_heights(image: CTImage, low_mm: float, high_mm: float) -> CTImage:
    """The slices of the torso between two heights; 0 is the disc between T12 and L1."""
    heights = image.geometry.origin_mm[2] + image.geometry.spacing_mm[2] * np.arange(image.hu.shape[0])
    inside = np.nonzero((heights >= low_mm) & (heights <= high_mm))[0]
    return part(image, int(inside[0]), int(inside[-1]) + 1)


def test_a_whole_torso_shows_heart_and_spine(torso):
    found = estimate_coverage(torso)
    assert (found.heart, found.above, found.below, found.spine) == ("whole", True, True, True)
    assert dict(found.levels) == {"T12": "whole", "L1": "whole", "L2": "whole"}


@pytest.mark.parametrize(
    ("low", "high", "heart"),
    # The torso's coronaries lie between 84 and 183 mm, its lungs between 53 and 272.
    [(84, 200, "whole"), (84, 272, "whole"), (130, 272, "part"), (60, 135, "part"), (-110, 20, "none")],
)
def test_a_part_of_the_torso_shows_its_part_of_the_heart(torso, low, high, heart):
    assert estimate_coverage(between_heights(torso, low, high)).heart == heart


@pytest.mark.parametrize(
    ("slices", "heart"),
    [((0, 61), "whole"), ((14, 40), "whole"), ((20, 40), "part"), ((14, 30), "part"), ((30, 61), "part")],
)
def test_a_part_of_a_real_chest_shows_its_part_of_the_heart(chest, slices, heart):
    """Calcium of the four arteries lies in slices 21 to 33."""
    assert estimate_coverage(part(chest, *slices)).heart == heart


def test_a_field_of_view_that_cuts_the_lungs_is_understood(chest):
    # 170 x 182 mm around the heart.
    crop = slice(130, 400), slice(130, 420)
    assert estimate_coverage(part(chest, 14, 40, *crop)).heart == "whole"
    assert estimate_coverage(part(chest, 22, 40, *crop)).heart == "part"


def test_a_real_chest_ends_in_the_first_lumbar_vertebra(chest):
    found = estimate_coverage(chest)
    assert dict(found.levels) == {"T12": "whole", "L1": "part", "L2": "none"}
    assert dict(estimate_coverage(part(chest, 13, 61)).levels) == {"T12": "none", "L1": "none", "L2": "none"}


@pytest.mark.parametrize("name", ["spine/ct.nii.gz", "dicom/contrast_series"])
def test_an_abdomen_shows_no_heart_and_its_levels_are_not_guessed(shared_data, name):
    found = estimate_coverage(read_ct(shared_data / name))
    assert found.heart == "none"
    assert set(found.levels.values()) == {None}


@pytest.mark.parametrize("value", [-1000, 40])
def test_where_there_is_nothing_to_tell_it_from_nothing_is_told(value):
    hu = np.full((10, 40, 40), value, dtype=np.int16)
    found = estimate_coverage(CTImage(hu, ImageGeometry(hu.shape, (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))))
    assert found.heart is None
    assert set(found.levels.values()) <= {None, "none"}


def a_part_of_a_body(width_mm, height_mm, skull=False) -> CTImage:
    """An ellipse of soft tissue in air, with bone around it or in its middle; 40 slices of 3 mm, pixels of 1 mm."""
    y, x = np.mgrid[:256, :256] - 128.0
    inside = (x / width_mm * 2) ** 2 + (y / height_mm * 2) ** 2
    plane = np.where(inside < 1, 40, -1000)
    plane[(inside < 0.95) & (inside > 0.8) if skull else (x**2 + y**2 < 15**2)] = 900
    hu = np.repeat(plane[None].astype(np.int16), 40, axis=0)
    return CTImage(hu, ImageGeometry((40, 256, 256), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0)))


@pytest.mark.parametrize(("size", "skull"), [((150, 190), True), ((160, 160), False), ((100, 90), False)])
def test_a_head_and_a_leg_show_neither_heart_nor_spine(size, skull):
    found = estimate_coverage(a_part_of_a_body(*size, skull))
    assert (found.heart, set(found.levels.values())) == ("none", {"none"})


def test_what_is_smaller_than_any_limb_is_a_phantom_of_which_nothing_is_told():
    assert estimate_coverage(a_part_of_a_body(56, 56)).levels["L1"] is None


def test_a_body_part_in_the_header_counts_where_no_lung_contradicts_it(torso):
    crop = part(torso, 0, 6, slice(60, 90), slice(60, 90))
    silent = estimate_coverage(crop)
    assert silent.heart is None
    assert claimed(silent, "KNEE").heart == "none" and set(claimed(silent, "head").levels.values()) == {"none"}
    assert claimed(silent, "LSPINE").levels == silent.levels and claimed(silent, "CHEST") == silent
    whole = estimate_coverage(torso)
    assert claimed(whole, "HEAD") == whole
