"""How quantities are written."""

from __future__ import annotations

import json

import pytest

from CACBoneAxisLib.report.numbers import KNOWN, NOT_MEASURED, format_value, stored


@pytest.mark.parametrize(
    ("value", "quantity", "shown"),
    [
        (412.34999, "agatston", "412.3"),
        (0, "agatston", "0"),
        (0.04, "agatston", "0.0"),
        (1.005, "mass_mg", "1.00"),
        (-12.34, "mean_hu", "-12.3"),
        (-0.04, "mean_hu", "0.0"),
        (1035.0, "peak_hu", "1035"),
        (-2.5, "t_score", "-2.50"),
        (154.73, "threshold_hu", "154.73"),
        (130.0, "threshold_hu", "130"),
        (5, "spacing_mm", "5.00"),
    ],
)
def test_each_quantity_has_its_decimals_and_zero_is_only_what_is_zero(value: float, quantity: str, shown: str) -> None:
    assert format_value(value, quantity) == shown


@pytest.mark.parametrize("quantity", KNOWN)
def test_null_is_a_dash_and_never_a_zero_or_a_unit(quantity: str) -> None:
    assert format_value(None, quantity, unit=True) == NOT_MEASURED


def test_the_unit_follows_when_asked_for() -> None:
    assert format_value(98.6, "bmd", unit=True) == "98.6 mg/cm3"
    assert format_value(98.6, "agatston", unit=True) == "98.6"


def test_five_decimals_of_a_published_score_survive_storing() -> None:
    for value in (12345.67891, 681.81234, 0.00001, 0.75397275, 0.000742):
        assert stored(value) == value


def test_the_last_bits_of_a_sum_do_not_reach_a_file_and_storing_twice_changes_nothing() -> None:
    once = stored({"a": [0.1 + 0.2, True, None, 3, "x"], "b": (1 / 3,)})
    assert json.dumps(once) == '{"a": [0.3, true, null, 3, "x"], "b": [0.3333333333]}'
    assert stored(once) == once
