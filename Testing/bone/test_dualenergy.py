"""Hydroxyapatite of two volumes whose mixture was made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.dualenergy import coefficients, density_ha, hydroxyapatite_hu, laid_over, same_grid
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.regions import Region

ENERGIES = (70.0, 140.0)
DUAL = Calibration("dual-energy", energies_kev=ENERGIES)
ROI = VertebraRegion("L1", Region((0.0, 0.0, 32.0), (22.0, 18.0, 12.0)))


def pair(spine, ha=100.0, fat=-20.0):
    """Both volumes: trabecular bone of this density, and what fat takes from both alike."""
    first, second = (spine(dict.fromkeys(("T12", "L1", "L2"), ha / 100 * hydroxyapatite_hu(e) + fat)) for e in ENERGIES)
    return first, second


def measured(first, second, calibration=DUAL, region=ROI):
    protocol = BoneProtocol(calibration=calibration)
    return measure_vertebrae(first, [region], protocol=protocol, second=second, kvp=120.0)


def test_the_tabulated_energies_and_those_between():
    assert hydroxyapatite_hu(70) == pytest.approx(133.2)
    # Straight on logarithmic scales: at the geometric mean of two energies stands that of their values.
    assert hydroxyapatite_hu((70 * 80) ** 0.5) == pytest.approx((133.2 * 109.3) ** 0.5)
    assert hydroxyapatite_hu((100 * 140) ** 0.5) == pytest.approx((86.6 * 71.0) ** 0.5)
    assert (hydroxyapatite_hu(40), hydroxyapatite_hu(140)) == (pytest.approx(336.5), pytest.approx(71.0))


@pytest.mark.parametrize("ha", [50.0, 100.0, 200.0])
def test_the_density_is_that_of_the_mixture_whatever_fat_takes_from_both(spine, ha):
    bone = measured(*pair(spine, ha)).vertebrae[0]
    # HU are whole numbers: half a HU in each of both over 62.2 HU per 100 mg/cm3.
    assert bone.dual.ha_mg_cm3 == pytest.approx(ha, abs=1.7)
    assert bone.interpretation.bmd.value_mg_cm3 == bone.dual.ha_mg_cm3
    assert bone.interpretation.bmd.material == "HA"
    # HU thresholds were made at 120 kVp.
    assert bone.interpretation.hu_thresholds == ()


def test_the_sites_own_regression_is_applied_to_the_density(spine):
    own = replace(DUAL, slope=0.9, intercept=5.0, material="K2HPO4")
    bone = measured(*pair(spine), own).vertebrae[0]
    assert bone.interpretation.bmd.value_mg_cm3 == pytest.approx(0.9 * bone.dual.ha_mg_cm3 + 5)
    assert bone.interpretation.bmd.material == "K2HPO4"
    assert bone.interpretation.acr_class is not None


def test_without_the_sites_regression_no_class_is_read(spine):
    result = measured(*pair(spine))
    assert result.vertebrae[0].interpretation.acr_class is None
    assert {"dual-unmapped", "dual-hu"} <= {f.code for f in result.findings}


def test_exchanged_energies_and_the_same_volume_twice_are_refused(spine):
    first, second = pair(spine)
    # Bone gains 133.2 HU at 70 keV and 71.0 at 140: exchanged, its density comes out as -100, and as 0 from one volume.
    for one, other in ((second, first), (first, first)):
        with pytest.raises(UnusableInputError, match="L1 has no hydroxyapatite"):
            measured(one, other)


def test_coefficients_that_are_given_go_before_the_table():
    # By hand: 100 x ((150 - 5) - (80 - 1)) / (150 - 70)
    own = Calibration("dual-energy", ha_hu_per_100=(150.0, 70.0), water_hu=(5.0, 1.0))
    assert density_ha(own, 150, 80) == pytest.approx(100 * (145 - 79) / 80)


@pytest.mark.parametrize(
    ("calibration", "says"),
    [
        (Calibration("dual-energy"), "must be given"),
        (replace(DUAL, energies_kev=(70.0, 80.0)), "closer than"),
        (replace(DUAL, energies_kev=(30.0, 140.0)), "outside the table"),
    ],
)
def test_energies_that_tell_nothing_are_refused(spine, calibration, says):
    with pytest.raises(UnusableInputError, match=says):
        measured(*pair(spine), calibration)


def test_energies_must_lie_20_kev_apart():
    coefficients(replace(DUAL, energies_kev=(70.0, 90.0)))
    with pytest.raises(UnusableInputError, match="closer than 20 keV"):
        coefficients(replace(DUAL, energies_kev=(90.0, 70.1)))


def test_voxels_within_a_hundredth_of_a_millimetre_are_in_the_same_places(spine):
    geometry = spine().geometry
    x, y, z = geometry.origin_mm
    for shift, same in ((0.0, True), (0.009, True), (0.011, False)):
        assert same_grid(geometry, replace(geometry, origin_mm=(x, y, z + shift))) is same
    # The origin is the same here, the far corner lies 89 x 0.001 mm away.
    assert not same_grid(geometry, replace(geometry, spacing_mm=(1.001, 1.0, 2.0)))
    assert not same_grid(geometry, replace(geometry, shape=(64, 90, 90)))


def test_a_missing_or_another_volume_is_refused(spine):
    first, second = pair(spine)
    with pytest.raises(UnusableInputError, match="not given"):
        measured(first, None)
    noise = np.random.default_rng(1).normal(0, 200, second.hu.shape).astype(np.int16)
    with pytest.raises(UnusableInputError, match="do not show the same"):
        measured(first, replace(second, hu=noise))
    away = replace(second, geometry=replace(second.geometry, origin_mm=(500.0, 500.0, 500.0)))
    with pytest.raises(UnusableInputError, match="do not overlap"):
        measured(first, away)


def test_another_grid_is_interpolated_and_said(spine):
    first, second = pair(spine)
    g = second.geometry
    finer = ImageGeometry((g.shape[0] * 2 - 1, *g.shape[1:]), (*g.spacing_mm[:2], g.spacing_mm[2] / 2), g.origin_mm)
    hu = ndimage.zoom(second.hu.astype(float), (finer.shape[0] / g.shape[0], 1, 1), order=1)
    result = measured(first, CTImage(np.rint(hu).astype(np.int16), finer))
    assert "dual-resampled" in [f.code for f in result.findings]
    assert result.vertebrae[0].dual.ha_mg_cm3 == pytest.approx(100, abs=3)


def test_a_shift_between_the_volumes_is_taken_back_and_said(spine):
    first, second = pair(spine)
    moved = replace(second, geometry=replace(second.geometry, origin_mm=(-40.5, -44.5, -32.0)))
    laid = laid_over(first, moved, [(0.0, 0.0, 32.0)])
    assert laid.shift_mm == (4.0, 0.0, 0.0)
    result = measured(first, moved)
    assert "dual-shifted" in [f.code for f in result.findings]
    assert result.vertebrae[0].dual.ha_mg_cm3 == pytest.approx(100, abs=2)


def test_a_region_that_leaves_the_second_volume_has_no_density(spine):
    first, second = pair(spine)
    short = CTImage(second.hu[:32], replace(second.geometry, shape=(32, 90, 90)))
    other = VertebraRegion("L2", Region((0.0, 0.0, 0.0), (22.0, 18.0, 12.0)))
    result = measure_vertebrae(first, [ROI, other], protocol=BoneProtocol(calibration=DUAL), second=short, kvp=120.0)
    found = {v.level: v for v in result.vertebrae}
    assert found["L2"].interpretation.bmd is not None
    assert found["L1"].interpretation.bmd is None
    assert "dual-outside" in [f.code for f in found["L1"].findings]
