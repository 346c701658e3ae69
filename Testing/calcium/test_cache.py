"""What is kept of an image is what would be found again, and does not grow without end."""

from __future__ import annotations

import numpy as np
import pytest
from small_study import small_image

from CACBoneAxisLib.calcium.cache import MOST_CANDIDATES, ImageCache
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.scoring import score_lesion
from CACBoneAxisLib.imaging.masks import Mask

LESION = Mask((4, 10, 10), np.ones((1, 6, 6), dtype=bool))


def protocol(threshold: float = 130.0, factor: float | None = None) -> CalciumProtocol:
    return CalciumProtocol(threshold_hu=threshold, mass_factor_mg_per_mm3_per_hu=factor)


def test_candidates_are_those_of_the_threshold_asked_for_and_only_the_last_few_are_kept() -> None:
    cache = ImageCache(small_image())
    for threshold in (130.0, 200.0, 260.0, 300.0, 130.0):
        assert cache.candidates(protocol(threshold)).voxels == np.count_nonzero(cache.image.hu >= threshold)
        assert len(cache._candidates) <= MOST_CANDIDATES
    assert cache.candidates(protocol()) is cache.candidates(protocol(factor=0.001))


def test_a_score_is_that_of_its_own_rules_and_voxels() -> None:
    cache = ImageCache(small_image())
    smaller = Mask((4, 10, 10), np.ones((1, 3, 6), dtype=bool))
    for mask in (LESION, smaller, LESION):
        for rules in (protocol(), protocol(200.0), protocol(factor=0.001), protocol()):
            assert cache.score(mask, rules)[0] == score_lesion(cache.image, mask, rules)[0]


def test_a_score_is_kept_until_more_recent_measures_fill_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CACBoneAxisLib.calcium.cache.MOST_MEASURES", 2)
    cache = ImageCache(small_image())
    first = cache.score(LESION, protocol())
    cache.score(LESION, protocol(200.0))
    assert cache.score(LESION, protocol()) is first
    cache.score(LESION, protocol(260.0))
    assert cache.score(LESION, protocol()) is first
    cache.score(LESION, protocol(200.0))
    cache.score(LESION, protocol(260.0))
    assert cache.score(LESION, protocol()) is not first


def test_without_an_aorta_there_is_no_region_and_no_suggestion() -> None:
    cache = ImageCache(small_image())
    assert cache.blood() is None
    assert cache.heart() is None
    assert cache.search(protocol()) is None
