"""What is kept of an image is what would be found again, and does not grow without end."""

from __future__ import annotations

import numpy as np
from small_study import small_image

from CACBoneAxisLib.calcium.known import MOST_CANDIDATES, Known
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.scoring import score_lesion
from CACBoneAxisLib.imaging.masks import Mask

LESION = Mask((4, 10, 10), np.ones((1, 6, 6), dtype=bool))


def protocol(threshold: float = 130.0, factor: float | None = None) -> CalciumProtocol:
    return CalciumProtocol(threshold_hu=threshold, mass_factor_mg_per_mm3_per_hu=factor)


def test_candidates_are_those_of_the_threshold_asked_for_and_only_the_last_few_are_kept() -> None:
    known = Known(small_image())
    for threshold in (130.0, 200.0, 260.0, 300.0, 130.0):
        assert known.candidates(protocol(threshold)).voxels == np.count_nonzero(known.image.hu >= threshold)
        assert len(known._candidates) <= MOST_CANDIDATES
    assert known.candidates(protocol()) is known.candidates(protocol(factor=0.001))


def test_a_score_is_that_of_its_own_rules_and_voxels() -> None:
    known = Known(small_image())
    smaller = Mask((4, 10, 10), np.ones((1, 3, 6), dtype=bool))
    for mask in (LESION, smaller, LESION):
        for rules in (protocol(), protocol(200.0), protocol(factor=0.001), protocol()):
            assert known.score(mask, rules)[0] == score_lesion(known.image, mask, rules)[0]


def test_a_score_that_two_scorings_did_not_need_is_forgotten() -> None:
    known = Known(small_image())
    first = known.score(LESION, protocol())
    known.begin()
    assert known.score(LESION, protocol()) is first
    known.begin()
    known.begin()
    assert known.score(LESION, protocol()) is not first


def test_without_an_aorta_there_is_no_region_and_no_suggestion() -> None:
    known = Known(small_image())
    assert known.blood() is None
    assert known.heart() is None
    assert known.looked(protocol()) is None
