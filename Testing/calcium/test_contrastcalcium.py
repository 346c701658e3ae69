"""Calcium on contrast CT: the threshold, volume and number by hand, and no Agatston score."""

from __future__ import annotations

import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.contrastcalcium import contrast_calcium, contrast_threshold
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.image import CTImage

BLOOD = BloodPool(350.0, 20.0, 5000, 20, "descending aorta")


def scan() -> CTImage:
    image = make_image((3, 20, 20))
    image.hu[1, 2:10, 2:10] = 350
    image.hu[1, 4:7, 4:7] = 600
    image.hu[1, 8, 8] = 449
    return image


def nothing_is_scored(protocol: CalciumProtocol) -> CalciumResult:
    raise AssertionError("scored without a threshold")


def test_the_threshold_is_the_users_or_follows_the_blood() -> None:
    assert contrast_threshold(CalciumProtocol(contrast_threshold_hu=500), BLOOD) == (500, "fixed by the user")
    threshold, rule = contrast_threshold(CalciumProtocol(contrast_threshold_sd=5), BLOOD)  # type: ignore[misc]
    assert threshold == 450
    assert "5 SD" in rule
    assert contrast_threshold(CalciumProtocol(contrast_threshold_sd=5), None) is None
    assert contrast_threshold(CalciumProtocol(), BLOOD) is None


def test_volume_and_number_above_the_threshold_and_nothing_called_agatston() -> None:
    image = scan()
    seeds = [seed_at(image, (1, 5, 5))]
    found, findings = contrast_calcium(
        CalciumProtocol(contrast_threshold_sd=5), BLOOD, lambda protocol: score_calcium(image, seeds, protocol)
    )
    assert found is not None
    # 9 voxels of 0.75 mm3; the voxel at 449 HU stays below 450
    assert (found.volume_mm3, found.lesions) == (pytest.approx(6.75), 1)
    assert found.territories["LAD"] == (pytest.approx(6.75), 1)
    assert findings[0].code == "contrast-calcium"
    assert "not an Agatston score" in findings[0].message
    assert not any("agatston" in key for key in found.to_mapping())


def test_a_threshold_in_the_blood_is_refused() -> None:
    found, (finding,) = contrast_calcium(CalciumProtocol(contrast_threshold_hu=360), BLOOD, nothing_is_scored)
    assert (found, finding.code) == (None, "contrast-threshold-low")


def test_without_a_threshold_nothing_is_measured_and_where_one_was_asked_for_it_says_why() -> None:
    assert contrast_calcium(CalciumProtocol(), BLOOD, nothing_is_scored) == (None, ())
    found, (finding,) = contrast_calcium(CalciumProtocol(contrast_threshold_sd=3), None, nothing_is_scored)
    assert (found, finding.code) == (None, "contrast-threshold-unknown")
