"""The risk equation term by term against its published coefficients, and arterial age."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import pytest

from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.risk import arterial_age_years, mesa_risk

# McClelland 2015, Table 2: with the score, without it.
COEFFICIENTS: dict[str, tuple[float, float]] = {
    "age_years": (0.0172, 0.0455),
    "male": (0.4079, 0.7496),
    "Chinese": (-0.3475, -0.5055),
    "Black": (0.0353, -0.2111),
    "Hispanic": (-0.0222, -0.1900),
    "diabetes": (0.3892, 0.5168),
    "smoker": (0.3717, 0.4732),
    "total_cholesterol_mg_dl": (0.0043, 0.0053),
    "hdl_mg_dl": (-0.0114, -0.0140),
    "lipid_medication": (0.1206, 0.2473),
    "systolic_mmhg": (0.0066, 0.0085),
    "pressure_medication": (0.2278, 0.3381),
    "family_history": (0.3239, 0.4522),
}
# The published example: Hispanic man of 70.
EXAMPLE = Patient(70, "M", "Hispanic", None, False, False, 190, 50, 130, False, True, False)
PLAIN = Patient(60, "F", "White", None, False, False, 200, 50, 120, False, False, False)


def inverse(percent: float | None, survival: float) -> float:
    """The sum of the terms that gives this risk."""
    assert percent is not None
    return log(log(1 - percent / 100) / log(survival))


def test_the_published_example() -> None:
    assert mesa_risk(0, EXAMPLE).with_cac_percent == pytest.approx(3.06, abs=0.005)


@pytest.mark.parametrize("term", COEFFICIENTS)
def test_each_term_moves_the_sum_by_its_coefficient(term: str) -> None:
    step = 1.0
    if term == "male":
        changed = replace(PLAIN, sex="M")
    elif term in ("Chinese", "Black", "Hispanic"):
        changed = replace(PLAIN, ethnicity=term)
    else:
        old = getattr(PLAIN, term)
        changed = replace(PLAIN, **{term: True if isinstance(old, bool) else old + step})
    before, after = mesa_risk(100, PLAIN), mesa_risk(100, changed)
    for number, (which, survival) in enumerate((("with", 0.99833), ("without", 0.99963))):
        moved = inverse(getattr(after, f"{which}_cac_percent"), survival)
        moved -= inverse(getattr(before, f"{which}_cac_percent"), survival)
        assert moved == pytest.approx(COEFFICIENTS[term][number], abs=1e-9)


def test_the_score_enters_by_its_logarithm() -> None:
    none, some = mesa_risk(0, PLAIN), mesa_risk(exp(2) - 1, PLAIN)
    moved = inverse(some.with_cac_percent, 0.99833) - inverse(none.with_cac_percent, 0.99833)
    assert moved == pytest.approx(2 * 0.2743, abs=1e-9)
    assert none.without_cac_percent == some.without_cac_percent


@pytest.mark.parametrize("term", [*(t for t in COEFFICIENTS if t not in ("male", "Chinese", "Black", "Hispanic"))])
def test_a_missing_term_is_named_and_there_is_no_risk(term: str) -> None:
    risk = mesa_risk(100, replace(PLAIN, **{term: None}))
    assert (risk.with_cac_percent, risk.without_cac_percent) == (None, None)
    assert len(risk.missing) == 1
    assert risk.reason == f"not known: {risk.missing[0]}"


def test_everything_missing_is_listed_once_in_words() -> None:
    missing = mesa_risk(None, Patient()).missing
    assert missing[:3] == ("age", "sex", "ethnicity")
    assert len(missing) == len(set(missing)) == 12


def test_without_a_score_the_risk_without_it_is_given() -> None:
    risk = mesa_risk(None, EXAMPLE)
    assert risk.with_cac_percent is None
    assert risk.without_cac_percent == mesa_risk(0, EXAMPLE).without_cac_percent
    assert risk.missing == ("ln(Agatston + 1)",)


@pytest.mark.parametrize(("change", "why"), [({"age_years": 44.0}, "45 to 85"), ({"ethnicity": "Maori"}, "groups")])
def test_outside_its_ages_and_groups_there_is_no_risk_with_or_without(change: dict, why: str) -> None:
    for score in (100, None):
        risk = mesa_risk(score, replace(PLAIN, **change))
        assert (risk.with_cac_percent, risk.without_cac_percent) == (None, None)
        assert why in str(risk.reason)


@pytest.mark.parametrize(("agatston", "years"), [(0, 39.1), (100, 72.6), (400, 82.6)])
def test_arterial_age_as_published(agatston: float, years: float) -> None:
    assert arterial_age_years(agatston) == pytest.approx(years, abs=0.05)
