"""``cacboneaxis compare``: two results of a patient."""

from __future__ import annotations

import argparse
from typing import Any

from CACBoneAxisLib.commands.outputs import add_output, destination_of
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.report.bonecomparison import bone_change_words
from CACBoneAxisLib.report.comparison import summary_words
from CACBoneAxisLib.study.comparison import COMPARISON, compare, read_result, write_comparison


def add_compare(commands: Any) -> None:
    """Add the command to a parser's commands."""
    two = commands.add_parser(
        "compare", help="compare two results of one patient", description="Compare two results and write what changed."
    )
    two.set_defaults(run=_compare)
    two.add_argument("baseline", help="folder of the earlier result, or its result.json")
    two.add_argument("followup", help="folder of the later result, or its result.json")
    two.add_argument("--years", type=float, help="years between the scans; without them nothing is annualised")
    two.add_argument("--bone-cv", type=float, metavar="PERCENT", help="the site's own precision of BMD, CV in per cent")
    two.add_argument("--baseline-image", metavar="IMAGE", help="CT of the earlier result, for pictures")
    two.add_argument("--followup-image", metavar="IMAGE", help="CT of the later result, for pictures")
    add_output(two, "folder of the comparison")


def _compare(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    destination = destination_of(arguments, COMPARISON, ("baseline", "followup", "baseline_image", "followup_image"))
    (baseline, first), (followup, second) = (read_result(p) for p in (arguments.baseline, arguments.followup))
    paths = (arguments.baseline_image, arguments.followup_image)
    images = [read_ct(path, progress=bar) for path in paths] if all(paths) else []
    comparison = compare(baseline, followup, arguments.years, (first, second), arguments.bone_cv, images, bar)
    report = write_comparison(comparison, destination, images)
    lines = [summary_words(comparison), *filter(None, [bone_change_words(comparison)])]
    lines += [f"{f['severity']}: {f['message']}" for f in comparison["findings"] if f["severity"] != "note"]
    return "\n".join([*lines, "", f"Report: {report}"])
