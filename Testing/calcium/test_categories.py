"""Category edges of every scheme."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.calcium.categories import categorise, class_of, scheme_from


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


OWN = {
    "scheme": "Trial arms",
    "classes": [
        {"category": "none", "lower": 0},
        {"category": "some", "lower": 0, "inclusive": False},
        {"category": "much", "lower": 250, "label": "250 or more"},
    ],
}


@pytest.mark.parametrize(
    ("agatston", "category"), [(0.0, "none"), (0.01, "some"), (249.9, "some"), (250.0, "much"), (9999.0, "much")]
)
def test_a_scheme_of_one_s_own_has_its_edges(agatston: float, category: str) -> None:
    assert class_of(scheme_from(OWN), agatston)[0] == category


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scheme": ""}, "no name"),
        ({"classes": OWN["classes"][:1]}, "two or more"),
        ({"classes": "none"}, "two or more"),
        ({"classes": [{"lower": 0}, {"category": "b", "lower": 1}]}, "no category"),
        ({"classes": [{"category": "a", "lower": 0}, {"category": "b", "lower": "x"}]}, "no lower limit"),
        ({"classes": [{"category": "a", "lower": 0}, {"category": "b", "lower": float("nan")}]}, "no lower limit"),
        ({"classes": [{"category": "a", "lower": 0}, {"category": "b", "lower": 0}]}, "does not begin above"),
        ({"classes": [{"category": "a", "lower": 0}, {"category": "a", "lower": 5}]}, "one name"),
        ({"classes": [{"category": "a", "lower": 1}, {"category": "b", "lower": 5}]}, "score of 0"),
    ],
)
def test_a_scheme_that_says_too_little_is_refused_in_words(change: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        scheme_from({**OWN, **change})
