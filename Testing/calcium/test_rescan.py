"""Rescan intervals by the published formulas."""

from __future__ import annotations

from math import sqrt

import pytest

from CACBoneAxisLib.calcium.rescan import rescan_intervals, rescan_limit, smallest_significant_change


@pytest.mark.parametrize("score", [1.0, 100.0, 400.0])
def test_sevrukov(score: float) -> None:
    assert smallest_significant_change(score) == pytest.approx(4.930 * sqrt(score))
    assert smallest_significant_change(score, "volume_mm3") == pytest.approx(3.445 * sqrt(score))


def test_sevrukov_from_zero() -> None:
    assert (smallest_significant_change(0), smallest_significant_change(0, "volume_mm3")) == (11.6, 9.5)


def test_chung() -> None:
    # .17 x 100 + 4.89 x 10 + .44 x 25 - 10.84; .16 x 100 + 4.30 x 10 + .23 x 25 - 5.00
    assert rescan_limit(100, 25) == pytest.approx(66.06)
    assert rescan_limit(100, 25, "volume_mm3") == pytest.approx(59.75)
    assert rescan_limit(0, 20) == 0


def test_an_interval_never_goes_below_zero_and_chung_needs_the_bmi() -> None:
    (only,) = rescan_intervals(16.0, "agatston", None)
    assert (only.rule, only.low, only.high) == ("sevrukov", 0.0, pytest.approx(16 + 4.930 * 4))
    assert [i.rule for i in rescan_intervals(100.0, "agatston", 25.0)] == ["sevrukov", "chung"]
    assert rescan_intervals(None, "agatston", 25.0) == ()
