"""Dark streaks are told from fat, noise and lung; calcium that lies still has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import qrm_phantom
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.calcium.streaks import SMALLEST_STREAK_MM2, dark_streak_mm2
from CACBoneAxisLib.imaging.aorta import BloodPool, find_blood
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.phantom import TorsoParameters, make_torso


def in_fat() -> tuple[CTImage, Mask]:
    image = make_image((3, 80, 80), (0.5, 0.5, 3.0))
    image.hu[:] = -100
    image.hu[1, 40:44, 40:44] = 400
    return image, Mask.from_indices(np.argwhere(image.hu == 400))


def test_the_area_darker_than_fat_beside_a_lesion_is_counted() -> None:
    image, mask = in_fat()
    assert dark_streak_mm2(image, mask, 10) == 0
    # Six pixels of 0.25 mm2 at the lesion, darker than -130 - 3 x 10 HU; six just not as dark; six beyond 6 mm.
    image.hu[1, 38:40, 40:43] = -161
    image.hu[1, 45:47, 40:43] = -160
    image.hu[1, 57:59, 40:43] = -300
    assert dark_streak_mm2(image, mask, 10) == pytest.approx(1.5)
    assert dark_streak_mm2(image, mask, 11) == 0
    # A slice in which the lesion has no voxel is not looked at.
    image.hu[2] = -300
    assert dark_streak_mm2(image, mask, 10) == pytest.approx(1.5)


def test_the_edge_of_the_lung_is_no_streak() -> None:
    image, mask = in_fat()
    image.hu[1, :36] = -850
    # What partial volume makes dark at the edge lies within 4 mm of it.
    image.hu[1, 36:38] = -300
    assert dark_streak_mm2(image, mask, 10) == 0


def test_a_lesion_at_the_corner_of_the_image_is_looked_at_too() -> None:
    image, _ = in_fat()
    image.hu[0, 0, 0] = 500
    image.hu[0, 0, 1] = -300
    assert dark_streak_mm2(image, Mask.from_indices(np.array([[0, 0, 0]])), 10) == pytest.approx(0.25)


def test_the_finding_names_the_lesions_and_needs_the_noise() -> None:
    image, _ = in_fat()
    image.hu[1, 36:40, 40:44] = -250
    seeds = [seed_at(image, (1, 41, 41), "RCA-1")]
    blood = BloodPool(40.0, 10.0, 500, 5, "region")
    findings = {f.code: f.message for f in score_calcium(image, seeds, CalciumProtocol(), blood=blood).findings}
    assert "RCA-1" in findings["motion-streaks"]
    assert "motion-streaks" not in {f.code for f in score_calcium(image, seeds, CalciumProtocol()).findings}


@pytest.mark.parametrize(("pixels", "said"), [(3, False), (4, True)])
def test_a_streak_of_one_square_millimetre_is_said(pixels: int, said: bool) -> None:
    image, _ = in_fat()
    image.hu[1, 39, 40 : 40 + pixels] = -250  # 0.25 mm2 each
    result = score_calcium(
        image, [seed_at(image, (1, 41, 41))], CalciumProtocol(), blood=BloodPool(40.0, 10.0, 500, 5, "region")
    )
    assert ("motion-streaks" in {f.code for f in result.findings}) is said


@pytest.mark.parametrize("noise_hu", [5.0, 30.0])
def test_calcium_of_the_torso_which_lies_still_has_no_streaks(noise_hu: float) -> None:
    torso = make_torso(
        TorsoParameters(
            noise_sd_hu=noise_hu,
            point_spread_fwhm_mm=0.8,
            field_of_view_mm=(180.0, 180.0),
            field_center_mm=(22.0, -10.0),
            z_range_mm=(84.0, 183.0),
        )
    )
    result = score_calcium(torso.image, seeds_from([torso.seeds]), CalciumProtocol(), blood=find_blood(torso.image))
    masks = [lesion.mask for lesion, score in result.lesions if score and lesion.mask is not None]
    assert len(masks) >= 8
    assert max(dark_streak_mm2(torso.image, mask, noise_hu) for mask in masks) < SMALLEST_STREAK_MM2


def test_calcium_of_a_phantom_which_lies_still_has_no_streaks(shared_data: Path) -> None:
    image = read_ct(shared_data / qrm_phantom.FILE)
    for lesion, _ in score_calcium(image, qrm_phantom.seeds(), CalciumProtocol()).lesions:
        assert lesion.mask is not None
        # The densest insert reaches 1275 HU.
        assert dark_streak_mm2(image, lesion.mask, 10.0) == 0
