"""Diagnostics of fitted models, as sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

DOUBTFUL_P = 0.05
COLLINEAR_VIF = 10.0
COOK_LIMIT = 1.0
PEARSON_LIMIT = 5.0


def residual_checks(fitted: Any) -> list[str]:
    """Check the assumptions of a linear model on its residuals; one sentence per check."""
    from statsmodels.stats.diagnostic import het_breuschpagan
    from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor
    from statsmodels.stats.stattools import jarque_bera

    _, p_normal, skew, _ = jarque_bera(fitted.resid)
    _, p_spread, _, _ = het_breuschpagan(fitted.resid, fitted.model.exog)
    farthest = float(np.nanmax(OLSInfluence(fitted).cooks_distance[0]))
    said = [
        f"Residuals {_against(p_normal)} normal (Jarque-Bera p {p_words(p_normal)}, skewness {skew:.2f}).",
        f"The sizes of the residuals {_against(p_spread)} even over the predictions "
        f"(Breusch-Pagan p {p_words(p_spread)}); the intervals (HC3) hold either way.",
        f"Largest Cook's distance {farthest:.2f}"
        + (": one study decides much of this result." if farthest > COOK_LIMIT else "."),
    ]
    if fitted.model.exog.shape[1] > 2:
        factors = [float(variance_inflation_factor(fitted.model.exog, i)) for i in range(1, fitted.model.exog.shape[1])]
        doubt = (
            ": terms say the same; their coefficients cannot be told apart." if max(factors) > COLLINEAR_VIF else "."
        )
        said.append(f"Largest variance inflation factor {max(factors):.1f}{doubt}")
    return said


def logistic_checks(fitted: Any) -> list[str]:
    """Check discrimination and calibration of a logistic model; one sentence per check."""
    from scipy.stats import mannwhitneyu

    outcome = np.asarray(fitted.model.endog)
    predicted = np.asarray(fitted.predict())
    ones, zeros = predicted[outcome == 1], predicted[outcome == 0]
    area = mannwhitneyu(ones, zeros).statistic / (len(ones) * len(zeros))
    pearson = np.abs(np.asarray(fitted.resid_pearson))
    return [
        f"Area under the ROC curve {area:.2f} (same data, so optimistic).",
        f"Largest Pearson residual {pearson.max():.1f}"
        + (": a study that the model does not expect." if pearson.max() > PEARSON_LIMIT else "."),
    ]


def _against(p: float) -> str:
    return "are not shown to be other than" if p >= DOUBTFUL_P else "are not"


def p_words(p: float) -> str:
    """Format a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
