"""Percentiles of a total Agatston score among people of the same age and sex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.data import load_table

SEX_WORDS = {"F": "women", "M": "men"}


@dataclass(frozen=True)
class Percentile:
    """Published percentiles around a score.

    Parameters
    ----------
    table, source, population : of the percentiles
    group : the row, in words (``White men, 55-64 years``); None where there is none
    above : highest percentile that the score exceeds
    at : percentiles that are equal to the score
    below : lowest percentile that exceeds the score
    words : the same in words
    reason : why there is no value; None where there is one
    """

    table: str
    source: str
    population: str
    group: str | None = None
    above: int | None = None
    at: tuple[int, ...] = ()
    below: int | None = None
    words: str | None = None
    reason: str | None = None


def percentiles(agatston: float | None, patient: Patient) -> dict[str, Percentile]:
    """Return the percentiles of a total score in every table, by the table's id.

    Ages are completed years. There is no value outside a table's ages or groups.

    Examples
    --------
    >>> percentiles(100.0, Patient(age_years=60, sex="M", ethnicity="White"))["mesa"].words
    'between the 50th and the 75th percentile'
    """
    return {table["id"]: _placed(table, agatston, patient) for table in load_table("calcium_percentiles")["tables"]}


def _placed(table: Mapping[str, Any], agatston: float | None, patient: Patient) -> Percentile:
    base = (table["name"], table["source"], table["population"])
    reason = _reason(table, agatston, patient)
    row = None if reason else _row(table, patient)
    if row is None or agatston is None:
        ages = f"{table['rows'][0]['from_years']} to {table['rows'][-1]['to_years'] or 'any'}"
        return Percentile(*base, reason=reason or f"the table is for ages from {ages} years")
    ethnicity = f"{row['ethnicity'].capitalize()} " if row["ethnicity"] else ""
    group = f"{ethnicity}{SEX_WORDS[row['sex']]}, {row['age']} years"
    pairs = list(zip(table["percentiles"], row["agatston"], strict=True))
    above = max((p for p, value in pairs if agatston > value), default=None)
    at = tuple(p for p, value in pairs if agatston == value)
    below = min((p for p, value in pairs if agatston < value), default=None)
    return Percentile(*base, group[0].upper() + group[1:], above, at, below, _words(above, at, below))


def _reason(table: Mapping[str, Any], agatston: float | None, patient: Patient) -> str | None:
    by_ethnicity = table["rows"][0]["ethnicity"] is not None
    if agatston is None:
        return "there is no total score"
    missing = [
        name
        for name, value in (
            ("age", patient.age_years),
            ("sex", patient.sex),
            ("ethnicity", patient.ethnicity if by_ethnicity else ""),
        )
        if value is None
    ]
    if missing:
        return f"not known: {', '.join(missing)}"
    if by_ethnicity and patient.group is None:
        groups = dict.fromkeys(row["ethnicity"].capitalize() for row in table["rows"])
        return f"the table has the groups {', '.join(groups)} only"
    if table["without_diabetes"] and patient.diabetes:
        return "the table is of people without treated diabetes"
    return None


def _row(table: Mapping[str, Any], patient: Patient) -> Mapping[str, Any] | None:
    age = floor(patient.age_years or 0)
    for row in table["rows"]:
        of_age = row["from_years"] <= age and (row["to_years"] is None or age <= row["to_years"])
        if of_age and row["sex"] == patient.sex and row["ethnicity"] in (None, patient.group):
            found: Mapping[str, Any] = row
            return found
    return None


def _words(above: int | None, at: tuple[int, ...], below: int | None) -> str:
    if at and at[0] != at[-1]:
        return f"at the {at[0]}th to the {at[-1]}th percentile"
    if at:
        return f"at the {at[0]}th percentile"
    if above is None:
        return f"below the {below}th percentile"
    return f"above the {above}th percentile" if below is None else f"between the {above}th and the {below}th percentile"
