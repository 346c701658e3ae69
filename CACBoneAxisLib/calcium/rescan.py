"""Interval in which a second scan of the same calcium would fall."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from CACBoneAxisLib.data import load_table

Measure = Literal["agatston", "volume_mm3"]


@dataclass(frozen=True)
class RescanInterval:
    """An interval around a measure: ends, half width, rule and source."""

    rule: str
    measure: str
    low: float
    high: float
    half_width: float
    source: str


def smallest_significant_change(baseline: float, measure: Measure = "agatston") -> float:
    """Return the smallest difference that exceeds measurement error (Sevrukov 2005).

    4.930 x sqrt(baseline Agatston) or 3.445 x sqrt(baseline volume, mm3); from a baseline of
    zero 11.6 or 9.5 mm3.

    Examples
    --------
    >>> round(smallest_significant_change(100.0), 2), smallest_significant_change(0.0)
    (49.3, 11.6)
    """
    row = load_table("calcium_change")["smallest_significant_change"][measure]
    return float(row["per_root"] * sqrt(baseline) if baseline > 0 else row["from_zero"])


def rescan_limit(baseline: float, bmi_kg_m2: float, measure: Measure = "agatston") -> float:
    """Return the upper 95 % limit of the difference between two scans (Chung 2008).

    0.17 A + 4.89 sqrt(A) + 0.44 BMI - 10.84 for the Agatston score A, 0.16 V + 4.30 sqrt(V) +
    0.23 BMI - 5.00 for the volume V in mm3; never below 0.

    Examples
    --------
    >>> round(rescan_limit(100.0, bmi_kg_m2=25.0), 2)  # 17 + 48.9 + 11 - 10.84
    66.06
    """
    row = load_table("calcium_change")["rescan_limit"][measure]
    limit = row["per_score"] * baseline + row["per_root"] * sqrt(baseline) + row["per_bmi"] * bmi_kg_m2
    return max(0.0, float(limit + row["constant"]))


def rescan_intervals(value: float | None, measure: Measure, bmi_kg_m2: float | None) -> tuple[RescanInterval, ...]:
    """Return the rescan interval of each rule that can be applied."""
    if value is None:
        return ()
    table = load_table("calcium_change")
    widths = [(table["smallest_significant_change"], smallest_significant_change(value, measure))]
    if bmi_kg_m2 is not None:
        widths.append((table["rescan_limit"], rescan_limit(value, bmi_kg_m2, measure)))
    return tuple(
        RescanInterval(rule["id"], measure, max(0.0, value - width), value + width, width, rule["source"])
        for rule, width in widths
    )
