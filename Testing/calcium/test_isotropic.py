"""Volume in interpolated cubes, against integrals that can be worked out and against spheres of the torso."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.isotropic import isotropic_volume_mm3
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

ISOTROPIC = CalciumProtocol(volume="isotropic", minimum_area_mm2=0.0)


def lesion_of(image: CTImage) -> Mask:
    return Mask.from_indices(np.argwhere(image.hu >= 130))


def test_a_single_slice_ends_where_the_interpolated_values_cross_the_threshold() -> None:
    # 400 HU in one slice of 4 mm between 40 HU: 130 HU is crossed (400 - 130) / 360 = 3/4 of 4 mm away.
    image = make_image((5, 60, 60), (0.1, 0.1, 4.0))
    image.hu[2, 10:50, 10:50] = 400
    # In plane the same crossing is 1/4 of a pixel outside the last centre: less than a cube.
    expected = 4.0 * 4.0 * 2 * 3.0
    cube = 2 * 4.0 * 4.0 * 0.1  # one layer of cubes at either end
    assert isotropic_volume_mm3(image, lesion_of(image), 130) == pytest.approx(expected, abs=cube)


def test_cubes_are_counted_as_they_are_where_nothing_is_to_be_interpolated() -> None:
    image = make_image((8, 20, 20), (0.5, 0.5, 0.5))
    image.hu[3:6, 5:9, 5:10] = 200
    assert isotropic_volume_mm3(image, lesion_of(image), 130) == pytest.approx(60 * 0.125)


def test_two_lesions_side_by_side_share_what_lies_between_and_nothing_twice() -> None:
    image = make_image((5, 20, 40), (0.5, 0.5, 3.0))
    image.hu[2, 5:12, 5:25] = 300
    whole = isotropic_volume_mm3(image, lesion_of(image), 130)
    halves = []
    for columns in (slice(5, 15), slice(15, 25)):
        part = np.zeros(image.hu.shape, dtype=bool)
        part[2, 5:12, columns] = True
        halves.append(isotropic_volume_mm3(image, Mask.from_indices(np.argwhere(part)), 130))
    assert halves[0] == halves[1]
    assert sum(halves) == pytest.approx(whole)


def test_a_cube_half_way_between_two_lesions_is_counted_in_neither() -> None:
    # Slices of 1.25 mm are 2.5 cubes of 0.5 mm: the middle of every fifth cube lies on the border of two slices.
    image = make_image((6, 20, 20), (0.5, 0.5, 1.25))
    image.hu[2:4, 5:15, 5:15] = 300
    lower = np.zeros(image.hu.shape, dtype=bool)
    lower[2, 5:15, 5:15] = True
    # In slices, cubes lie at 1.7 (0.7 of slice 2: 222 HU), 2.1 (more of 2 than of 3), 2.5 (half of each): two count.
    assert isotropic_volume_mm3(image, Mask.from_indices(np.argwhere(lower)), 130) == pytest.approx(2 * 100 * 0.125)


def test_a_lesion_at_the_border_of_the_scan_goes_on_and_is_not_cut() -> None:
    image = make_image((3, 10, 10), (0.5, 0.5, 1.5))
    image.hu[:] = 300
    assert isotropic_volume_mm3(image, lesion_of(image), 130) == pytest.approx(10 * 10 * 3 * 0.375)


def test_spheres_of_the_torso_have_their_volume() -> None:
    # 144 mg/cm3 are 180 HU over blood of 40 HU: 130 HU is half way up their edges, where a blurred edge stays in
    # place. What remains is curvature: the edge of a ball moves inwards when it is blurred (1.2 mm in a ball of 8 mm).
    base = TorsoParameters.heart(noise_sd_hu=0.0)
    balls = tuple(
        replace(c, hydroxyapatite_mg_cm3=144.0, diameter_mm=8.0, length_mm=None)
        for c in base.calcifications
        if (c.territory, c.diameter_mm) in {("LAD", 3.4), ("RCA", 3.0)}
    )
    assert {c.territory for c in balls} == {"LAD", "RCA"}
    torso = make_torso(replace(base, calcifications=balls, slice_increment_mm=0.7))
    result = score_calcium(torso.image, seeds_from([torso.seeds]), ISOTROPIC)
    blurred_inwards = 0.05
    for row in torso.truth["calcium"]["territories"].items():
        territory, truth = row
        if territory in ("LAD", "RCA"):
            volume = result.territories[territory].volume_mm3
            assert volume == pytest.approx(truth["volume_mm3"], rel=blurred_inwards)
            assert volume < truth["volume_mm3"]


def test_the_protocol_chooses_the_volume_and_leaves_the_score_alone() -> None:
    image = make_image((5, 20, 20))
    image.hu[2, 5:12, 5:12] = 400
    seeds = [seed_at(image, (2, 6, 6))]
    raw = score_calcium(image, seeds, CalciumProtocol())
    cubes = score_calcium(image, seeds, CalciumProtocol(volume="isotropic"))
    assert raw.total.agatston == cubes.total.agatston
    assert raw.total.volume_mm3 == pytest.approx(49 * 0.75)
    assert cubes.total.volume_mm3 == pytest.approx(isotropic_volume_mm3(image, lesion_of(image), 130))
