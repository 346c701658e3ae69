"""Category edges of every scheme."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.calcium.categories import categorise


@pytest.mark.parametrize(
    ("agatston", "standard", "drs", "ahmadi"),
    [
        (0.0, "0", "A0/N2", "0"),
        (0.4, "1-10", "A1/N2", "1-100"),
        (10.0, "1-10", "A1/N2", "1-100"),
        (10.1, "11-100", "A1/N2", "1-100"),
        (99.9, "11-100", "A1/N2", "1-100"),
        (100.0, "11-100", "A2/N2", "1-100"),
        (100.1, "101-400", "A2/N2", "100-400"),
        (299.9, "101-400", "A2/N2", "100-400"),
        (300.0, "101-400", "A3/N2", "100-400"),
        (400.0, "101-400", "A3/N2", "100-400"),
        (400.1, ">400", "A3/N2", ">400"),
    ],
)
def test_edges(agatston: float, standard: str, drs: str, ahmadi: str) -> None:
    found = categorise(agatston, 2)
    assert (found["standard"].category, found["cac-drs"].category, found["ahmadi"].category) == (standard, drs, ahmadi)


def test_no_score_has_no_category_and_keeps_the_schemes_name() -> None:
    for category in categorise(None, None).values():
        assert category.category is None
        assert category.label is None
        assert category.scheme
        assert category.source


def test_a_scheme_that_counts_arteries_needs_their_number() -> None:
    found = categorise(50.0, None)
    assert found["cac-drs"].category is None
    assert found["standard"].category == "11-100"
