"""Arterial age and 10-year risk of coronary heart disease from a total Agatston score."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Any

from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.data import load_table


@dataclass(frozen=True)
class Risk:
    """10-year risk of coronary heart disease, percent, with and without the score.

    ``missing`` names the terms that are not known; ``reason`` says why there is no value, None
    where there is one.
    """

    with_cac_percent: float | None
    without_cac_percent: float | None
    missing: tuple[str, ...]
    reason: str | None
    source: str
    population: str


def arterial_age_years(agatston: float) -> float:
    """Return the arterial age of a score: 39.1 + 7.25 ln(Agatston + 1) years (McClelland 2009).

    Examples
    --------
    >>> arterial_age_years(0.0), round(arterial_age_years(100.0), 1), round(arterial_age_years(400.0), 1)
    (39.1, 72.6, 82.6)
    """
    row = load_table("calcium_risk")["arterial_age"]
    return float(row["intercept_years"] + row["slope_years"] * log(agatston + 1))


def mesa_risk(agatston: float | None, patient: Patient) -> Risk:
    """Return the 10-year risk of coronary heart disease (McClelland 2015), percent.

    risk = 1 - S0 ^ exp(sum of coefficient x term); yes is 1, White the reference group, the age
    is not rounded. The equation with the score has other coefficients and ln(Agatston + 1) as a
    further term. Without a total score, the risk without it is given where its terms are known.

    Examples
    --------
    >>> patient = Patient(70, "M", "Hispanic", diabetes=False, smoker=False, total_cholesterol_mg_dl=190,
    ...     hdl_mg_dl=50, systolic_mmhg=130, lipid_medication=False, pressure_medication=True, family_history=False)
    >>> round(mesa_risk(0.0, patient).with_cac_percent, 2)
    3.06
    """
    table = load_table("calcium_risk")["mesa_chd"]
    missing = [term["name"] for term in table["terms"] if _value(term["term"], patient, agatston) is None]
    # Terms that come from one question.
    names = {"male": "sex", "Chinese": "ethnicity", "Black": "ethnicity", "Hispanic": "ethnicity"}
    missing = list(dict.fromkeys(names.get(name, name).split(", ")[0] for name in missing))
    reason = None
    age = patient.age_years
    if age is not None and not table["from_years"] <= age <= table["to_years"]:
        reason = f"the equation is for ages from {table['from_years']} to {table['to_years']} years"
    elif patient.ethnicity is not None and patient.group is None:
        reason = "the equation knows the groups White, Chinese, Black and Hispanic only"
    elif missing:
        reason = f"not known: {', '.join(missing)}"
    only_score = missing == ["ln(Agatston + 1)"]
    with_cac = None if reason else 100 * _risk(table, "with_cac", patient, agatston)
    without = (
        None
        if reason and not (only_score and reason.startswith("not known"))
        else 100 * _risk(table, "without_cac", patient, None)
    )
    return Risk(with_cac, without, tuple(missing), reason, table["source"], table["population"])


def _risk(table: dict[str, Any], which: str, patient: Patient, agatston: float | None) -> float:
    total = sum(
        term[which] * (_value(term["term"], patient, agatston) or 0.0)
        for term in table["terms"]
        if term[which] is not None
    )
    return float(1 - table[f"survival_{which}"] ** exp(total))


def _value(term: str, patient: Patient, agatston: float | None) -> float | None:
    """Return the value of a term, None where it is not known."""
    if term == "ln_cac":
        return None if agatston is None else log(agatston + 1)
    if term == "male":
        return None if patient.sex is None else float(patient.sex == "M")
    if term in ("chinese", "black", "hispanic"):
        return None if patient.group is None else float(patient.group == term)
    value = getattr(patient, term)
    return None if value is None else float(value)
