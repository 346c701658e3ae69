"""The factor for the mass from a rod and water, by hand, and what is refused."""

from __future__ import annotations

import pytest
from brute_force import make_image

from CACBoneAxisLib.calcium.masscalibration import is_calibration_region, mass_calibration
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box


def scan(rod_hu: int = 310, water_hu: int = 30) -> CTImage:
    image = make_image((10, 40, 40), (1.0, 1.0, 1.0))
    image.hu[:] = water_hu
    image.hu[:, 5:18, 5:18] = rod_hu
    return image


ROD, WATER = Box("rod-200", (11.0, 11.0, 5.0), (8.0, 8.0, 5.0)), Box("water", (30.0, 30.0, 5.0), (8.0, 8.0, 5.0))


def test_the_factor_is_the_density_over_the_difference_of_both_means() -> None:
    found, findings = mass_calibration(scan(), [ROD, WATER], CalciumProtocol())
    assert found is not None
    assert (found.rod_hu, found.water_hu) == (310, 30)
    assert found.factor_mg_per_mm3_per_hu == pytest.approx(0.2 / 280)
    assert findings == ()


def test_the_density_stands_in_the_rods_name() -> None:
    rod = Box("Rod 400", ROD.center_mm, ROD.size_mm)
    found, _ = mass_calibration(scan(590), [rod, WATER], CalciumProtocol())
    assert found is not None
    assert found.factor_mg_per_mm3_per_hu == pytest.approx(0.4 / 560)


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        ([ROD], "one region water"),
        ([ROD, ROD, WATER], "one region rod-200"),
        ([Box("rod-200", (11.0, 0.0, 5.0), (8.0, 8.0, 5.0)), WATER], "within the scan"),
        ([Box("rod-200", (11.0, 11.0, 5.0), (2.0, 2.0, 1.0)), WATER], "voxels"),
        ([Box("rod-200", WATER.center_mm, WATER.size_mm), WATER], "HU"),
    ],
)
def test_what_cannot_be_used_gives_no_factor_and_says_why(boxes: list[Box], why: str) -> None:
    found, (finding,) = mass_calibration(scan(), boxes, CalciumProtocol())
    assert found is None
    assert finding.code == "mass-calibration-failed"
    assert why in finding.message


def test_a_factor_that_no_scanner_has_is_a_warning() -> None:
    _, (finding,) = mass_calibration(scan(60), [ROD, WATER], CalciumProtocol())
    assert finding.code == "mass-factor-unusual"


@pytest.mark.parametrize(
    ("density", "rod_hu", "usual"),
    # The rod less 30 HU of water: 0.2 / 400 is 0.0005, 0.13 / 100 is 0.0013, the ends of what is usual.
    [(200, 430, True), (200, 431, False), (130, 130, True), (130, 129, False)],
)
def test_factors_from_0_0005_to_0_0013_are_usual(density: int, rod_hu: int, usual: bool) -> None:
    rod = Box(f"rod-{density}", ROD.center_mm, ROD.size_mm)
    found, findings = mass_calibration(scan(rod_hu), [rod, WATER], CalciumProtocol())
    assert found is not None
    assert [f.code for f in findings] == ([] if usual else ["mass-factor-unusual"])


def test_a_typed_factor_goes_first_and_that_is_said() -> None:
    _, (finding,) = mass_calibration(scan(), [ROD, WATER], CalciumProtocol(mass_factor_mg_per_mm3_per_hu=0.0008))
    assert finding.code == "mass-factor-typed"


def test_vertebral_levels_are_no_calibration_regions() -> None:
    assert [is_calibration_region(Box(n, (0, 0, 0), (1, 1, 1))) for n in ("L1", "Rod_200", "water", "rod")] == [
        False,
        True,
        True,
        False,
    ]
