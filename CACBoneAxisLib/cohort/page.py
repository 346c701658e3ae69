"""``cohort.html``: the statistics on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort.checks import p_words
from CACBoneAxisLib.cohort.groups import SEXES, Group
from CACBoneAxisLib.cohort.models import Model
from CACBoneAxisLib.cohort.statistics import CohortStatistics
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report.blocks import (
    Block,
    Bullets,
    Drawing,
    Heading,
    Number,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    of_numbers,
)
from CACBoneAxisLib.report.numbers import NOT_MEASURED

GROUPS = ("Coronary calcium", *of_numbers("n", "Age, years", "With calcium, %", "Bone n"))
TESTS = ("What", "Test", *of_numbers("n", "Statistic", "p"), "In words")
CORRELATIONS = ("Group", "Correlation", *of_numbers("n", "r", "95 % interval", "p"))
TERMS = ("Term", *of_numbers("Coefficient", "95 % interval", "p"))
PUBLISHED = ("Study", "Who", "Site", "Group", *of_numbers("n of the study", "BMD, mg/cm3"))
AGREEMENTS = (
    "Quantity",
    *of_numbers("n", "Bias, second minus first", "95 % limits of agreement", "ICC(2,1)"),
    "In words",
)
KAPPAS = ("Categories", *of_numbers("n", "Kappa", "Linearly weighted kappa"), "In words")


def cohort_page(found: CohortStatistics, figures: Mapping[str, str]) -> Page:
    """Return the page; ``figures`` are SVG by title."""
    drawings = [Drawing(title, svg) for title, svg in figures.items()]
    models = [block for model in found.models for block in _model(model)]
    sections = [
        Section("What to know", "remarks", _list(found.remarks)),
        Section("Table 1: bone by coronary calcium and sex", "table-1", [_groups(found), _tests(found)]),
        Section("Correlation of bone with calcium", "correlation", [_correlations(found)]),
        Section("Models of calcium on bone", "models", models),
        Section("Agreement", "agreement", _agreement(found) if found.agreements else []),
        Section("Figures", "figures", drawings),
        Section("Published cohorts", "published", [_published()]),
    ]
    n = len(found.cohort.data)
    lead = f"{n} patients; bone in {found.unit}; calcium categories: {found.scheme['scheme']}."
    return Page(
        f"Coronary calcium and bone density of {n} patients",
        [Heading("Coronary calcium and bone density of a cohort", 1), Paragraph(lead)],
        [section for section in sections if section.blocks],
        f"CACBoneAxis {__version__}",
    )


def _groups(found: CohortStatistics) -> Table:
    columns = [*GROUPS, Number(f"Bone, {found.unit}")]
    rows = []
    for sex, words in SEXES.items():
        rows.append(Row([words], "group"))
        groups = [group for group in found.groups if group.sex == sex]
        rows += [Row(_group_cells(group), "total" if group.category == "all" else "") for group in groups]
    return Table("Mean and standard deviation. A dash: not known.", columns, rows)


def _group_cells(group: Group) -> list[str]:
    return [
        "total" if group.category == "all" else group.category,
        str(group.n),
        spread(group.age_mean, group.age_sd),
        number(group.with_calcium_percent),
        str(group.bone_n),
        spread(group.bone_mean, group.bone_sd),
    ]


def _tests(found: CohortStatistics) -> Table:
    rows = [
        Row([t.what, t.test or NOT_MEASURED, t.n or NOT_MEASURED, number(t.statistic, 2), _p(t.p), t.words])
        for t in found.tests
    ]
    return Table("Differences and trends. Tests are not corrected for their number.", TESTS, rows)


def _correlations(found: CohortStatistics) -> Table:
    rows = [
        Row([c.group, c.words or c.method, c.n, number(c.value, 3), between(c.low, c.high, 3), _p(c.p)])
        for c in found.correlations
    ]
    return Table("Pearson's with its interval by Fisher's transformation.", CORRELATIONS, rows)


def _model(model: Model) -> list[Block]:
    fit = "" if model.fit is None else f", {'R2' if model.kind == 'linear' else 'pseudo-R2'} {model.fit:.3f}"
    title = f"{model.kind.capitalize()} model of {model.outcome}, {model.adjustment}: n = {model.n}{fit}"
    left = [f"Left out: {', '.join(model.left_out)}."] if model.left_out else []
    rows = [Row([c.term, number(c.value, 4), between(c.low, c.high, 4), _p(c.p)]) for c in model.coefficients]
    scale = "Log odds." if model.kind == "logistic" else "Intervals hold for unequal spread (HC3)."
    body = [Table(scale, TERMS, rows)] if rows else []
    return [Heading(title), *body, *_list([*left, *model.words, *model.checks])]


def _agreement(found: CohortStatistics) -> list[Block]:
    rows = [
        Row([
            a.quantity,
            a.n,
            f"{number(a.bias, 2)} ({between(a.bias_low, a.bias_high, 2)})",
            between(a.limit_low, a.limit_high, 2),
            f"{number(a.icc, 3)} ({between(a.icc_low, a.icc_high, 3)})",
            a.words,
        ])
        for a in found.agreements
    ]  # fmt: skip
    kappas = [
        Row([
            k.categories,
            k.n,
            f"{number(k.plain, 3)} ({between(k.plain_low, k.plain_high, 3)})",
            f"{number(k.weighted, 3)} ({between(k.weighted_low, k.weighted_high, 3)})",
            k.words,
        ])
        for k in found.kappas
    ]  # fmt: skip
    return [
        Table("Bland-Altman and intraclass correlation, with 95 % intervals.", AGREEMENTS, rows),
        Table("Cohen's kappa, with 95 % intervals.", KAPPAS, kappas),
    ]


def _published() -> Table:
    published = load_table("published_cohorts")
    rows = [
        Row([*(r[key] for key in ("study", "population", "site", "group", "study_n")),
             spread(r["mean_mg_cm3"], r["sd_mg_cm3"])])
        for r in published["rows"]
    ]  # fmt: skip
    caption = f"{published['source']}. Other scanners, calibrations and levels: compare directions, not values."
    return Table(caption, PUBLISHED, rows)


def _list(sentences: Sequence[str]) -> list[Block]:
    return [Bullets(sentences)] if sentences else []


def number(value: Any, decimals: int = 1) -> str:
    """Return a number for people; a dash for None."""
    return NOT_MEASURED if value is None else f"{value:.{decimals}f}"


def spread(mean: float | None, sd: float | None) -> str:
    """Return mean and standard deviation; the mean alone without an SD."""
    return number(mean) if sd is None else f"{number(mean)} ± {number(sd)}"


def between(low: float | None, high: float | None, decimals: int = 1) -> str:
    """Return an interval; a dash where there is none."""
    return NOT_MEASURED if low is None or high is None else f"{number(low, decimals)} to {number(high, decimals)}"


def _p(p: float | None) -> str:
    return NOT_MEASURED if p is None else p_words(p)
