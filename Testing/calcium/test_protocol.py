"""Values that no score can be made with are refused in one clause."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, with_preset


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threshold_hu", float("nan")),
        ("threshold_hu", 100.0),
        ("threshold_hu", 40000.0),
        ("minimum_area_mm2", -1.0),
        ("reference_increment_mm", 0.0),
        ("weight_thresholds_hu", (130.0, 300.0, 200.0, 400.0)),
        ("weight_thresholds_hu", ()),
        ("mass_factor_mg_per_mm3_per_hu", 0.0),
        ("mass_factor_mg_per_mm3_per_hu", float("inf")),
        ("seed_search_mm", float("inf")),
    ],
)
def test_refused_values_name_their_field(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"calcium.{field}"):
        CalciumProtocol(**{field: value})


def test_a_protocol_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        CalciumProtocol().threshold_hu = 100.0  # type: ignore[misc]


def test_a_named_protocol_holds_where_nothing_else_is_said() -> None:
    assert with_preset({"protocol": "canon"})["minimum_pixels"] == 3
    said = {"protocol": "philips", "minimum_area_mm2": 1.0}
    made = CalciumProtocol(**with_preset(said))
    assert (made.minimum_area_mm2, made.volume_threshold_hu) == (1.0, 113.0)
    assert made.changed() == ("minimum_area_mm2 1 instead of 0.5",)


def test_a_protocol_of_ones_own_needs_a_citation() -> None:
    with pytest.raises(ValueError, match="citation"):
        with_preset({"protocol": "ours"})
    own = CalciumProtocol(**with_preset({"protocol": "ours", "citation": "SOP 7", "minimum_area_mm2": 2.0}))
    assert (own.protocol, own.changed()) == ("ours", ())
