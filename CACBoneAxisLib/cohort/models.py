"""Calcium against bone: correlation, linear and logistic models, with diagnostics."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from CACBoneAxisLib.cohort.checks import logistic_checks, residual_checks

# Bone coefficients are per this many mg/cm3 or HU: one alone is below scanner precision.
BONE_STEP = 10.0
OUTCOMES = {"agatston": "Agatston score", "volume_mm3": "calcium volume (mm3)", "mass_mg": "calcium mass (mg)"}
PER_PARAMETER = 10


@dataclass(frozen=True)
class Coefficient:
    """A term with its 95 % interval; log odds in a logistic model."""

    term: str
    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Model:
    """A fitted model; ``words`` says why where there is none.

    Parameters
    ----------
    kind : linear or logistic
    outcome : in words
    adjustment : unadjusted, or the covariates
    n : studies used
    coefficients : bone first, covariates, the constant last
    checks : residual checks, a sentence each
    left_out : reasons and counts of excluded studies
    words : why it was not fitted, or a caution
    fit : R2 of a linear model, McFadden's pseudo-R2 of a logistic one
    """

    kind: str
    outcome: str
    adjustment: str
    n: int = 0
    coefficients: tuple[Coefficient, ...] = ()
    checks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fit: float | None = None


@dataclass(frozen=True)
class Correlation:
    """A correlation of bone with calcium; ``words`` says why where there is none."""

    group: str
    method: str
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    words: str = ""


@dataclass(frozen=True, eq=False)
class Design:
    """Design matrix and outcome of a model.

    Parameters
    ----------
    columns : numeric DataFrame of predictors without the constant, ``bone`` first
    calcium : Series of the outcome
    left_out, words : as of :class:`Model`
    names : label of each column
    """

    columns: Any
    calcium: Any
    left_out: tuple[str, ...]
    words: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)


def correlations(data: Any, bone: str, outcome: str) -> list[Correlation]:
    """Correlate bone with calcium: Pearson with ln(calcium + 1) and Spearman, overall and by sex."""
    from scipy.stats import pearsonr, spearmanr

    found = []
    for sex, group in ((None, "All"), ("F", "Women"), ("M", "Men")):
        used = data if sex is None else data[data["sex"] == sex]
        used = used[[bone, outcome]].dropna().astype(float)
        n = len(used)
        if n < 4 or used[bone].nunique() < 2 or used[outcome].nunique() < 2:
            why = "fewer than four studies" if n < 4 else "one of the two is the same in all studies"
            found.append(Correlation(group, "", n, words=f"Not computed: {why}."))
            continue
        r = pearsonr(used[bone], np.log1p(used[outcome]))
        interval = r.confidence_interval(0.95)
        method = "Pearson, ln(calcium + 1)"
        found.append(
            Correlation(
                group, method, n, float(r.statistic), float(interval.low), float(interval.high), float(r.pvalue)
            )
        )
        rho = spearmanr(used[bone], used[outcome])
        found.append(Correlation(group, "Spearman", n, float(rho.statistic), p=float(rho.pvalue)))
    return found


def models(data: Any, bone: str, unit: str, outcome: str, adjust: Sequence[str]) -> list[Model]:
    """Fit the linear and the logistic model, each unadjusted and adjusted.

    Linear: ln(calcium + 1) on bone, with heteroscedasticity-robust intervals (HC3).
    Logistic: calcium above 0 on bone.

    Parameters
    ----------
    data : of a cohort
    bone : column of the bone measure, in ``unit``
    outcome : a key of :data:`OUTCOMES`
    adjust : covariates; text columns are treated as groups
    """
    found = []
    for covariates in ((), tuple(adjust)):
        adjustment = "adjusted for " + ", ".join(covariates) if covariates else "unadjusted"
        design = make_design(data, bone, unit, outcome, covariates)
        found += [linear(design, outcome, adjustment), logistic(design, outcome, adjustment)]
        if not adjust:
            break
    return sorted(found, key=lambda model: model.kind)


def make_design(data: Any, bone: str, unit: str, outcome: str, covariates: Sequence[str]) -> Design:
    """Build the design from complete studies, and record who is excluded and why."""
    import pandas

    needed = [(outcome, OUTCOMES[outcome]), (bone, "bone"), *((name, name) for name in covariates)]
    left, missing = data, []
    for column, called in needed:
        absent = int(left[column].isna().sum())
        if absent:
            missing.append(f"{absent} without {called}")
            left = left[left[column].notna()]
    columns = pandas.DataFrame({"bone": left[bone].astype(float) / BONE_STEP})
    names = {"bone": f"bone, per {BONE_STEP:g} {unit}"}
    words: list[str] = []
    for name in covariates:
        values = left[name]
        if values.nunique() < 2:
            words.append(f"{name} is the same in all of them and was left out of the model.")
        elif pandas.api.types.is_numeric_dtype(values.infer_objects()):
            columns[name] = values.astype(float)
            names[name] = name
        else:
            first, *others = sorted(map(str, values.unique()))
            for other in others:
                columns[f"{name}={other}"] = (values.astype(str) == other).astype(float)
                names[f"{name}={other}"] = f"{name}: {other} against {first}"
    return Design(columns, left[outcome].astype(float), tuple(missing), tuple(words), names)


def linear(design: Design, outcome: str, adjustment: str) -> Model:
    """Fit ln(calcium + 1) by least squares."""
    from statsmodels.api import OLS, add_constant

    said = f"ln({OUTCOMES[outcome]} + 1)"
    base: dict[str, Any] = {"kind": "linear", "outcome": said, "adjustment": adjustment, "left_out": design.left_out}
    n, parameters = len(design.calcium), design.columns.shape[1] + 1
    problem = _unfit(design, parameters)
    if problem:
        return Model(**base, n=n, words=(*design.words, problem))
    fitted = OLS(np.log1p(design.calcium), add_constant(design.columns, has_constant="add")).fit()
    robust = fitted.get_robustcov_results("HC3")
    words = list(design.words)
    if n < PER_PARAMETER * (parameters - 1):
        words.append(f"Few studies: {n} for {parameters - 1} terms.")
    return Model(
        **base,
        n=n,
        coefficients=_coefficients(robust, list(fitted.params.index), design.names),
        checks=tuple(residual_checks(fitted)),
        words=tuple(words),
        fit=float(fitted.rsquared),
    )


def logistic(design: Design, outcome: str, adjustment: str) -> Model:
    """Fit a logistic model of calcium above 0."""
    from statsmodels.api import Logit, add_constant
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationError, PerfectSeparationWarning

    base: dict[str, Any] = {
        "kind": "logistic",
        "outcome": f"{OUTCOMES[outcome]} above 0",
        "adjustment": adjustment,
        "left_out": design.left_out,
    }
    with_calcium = (design.calcium > 0).astype(float)
    n, parameters = len(with_calcium), design.columns.shape[1] + 1
    problem = _unfit(design, parameters)
    if not problem and with_calcium.nunique() < 2:
        problem = f"Not fitted: {'all' if with_calcium.all() else 'none'} of the {n} studies have calcium."
    if problem:
        return Model(**base, n=n, words=(*design.words, problem))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # overflow on the way to the reported failure
            warnings.simplefilter("error", ConvergenceWarning)
            warnings.simplefilter("error", PerfectSeparationWarning)
            fitted = Logit(with_calcium, add_constant(design.columns, has_constant="add")).fit(disp=0, maxiter=200)
    except (PerfectSeparationError, PerfectSeparationWarning, ConvergenceWarning, np.linalg.LinAlgError):
        separated = "Not fitted: the terms separate studies with and without calcium completely."
        return Model(**base, n=n, words=(*design.words, separated))
    words = list(design.words)
    events = int(min(with_calcium.sum(), n - with_calcium.sum()))
    if events < PER_PARAMETER * (parameters - 1):
        words.append(f"Few events: {events} in the smaller group for {parameters - 1} terms.")
    return Model(
        **base,
        n=n,
        coefficients=_coefficients(fitted, list(fitted.params.index), design.names),
        checks=tuple(logistic_checks(fitted)),
        words=tuple(words),
        fit=float(fitted.prsquared),
    )


def _unfit(design: Design, parameters: int) -> str:
    n = len(design.calcium)
    if n < parameters + 3:
        return f"Not fitted: {n} studies are too few for {parameters - 1} terms."
    if design.columns["bone"].nunique() < 2:
        return "Not fitted: bone is the same in all studies."
    if design.calcium.nunique() < 2:
        return "Not fitted: calcium is the same in all studies."
    matrix = np.column_stack([np.ones(n), design.columns.to_numpy()])
    if np.linalg.matrix_rank(matrix) < parameters:
        return "Not fitted: one of the terms follows exactly from the others."
    return ""


def _coefficients(fitted: Any, terms: list[str], names: dict[str, str]) -> tuple[Coefficient, ...]:
    intervals = np.asarray(fitted.conf_int())
    found = [
        Coefficient(names.get(term, "constant"), float(value), float(low), float(high), float(p))
        for term, value, (low, high), p in zip(
            terms, np.asarray(fitted.params), intervals, np.asarray(fitted.pvalues), strict=True
        )
    ]
    return tuple(sorted(found, key=lambda c: c.term == "constant"))
