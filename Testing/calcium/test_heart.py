"""The heart's region: between the lungs, below the carina, or around a segmented heart."""

from __future__ import annotations

import numpy as np
import pytest
from torso_heart import heart_labels_of

from CACBoneAxisLib.calcium.heart import HEART_MARGIN_MM, heart_region
from CACBoneAxisLib.calcium.heartlabels import heart_labels
from CACBoneAxisLib.imaging.airways import find_airways
from CACBoneAxisLib.imaging.aorta import FINE_STEP_MM, Disc, find_blood
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso
from CACBoneAxisLib.phantom.heart import CHAMBERS, arteries
from CACBoneAxisLib.phantom.lungs import TRACHEA


@pytest.fixture(scope="module")
def torso() -> Torso:
    return make_torso(TorsoParameters.small(z_range_mm=(60.0, 272.0)))


def test_the_region_begins_below_the_carina_and_holds_the_arteries(torso: Torso) -> None:
    blood = find_blood(torso.image, FINE_STEP_MM)
    airways = find_airways(torso.image)
    assert blood is not None
    assert airways is not None
    region = heart_region(torso.image, blood.discs, airways)
    assert region is not None
    assert (region.found_by, region.top) == ("lungs", "carina")
    top = torso.image.geometry.to_lps(np.array([0, 0, np.flatnonzero(region.inside.any(axis=(1, 2)))[-1]]))[2]
    # The bronchi's lumina, 8 mm wide, part a little below where their axes do.
    divides = TRACHEA.point(1.0)[2]
    assert divides - 12 <= top <= divides
    held = [
        region.holds(torso.image.geometry.to_index(p)[::-1].round())
        for artery in arteries().values()
        for p in artery.point(np.linspace(0, 0.6, 12))
    ]
    assert np.mean(held) > 0.8


def test_without_a_carina_the_arch_tells_the_top_and_that_is_said(torso: Torso) -> None:
    blood = find_blood(torso.image, FINE_STEP_MM)
    assert blood is not None
    region = heart_region(torso.image, blood.discs)
    assert region is not None
    assert region.top == "aortic arch"
    # The arch is where the discs end; the region begins 25 mm below it.
    increment = torso.image.geometry.spacing_mm[2]
    slices = np.flatnonzero(region.inside.any(axis=(1, 2)))
    assert slices[-1] == int(blood.discs[-1].z - 25.0 / increment)
    assert region.carina_zyx is None


@pytest.mark.parametrize(
    ("gap_mm", "top", "last_slice"),
    [
        (12.0, "scan", 9),
        # 25 mm are 2.08 slices: from slice 8 the arch is passed at slice 5.
        (12.01, "aortic arch", 5),
    ],
)
def test_an_aorta_that_ends_12_mm_below_the_top_of_the_scan_leaves_the_arch_above_it(
    gap_mm: float, top: str, last_slice: int
) -> None:
    # Air, tissue, air in every row; the aorta ends one slice below the highest.
    hu = np.full((10, 60, 60), 40, dtype=np.int16)
    hu[:, 5:55, 5:25] = hu[:, 5:55, 35:55] = -850
    image = CTImage(hu, ImageGeometry(hu.shape, (2.0, 2.0, gap_mm), (0.0, 0.0, 0.0)))
    discs = [Disc(z, 50.0, 30.0, 12.0, 1.0, 40.0, True) for z in range(9)]
    region = heart_region(image, discs)
    assert region is not None
    assert region.top == top
    assert np.flatnonzero(region.inside.any(axis=(1, 2)))[-1] == last_slice


def test_around_a_segmented_heart_the_region_is_what_lies_within_twelve_mm(torso: Torso) -> None:
    labels, _ = heart_labels(heart_labels_of(torso), asked=True)
    region = heart_region(torso.image, (), None, labels)
    assert region is not None
    assert (region.found_by, region.top) == ("segmentation", "segmentation")
    geometry = torso.image.geometry
    rng = np.random.default_rng(1)
    tolerance = 6.0  # Grid of 4 mm, slices of 4 mm.
    for point in rng.uniform((-90, -120, 70), (110, 60, 230), (400, 3)):
        x, y, z = (np.array([v], dtype=np.float32) for v in point)
        distance = min(float(c.distance(x, y, z)[0]) for c in CHAMBERS.values())
        if abs(distance - HEART_MARGIN_MM) > tolerance:
            inside = region.is_inside(geometry.to_index(point)[::-1].round())
            assert inside == (distance < HEART_MARGIN_MM), (point, distance)


def test_the_lungs_of_a_scan_of_the_heart_alone_touch_its_border_and_are_lungs() -> None:
    torso = make_torso(
        TorsoParameters(
            spacing_mm=1.5, field_of_view_mm=(200.0, 200.0), field_center_mm=(20.0, -10.0), z_range_mm=(84.0, 190.0)
        )
    )
    blood = find_blood(torso.image, FINE_STEP_MM)
    assert blood is not None
    region = heart_region(torso.image, blood.discs, find_airways(torso.image))
    assert region is not None
    assert region.top == "scan"
    held = [
        region.holds(torso.image.geometry.to_index(p)[::-1].round())
        for name in ("LM", "LAD", "LCX")
        for p in arteries()[name].point(np.linspace(0, 0.6, 12))
    ]
    assert np.mean(held) > 0.8
