"""Agreement, against published examples."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.cohort.agreement import agreement, intraclass, kappa, pairs
from CACBoneAxisLib.cohort.groups import scheme_of

pandas = pytest.importorskip("pandas")
pytest.importorskip("statsmodels")

# Shrout and Fleiss 1979, Psychol Bull 86:420, table 2: four judges, six targets; table 4: ICC(2,1) = .29.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Bland and Altman 1986, Lancet 1:307, table 1: first readings of the large and the mini Wright meter, l/min.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_the_intraclass_correlation_is_that_of_shrout_and_fleiss():
    value, low, high = intraclass(SHROUT_FLEISS)
    assert round(value, 2) == 0.29
    # McGraw and Wong's interval for these data, as R's psych and irr packages print it.
    assert (round(low, 2), round(high, 2)) == (0.02, 0.76)


def test_the_mean_squares_are_those_of_the_analysis_of_variance():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    readings = np.random.default_rng(3).normal(100, 20, (15, 1)) + np.random.default_rng(4).normal(0, 6, (15, 2))
    long = pandas.DataFrame({"v": readings.ravel(), "s": np.repeat(range(15), 2), "r": np.tile(range(2), 15)})
    squares = anova_lm(ols("v ~ C(s) + C(r)", long).fit())["mean_sq"]
    s, r, e = squares["C(s)"], squares["C(r)"], squares["Residual"]
    assert intraclass(readings)[0] == pytest.approx((s - e) / (s + e + 2 * (r - e) / 15))


def test_limits_of_agreement_are_those_of_bland_and_altman():
    found = agreement(MINI, LARGE, "peak flow")
    # Published: mean difference -2.1, SD 38.8, limits -79.7 and 75.5 with 2 SD instead of 1.96.
    assert round(found.bias, 1) == -2.1
    assert (found.limit_high - found.bias) / 1.96 == pytest.approx(38.8, abs=0.05)
    # Standard error 9.4, interval -22.0 to 17.8.
    assert (round(found.bias_low, 1), round(found.bias_high, 1)) == (-22.0, 17.8)


def test_readings_that_are_the_same_agree_and_gaps_are_left_out():
    found = agreement([1.0, 2.0, np.nan, 4.0], [1.0, 2.0, 3.0, 4.0], "x")
    assert (found.n, found.bias, found.icc) == (3, 0.0, 1.0)
    assert "fewer" in agreement([1.0], [1.0], "x").words
    assert "same number" in agreement([5.0] * 4, [5.0] * 4, "x").words


def test_kappa_is_that_of_a_hand_worked_table():
    # 20 / 5 / 10 / 15: observed 0.7, expected 0.5, kappa 0.4 (the example of textbooks).
    one = [0.0] * 25 + [50.0] * 25
    two = [0.0] * 20 + [50.0] * 5 + [0.0] * 10 + [50.0] * 15
    table = pandas.DataFrame({"study_id": range(50), "agatston": one})
    other = pandas.DataFrame({"study_id": range(50), "agatston": two})
    found = kappa(pairs(table, other), scheme_of("ahmadi"))
    assert found.plain == pytest.approx(0.4)
    assert found.weighted == pytest.approx(0.4)
    alone = table.assign(agatston=0.0)
    assert "one category" in kappa(pairs(alone, alone), scheme_of("ahmadi")).words
