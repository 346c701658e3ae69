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

    ``missing`` are the terms that are not known, in words; ``reason`` is why there is no
    value, None where there is one.
    """

    with_cac_percent: float | None
    without_cac_percent: float | None
    missing: tuple[str, ...]
    reason: str | None
    source: str
    population: str


def arterial_age_years(agatston: float) -> float:
    """Return the age at which a score is usual in risk: 39.1 + 7.25 ln(Agatston + 1) years (McClelland 2009)."""
    row = load_table("calcium_risk")["arterial_age"]
    return float(row["intercept_years"] + row["slope_years"] * log(agatston + 1))


def mesa_risk(agatston: float | None, patient: Patient) -> Risk:
    """Return the risk of coronary heart disease within 10 years (McClelland 2015), percent.

    risk = 1 - S0 ^ exp(sum of coefficient x term); yes is 1, White the reference group. The
    age counts with its decimals. With the score, ln(Agatston + 1) is a further term and
    all coefficients are others. Without a total score the risk without it is given all
    the same, when its own terms are known.
    """
    table = load_table("calcium_risk")["mesa_chd"]
    missing = [term["name"] for term in table["terms"] if _known(term["term"], patient, agatston) is None]
    # One question stands behind each of these.
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
        term[which] * (_known(term["term"], patient, agatston) or 0.0)
        for term in table["terms"]
        if term[which] is not None
    )
    return float(1 - table[f"survival_{which}"] ** exp(total))


def _known(term: str, patient: Patient, agatston: float | None) -> float | None:
    """Return the value of a term, None where it is not known."""
    if term == "ln_cac":
        return None if agatston is None else log(agatston + 1)
    if term == "male":
        return None if patient.sex is None else float(patient.sex == "M")
    if term in ("chinese", "black", "hispanic"):
        return None if patient.group is None else float(patient.group == term)
    value = getattr(patient, term)
    return None if value is None else float(value)
