"""``cacboneaxis cohort``: the table that the paper needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort import plots
from CACBoneAxisLib.cohort.checks import p_words
from CACBoneAxisLib.cohort.frame import make_cohort, read_clinical, read_results, require, table_sha256
from CACBoneAxisLib.cohort.groups import SEXES
from CACBoneAxisLib.cohort.models import OUTCOMES
from CACBoneAxisLib.cohort.page import between, cohort_page, number
from CACBoneAxisLib.cohort.statistics import CohortStatistics, statistics
from CACBoneAxisLib.commands.outputs import add_output, destination_of
from CACBoneAxisLib.report.html import write_page
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.tables import write_csv
from CACBoneAxisLib.study.destination import OutputKind, write_json

SCHEMA = "cacboneaxis/cohort/1"
JSON, PAGE = "cohort.json", "cohort.html"
STATISTICS = OutputKind(
    JSON,
    (SCHEMA,),
    frozenset({JSON, PAGE, "table1.csv", "models.csv", "*.svg"}),
    lambda statistics: statistics.get("inputs_sha256", ()),
)
TABLE_COLUMNS = {
    "sex": "all, F or M",
    "category": "of calcium; all for the total",
    "n": "patients",
    "age_mean": "years",
    "age_sd": "years",
    "with_calcium_percent": "of those with a score",
    "bone_n": "patients with a bone measure",
    "bone_mean": "in the unit of the last column",
    "bone_sd": "in the unit of the last column",
    "bone_unit": "HU, or mg/cm3 and material",
}
MODEL_COLUMNS = {
    "kind": "linear or logistic",
    "outcome": "what is modelled",
    "adjustment": "unadjusted, or what it is adjusted for",
    "n": "patients in the model",
    "left_out": "why others are not",
    "term": "bone first",
    "value": "coefficient; of a logistic model, log odds",
    "low": "lower end of its 95 % interval",
    "high": "upper end",
    "p": "of no effect",
    "words": "why there is no model, or what makes it doubtful",
}


def add_cohort(commands: Any) -> None:
    """Add ``cohort`` to the commands."""
    parser = commands.add_parser(
        "cohort",
        help="statistics of a batch",
        description="Bone by coronary calcium in the results of a batch: table, tests, models, figures, one page.",
    )
    parser.set_defaults(run=_cohort)
    parser.add_argument("results", help="folder of a batch, results.csv or results.parquet")
    parser.add_argument(
        "--clinical", metavar="FILE", help="CSV with study_id or patient_id, bmi and what you adjust for"
    )
    parser.add_argument("--adjust", nargs="+", default=[], metavar="COLUMN", help="columns beside age, sex and bmi")
    parser.add_argument(
        "--scheme", default="ahmadi", help="calcium categories: ahmadi, standard, cac-drs, or a file of your own"
    )
    parser.add_argument("--bone", choices=("auto", "bmd", "hu"), default="auto", help="bone measure (BMD where known)")
    parser.add_argument("--outcome", choices=tuple(OUTCOMES), default="agatston", help="calcium measure of the models")
    parser.add_argument("--against", metavar="RESULTS", help="results of a second reader or method: agreement")
    add_output(parser, "folder of the statistics")


def _cohort(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    for package in ("pandas", "statsmodels", "matplotlib"):
        require(package)
    destination = destination_of(arguments, STATISTICS, ("results", "clinical", "against"))
    bar("Reading the tables", 0.0)
    clinical = read_clinical(arguments.clinical) if arguments.clinical else None
    cohort = make_cohort(read_results(arguments.results), clinical)
    second = read_results(arguments.against) if arguments.against else None
    tables = [given for given in (arguments.results, arguments.clinical, arguments.against) if given]
    hashes = [table_sha256(given) for given in tables]
    moved = destination.check(hashes)
    bar("Fitting the models", 0.3)
    found = statistics(
        cohort,
        scheme=arguments.scheme,
        bone=arguments.bone,
        outcome=arguments.outcome,
        adjust=arguments.adjust,
        second=second,
    )
    bar("Drawing", 0.6)
    folder = destination.write(lambda unfinished: _fill(unfinished, found, hashes), hashes)
    return "\n".join([summary(found), "", *filter(None, [moved]), f"Page: {folder / PAGE}"])


def figures(found: CohortStatistics) -> dict[str, tuple[str, str]]:
    """Return file name and SVG of every figure that can be drawn, by title."""
    data, scheme = found.cohort.data, found.scheme
    words = OUTCOMES[found.outcome]
    own = [
        (f"{SEXES[g.sex]}, CAC {g.category}", g.bone_mean, g.bone_sd)
        for g in found.groups
        if g.bone_mean is not None and g.bone_sd is not None
    ]
    drawn: dict[str, tuple[str, str | None]] = {
        "Bone by calcium category": (
            "bone-by-category.svg",
            plots.bone_by_category(data, found.bone, found.unit, scheme),
        ),
        "Calcium against bone": ("scatter.svg", plots.scatter(data, found.bone, found.unit, found.outcome, words)),
        "Categories of calcium and bone together": ("joint-grid.svg", plots.joint_grid(data, scheme)),
    }
    drawn["Follow-up"] = ("follow-up.svg", plots.follow_up(found.cohort.scans))
    if found.bone == "bmd_mg_cm3":
        drawn["Beside the published cohorts"] = ("published.svg", plots.beside_published(own))
    for one, column in zip(found.agreements, (found.outcome, found.bone), strict=False):
        both = found.paired
        svg = plots.bland_altman(both[column], both[f"{column}_2"], one)
        drawn[f"Bland-Altman: {one.quantity}"] = (f"bland-altman-{column.split('_')[0]}.svg", svg)
    return {title: (name, svg) for title, (name, svg) in drawn.items() if svg is not None}


def summary(found: CohortStatistics) -> str:
    """Return the coefficients of bone in a few lines."""
    lines = [f"{len(found.cohort.data)} patients; bone in {found.unit}"]
    for model in found.models:
        title = f"{model.kind}, {model.adjustment} (n {model.n})"
        bone = next((c for c in model.coefficients if c.term.startswith("bone")), None)
        if bone is None:
            lines.append(f"  {title}: {' '.join(model.words)}")
        else:
            interval = between(bone.low, bone.high, 3)
            lines.append(f"  {title}: {bone.term} {number(bone.value, 3)} ({interval}), p {p_words(bone.p)}")
    return "\n".join(lines)


def _fill(folder: Path, found: CohortStatistics, hashes: Sequence[str]) -> None:
    """Write the page, tables, figures and the numbers into an unfinished folder."""
    drawn = figures(found)
    for name, svg in drawn.values():
        (folder / name).write_text(svg, encoding="utf-8", newline="\n")
    write_page(folder / PAGE, cohort_page(found, {title: svg for title, (_, svg) in drawn.items()}))
    rows = [{**asdict(group), "bone_unit": found.unit} for group in found.groups]
    write_csv(folder / "table1.csv", TABLE_COLUMNS, rows)
    write_csv(folder / "models.csv", MODEL_COLUMNS, _model_rows(found))
    numbers = {
        "schema": SCHEMA,
        "version": __version__,
        "inputs_sha256": list(hashes),
        "bone": {"column": found.bone, "unit": found.unit},
        "scheme": found.scheme["id"],
        "outcome": found.outcome,
        "remarks": list(found.remarks),
        **{
            name: [asdict(item) for item in getattr(found, name)]
            for name in ("groups", "tests", "correlations", "models", "agreements", "kappas")
        },
    }
    write_json(folder / JSON, stored(numbers))


def _model_rows(found: CohortStatistics) -> list[dict[str, Any]]:
    rows = []
    for model in found.models:
        base = {name: getattr(model, name) for name in ("kind", "outcome", "adjustment", "n")}
        base |= {"left_out": "; ".join(model.left_out), "words": " ".join(model.words)}
        none = {"term": "", "value": None, "low": None, "high": None, "p": None}
        rows += [{**base, **asdict(c)} for c in model.coefficients] or [{**base, **none}]
    return rows
