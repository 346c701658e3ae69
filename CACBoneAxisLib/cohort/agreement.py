"""Agreement of two readers or methods: Bland-Altman, intraclass correlation, kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from CACBoneAxisLib.cohort.groups import category_names, with_category

FEWEST = 3


@dataclass(frozen=True)
class Agreement:
    """Agreement of two sets of readings of one quantity; ``words`` says why where there is none.

    Parameters
    ----------
    quantity : in words, with its unit
    n : pairs
    bias, bias_low, bias_high : mean of second minus first, with its 95 % interval
    limit_low, limit_high : 95 % limits of agreement, bias -+ 1.96 SD of the differences
    icc, icc_low, icc_high : ICC(2,1), two-way random, absolute agreement, single reading
    """

    quantity: str
    n: int
    bias: float | None = None
    bias_low: float | None = None
    bias_high: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None
    icc: float | None = None
    icc_low: float | None = None
    icc_high: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of categories, plain and with linear weights, with 95 % intervals."""

    categories: str
    n: int
    plain: float | None = None
    plain_low: float | None = None
    plain_high: float | None = None
    weighted: float | None = None
    weighted_low: float | None = None
    weighted_high: float | None = None
    words: str = ""


def pairs(first: Any, second: Any) -> Any:
    """Join two results tables on the study; columns of the second end in ``_2``."""
    return first.merge(second, on="study_id", suffixes=("", "_2"), validate="one_to_one")


def agreement(first: Any, second: Any, quantity: str) -> Agreement:
    """Compute the agreement of two arrays of paired readings; incomplete pairs are dropped.

    Bland and Altman 1986, Lancet 1:307. ICC(2,1): Shrout and Fleiss 1979, Psychol Bull 86:420;
    its interval: McGraw and Wong 1996, Psychol Methods 1:30.
    """
    from scipy.stats import t

    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n = len(x)
    if n < FEWEST:
        return Agreement(quantity, n, words=f"Not computed: fewer than {FEWEST} studies have both.")
    difference = y - x
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    half = float(t.ppf(0.975, n - 1)) * sd / n**0.5
    words = ""
    icc: tuple[float | None, float | None, float | None] = (None, None, None)
    if np.ptp(np.concatenate([x, y])) == 0:
        words = "All readings are the same number; an intraclass correlation needs studies that differ."
    else:
        icc = intraclass(np.column_stack([x, y]))
    return Agreement(quantity, n, bias, bias - half, bias + half, bias - 1.96 * sd, bias + 1.96 * sd, *icc, words)


def intraclass(readings: Any) -> tuple[float, float, float]:
    """Compute ICC(2,1) and its 95 % interval from complete readings, shape (studies, readers)."""
    from scipy.stats import f

    table = np.asarray(readings, dtype=float)
    n, k = table.shape
    by_study, by_reader = k * table.mean(axis=1).var(ddof=1), n * table.mean(axis=0).var(ddof=1)
    residuals = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    rest = float((residuals**2).sum()) / ((n - 1) * (k - 1))
    value = float((by_study - rest) / (by_study + (k - 1) * rest + k * (by_reader - rest) / n))
    if 1 - value < 1e-12:
        return 1.0, 1.0, 1.0
    # McGraw and Wong, table 7, case 2A.
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    v = (a * by_reader + b * rest) ** 2 / ((a * by_reader) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1)))
    low_f, high_f = float(f.ppf(0.975, n - 1, v)), float(f.ppf(0.975, v, n - 1))
    spread = k * by_reader + (k * n - k - n) * rest
    low = n * (by_study - low_f * rest) / (low_f * spread + n * by_study)
    high = n * (high_f * by_study - rest) / (spread + n * high_f * by_study)
    return value, float(low), float(high)


def kappa(both: Any, scheme: dict[str, Any]) -> Kappa:
    """Compute Cohen's kappa of the calcium categories of paired studies (:func:`pairs`)."""
    from statsmodels.stats.inter_rater import cohens_kappa

    names = category_names(scheme)
    one = with_category(both[["agatston"]], scheme)["category"]
    two = with_category(both[["agatston_2"]].rename(columns={"agatston_2": "agatston"}), scheme)["category"]
    known = [(a, b) for a, b in zip(one, two, strict=True) if a in names and b in names]
    counts = np.zeros((len(names), len(names)), dtype=int)
    for a, b in known:
        counts[names.index(a), names.index(b)] += 1
    if len(known) < FEWEST:
        return Kappa(scheme["scheme"], len(known), words=f"Not computed: fewer than {FEWEST} studies have both.")
    if len({a for a, _ in known} | {b for _, b in known}) < 2:
        return Kappa(scheme["scheme"], len(known), words="Not computed: all studies are in one category.")
    # Empty categories keep their place in the weights.
    plain, weighted = cohens_kappa(counts), cohens_kappa(counts, wt="linear")
    return Kappa(
        scheme["scheme"],
        len(known),
        float(plain.kappa),
        float(plain.kappa_low),
        float(plain.kappa_upp),
        float(weighted.kappa),
        float(weighted.kappa_low),
        float(weighted.kappa_upp),
    )
