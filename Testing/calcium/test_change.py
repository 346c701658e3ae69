"""Changes and every rule's verdict, worked by hand at its limit."""

from __future__ import annotations

from math import sqrt

import pytest

from CACBoneAxisLib.calcium.change import Verdict, change_of, verdicts


def rules(
    before: float | None,
    after: float | None,
    volumes: tuple[float | None, float | None] = (50.0, 50.0),
    bmi: float | None = None,
) -> dict[tuple[str, str], Verdict]:
    changes = {
        "agatston": change_of("agatston", before, after, None),
        "volume_mm3": change_of("volume_mm3", *volumes, None),
    }
    return {(v.rule, v.measure): v for v in verdicts(changes, bmi)}  # type: ignore[arg-type]


def test_absolute_percent_annualised_and_root() -> None:
    change = change_of("agatston", 100.0, 144.0, 2.0)
    assert (change.absolute, change.percent, change.per_year, change.percent_per_year) == (44, 44, 22, 22)
    assert change.root == pytest.approx(2.0)
    unknown = change_of("agatston", 100.0, 144.0, None)
    assert (unknown.per_year, unknown.percent_per_year) == (None, None)


def test_from_zero_there_is_no_percent_and_from_null_nothing() -> None:
    assert change_of("agatston", 0.0, 20.0, 1.0).percent is None
    assert change_of("agatston", None, 20.0, 1.0).absolute is None


@pytest.mark.parametrize(("more", "exceeds"), [(-0.01, False), (0.01, True)])
def test_sevrukov_at_its_limit_up_and_down(more: float, exceeds: bool) -> None:
    limit = 4.930 * sqrt(400) + more
    for after in (400 + limit, 400 - limit):
        assert rules(400.0, after)["sevrukov", "agatston"].exceeds is exceeds
    volume = 3.445 * sqrt(100) + more
    assert rules(1.0, 1.0, (100.0, 100 + volume))["sevrukov", "volume_mm3"].exceeds is exceeds


@pytest.mark.parametrize(("after", "exceeds"), [(11.6, False), (11.7, True)])
def test_sevrukov_from_zero(after: float, exceeds: bool) -> None:
    assert rules(0.0, after)["sevrukov", "agatston"].exceeds is exceeds


@pytest.mark.parametrize(("more", "exceeds"), [(-0.01, False), (0.01, True)])
def test_chung_at_its_limit(more: float, exceeds: bool) -> None:
    # .17 x 100 + 4.89 x 10 + .44 x 25 - 10.84 = 66.06
    assert rules(100.0, 166.06 + more, bmi=25.0)["chung", "agatston"].exceeds is exceeds


def test_chung_without_the_body_mass_index_says_so() -> None:
    verdict = rules(100.0, 300.0)["chung", "agatston"]
    assert (verdict.exceeds, verdict.reason) == (None, "the body mass index is not known")


@pytest.mark.parametrize(("root", "reached"), [(12.49, False), (12.5, True), (15.0, True), (7.0, False)])
def test_the_square_root_rule_is_about_growth_and_reached_at_two_and_a_half(root: float, reached: bool) -> None:
    assert rules(100.0, root**2)["square-root", "agatston"].exceeds is reached


def test_interscan_variability_is_of_the_mean_of_both() -> None:
    # 93.5 and 106.5: 13 % of 100
    assert rules(93.5, 106.5)["horiguchi", "agatston"].value == pytest.approx(13.0)
    assert rules(93.0, 107.0)["horiguchi", "agatston"].exceeds is True
    assert rules(0.0, 0.0)["horiguchi", "agatston"].exceeds is False


def test_no_total_no_verdict() -> None:
    for (_, measure), verdict in rules(None, 100.0, bmi=25.0).items():
        if measure == "agatston":
            assert verdict.exceeds is None
            assert verdict.reason == "one of the scans has no total"
