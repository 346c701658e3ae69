"""Change of calcium between two scans, and whether it exceeds interscan variability."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from CACBoneAxisLib.calcium.rescan import Measure, rescan_limit, smallest_significant_change
from CACBoneAxisLib.data import load_table

MEASURES: tuple[Measure, ...] = ("agatston", "volume_mm3")


@dataclass(frozen=True)
class Change:
    """Change of one measure of one artery or of the total.

    Parameters
    ----------
    measure : ``agatston`` or ``volume_mm3``
    baseline, followup : the values; None where one was not measured
    absolute : followup - baseline
    percent : of the baseline; None from a baseline of 0
    per_year, percent_per_year : annual change; None where the time between the scans is not known
    root : sqrt(followup) - sqrt(baseline)
    """

    measure: str
    baseline: float | None
    followup: float | None
    absolute: float | None = None
    percent: float | None = None
    per_year: float | None = None
    percent_per_year: float | None = None
    root: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Verdict of one published rule on a change.

    Parameters
    ----------
    rule, source : name of the rule and its paper
    measure : ``agatston`` or ``volume_mm3``
    value : the quantity that the rule limits
    limit : to be exceeded (reached, for the square-root rule); None where the rule cannot be applied
    exceeds : whether it is; None where the rule cannot be applied
    reason : why it cannot be applied
    """

    rule: str
    source: str
    measure: str
    value: float | None
    limit: float | None
    exceeds: bool | None
    reason: str | None = None


def change_of(measure: Measure, baseline: float | None, followup: float | None, years: float | None) -> Change:
    """Return the change of a measure between two scans ``years`` apart (None: not known).

    Examples
    --------
    >>> change = change_of("agatston", 100.0, 144.0, years=2.0)
    >>> change.absolute, change.percent, change.per_year, change.root
    (44.0, 44.0, 22.0, 2.0)
    """
    if baseline is None or followup is None:
        return Change(measure, baseline, followup)
    absolute = followup - baseline
    percent = 100 * absolute / baseline if baseline > 0 else None
    return Change(
        measure,
        baseline,
        followup,
        absolute,
        percent,
        absolute / years if years else None,
        percent / years if years and percent is not None else None,
        sqrt(followup) - sqrt(baseline),
    )


def verdicts(changes: dict[Measure, Change], bmi_kg_m2: float | None) -> tuple[Verdict, ...]:
    """Return the verdict of every rule of ``data/calcium_change.json`` on the change of a total.

    ``sevrukov`` and ``chung``: the absolute change exceeds the rescan limit. ``square-root``: the
    square root of the score has grown by the limit or more. ``horiguchi``: the difference in
    percent of the mean of both exceeds the mean interscan variability.
    """
    table = load_table("calcium_change")
    found = []
    for measure in MEASURES:
        change = changes[measure]
        size = None if change.absolute is None else abs(change.absolute)
        base = change.baseline
        rule = table["smallest_significant_change"]
        found.append(
            _verdict(rule, measure, size, None if base is None else smallest_significant_change(base, measure))
        )
        rule = table["rescan_limit"]
        if bmi_kg_m2 is None:
            missing = "the body mass index is not known"
            found.append(Verdict(rule["id"], rule["source"], measure, size, None, None, missing))
        else:
            limit = None if base is None else rescan_limit(base, bmi_kg_m2, measure)
            found.append(_verdict(rule, measure, size, limit))
    change = changes["agatston"]
    rule = table["root_change"]
    at_least = float(rule["agatston"]["at_least"])
    reached = None if change.root is None else change.root >= at_least
    found.append(Verdict(rule["id"], rule["source"], "agatston", change.root, at_least, reached, _reason(change.root)))
    rule = table["interscan_variability"]
    mean = None if change.absolute is None else ((change.baseline or 0) + (change.followup or 0)) / 2
    part = None if mean is None else 100 * abs(change.absolute or 0) / mean if mean else 0.0
    found.append(_verdict(rule, "agatston", part, float(rule["agatston"]["mean_percent"])))
    return tuple(found)


def _verdict(rule: dict[str, Any], measure: str, value: float | None, limit: float | None) -> Verdict:
    exceeds = None if value is None or limit is None else value > limit
    return Verdict(rule["id"], rule["source"], measure, value, limit, exceeds, _reason(value))


def _reason(value: float | None) -> str | None:
    return "one of the scans has no total" if value is None else None
