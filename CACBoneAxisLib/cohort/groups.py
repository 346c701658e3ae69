"""Table 1: bone by calcium category and sex, with tests for difference and trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CACBoneAxisLib.calcium.categories import class_of, scheme_from
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.study.settings import read_settings

SEXES = {"all": "All", "F": "Women", "M": "Men"}
# Below this group size the spread is meaningless.
SMALLEST_GROUP = 3


@dataclass(frozen=True)
class Group:
    """One cell of Table 1: a calcium category in one sex; None where not computable."""

    sex: str
    category: str
    n: int
    age_mean: float | None
    age_sd: float | None
    with_calcium_percent: float | None
    bone_n: int
    bone_mean: float | None
    bone_sd: float | None


@dataclass(frozen=True)
class HypothesisTest:
    """A test: what is compared, by which test, its statistic and p; in words instead where it cannot be made."""

    what: str
    test: str
    statistic: float | None = None
    p: float | None = None
    n: int = 0
    words: str = ""


def scheme_of(name: str) -> dict[str, Any]:
    """Return a calcium category scheme by id, or read one from a JSON or TOML file.

    Raises
    ------
    UnusableInputError
        When the scheme is unknown or the file holds none.
    """
    if name.lower().endswith((".json", ".toml")):
        try:
            return scheme_from(read_settings(name))
        except ValueError as error:
            raise refusal("scheme-invalid", file=Path(name).name, problem=str(error)) from None
    schemes = {scheme["id"]: scheme for scheme in load_table("calcium_categories")["schemes"]}
    if name not in schemes:
        raise refusal("scheme-unknown", name=name, known=", ".join(schemes))
    return dict(schemes[name])


def category_names(scheme: dict[str, Any]) -> list[str]:
    """Return the categories of a scheme in ascending order."""
    return [str(row["category"]) for row in scheme["classes"]]


def with_category(data: Any, scheme: dict[str, Any]) -> Any:
    """Return the data with a column ``category`` of the Agatston score; missing without a score."""
    return data.assign(category=[class_of(scheme, a)[0] if a == a else None for a in data["agatston"]])


def table_one(data: Any, bone: str, scheme: dict[str, Any]) -> list[Group]:
    """Return the groups of Table 1: everyone and each sex, in total and by category.

    Parameters
    ----------
    data : one row per patient
    bone : column of the bone measure
    scheme : of calcium categories
    """
    data = with_category(data, scheme)
    groups = []
    for sex in SEXES:
        of_sex = data if sex == "all" else data[data["sex"] == sex]
        groups.append(_group(of_sex, sex, "all", bone))
        groups += [_group(of_sex[of_sex["category"] == name], sex, name, bone) for name in category_names(scheme)]
    return groups


def _group(data: Any, sex: str, category: str, bone: str) -> Group:
    scored = data["agatston"].dropna()
    age, values = data["age_years"].astype(float).dropna(), data[bone].dropna()
    return Group(
        sex,
        category,
        len(data),
        *_mean_sd(age),
        float(100 * (scored > 0).mean()) if len(scored) else None,
        len(values),
        *_mean_sd(values),
    )


def _mean_sd(values: Any) -> tuple[float | None, float | None]:
    return (float(values.mean()) if len(values) else None, float(values.std(ddof=1)) if len(values) > 1 else None)


def hypothesis_tests(data: Any, bone: str, scheme: dict[str, Any]) -> list[HypothesisTest]:
    """Return the tests of Table 1: bone and age across categories in all and each sex, and between the sexes."""
    data = with_category(data, scheme)
    names = category_names(scheme)
    found = []
    for sex, words in SEXES.items():
        of_sex = data if sex == "all" else data[data["sex"] == sex]
        for column, what in ((bone, "bone"), ("age_years", "age")):
            found += across(of_sex, column, names, f"{words}: {what} across categories")
    return found + between_sexes(data, bone)


def across(data: Any, column: str, names: Sequence[str], what: str) -> list[HypothesisTest]:
    """Return Welch's analysis of variance and the linear trend of a column over ordered categories."""
    from statsmodels.api import OLS, add_constant
    from statsmodels.stats.oneway import anova_oneway

    welch, trend = "Welch's analysis of variance", "linear trend over the order of the categories"
    used = data[data[column].notna() & data["category"].notna()]
    samples = {name: used.loc[used["category"] == name, column].astype(float).to_numpy() for name in names}
    small = [f"{name} ({len(values)})" for name, values in samples.items() if len(values) < SMALLEST_GROUP]
    samples = {name: values for name, values in samples.items() if len(values) >= SMALLEST_GROUP}
    n = sum(map(len, samples.values()))
    note = f"Without the groups of fewer than {SMALLEST_GROUP}: {', '.join(small)}." if small else ""
    if len(samples) < 2:
        return [
            HypothesisTest(what, welch, n=n, words=f"Not tested: fewer than two groups of {SMALLEST_GROUP} or more.")
        ]
    if any(values.std() == 0 for values in samples.values()):
        return [HypothesisTest(what, welch, n=n, words="Not tested: in one group all values are the same.")]
    difference = anova_oneway(list(samples.values()), use_var="unequal")
    ranks = [rank for rank, name in enumerate(names) if name in samples for _ in samples[name]]
    values = [value for sample in samples.values() for value in sample]
    line = OLS(values, add_constant(ranks)).fit(cov_type="HC3")
    return [
        HypothesisTest(what, welch, float(difference.statistic), float(difference.pvalue), n, note),
        HypothesisTest(what, trend, float(line.tvalues[1]), float(line.pvalues[1]), n, note),
    ]


def between_sexes(data: Any, bone: str) -> list[HypothesisTest]:
    """Return Welch's t test of bone and Fisher's exact test of the prevalence of calcium between women and men."""
    from scipy.stats import fisher_exact, ttest_ind

    women, men = data[data["sex"] == "F"], data[data["sex"] == "M"]
    if not len(women) or not len(men):
        return [HypothesisTest("Women against men", "", words="Not tested: only one sex is known in these data.")]
    found = []
    a, b = women[bone].dropna(), men[bone].dropna()
    if min(len(a), len(b)) < SMALLEST_GROUP or a.std() == 0 or b.std() == 0:
        found.append(
            HypothesisTest("Women against men: bone", "Welch's t test", words="Not tested: too few or equal values.")
        )
    else:
        t = ttest_ind(a, b, equal_var=False)
        found.append(
            HypothesisTest(
                "Women against men: bone", "Welch's t test", float(t.statistic), float(t.pvalue), len(a) + len(b)
            )
        )
    counts = [[int((g["agatston"] > 0).sum()), int((g["agatston"] == 0).sum())] for g in (women, men)]
    what = "Women against men: any calcium"
    if not all(map(sum, counts)):
        return [*found, HypothesisTest(what, "Fisher's exact test", words="Not tested: one sex has no score.")]
    odds = fisher_exact(counts)
    return [
        *found,
        HypothesisTest(what, "Fisher's exact test", _finite(odds.statistic), float(odds.pvalue), sum(map(sum, counts))),
    ]


def _finite(value: float) -> float | None:
    return float(value) if abs(value) < float("inf") and value == value else None
