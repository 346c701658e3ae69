"""``cacboneaxis analyze``: one CT."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from CACBoneAxisLib.commands.outputs import (
    add_output,
    add_output_options,
    check_output_options,
    destination_of,
    further_outputs,
)
from CACBoneAxisLib.commands.settings import add_setting_options, settings_of
from CACBoneAxisLib.report import terminal_summary
from CACBoneAxisLib.study import StudyInputs, StudyResult, analyze
from CACBoneAxisLib.study.loading import StudyFiles, load_study
from CACBoneAxisLib.study.output import RESULT, write_study

# Options that name an input file or folder.
FILE_OPTIONS = (
    *("image", "second_image", "seeds", "rois", "vertebra_points", "vertebrae", "heart", "reading", "settings"),
    *("calibration", "site_references"),
)

AfterAnalysis = Callable[[StudyResult, StudyInputs, Path], None]


def add_analyze(commands: Any) -> None:
    """Add the command to a parser's commands."""
    one = commands.add_parser("analyze", help="analyse one CT", description="Analyse one CT and write its result.")
    one.set_defaults(run=run_analyze)
    one.add_argument("image", help="DICOM folder, NRRD or NIfTI file")
    one.add_argument("--seeds", nargs="+", metavar="FILE", help="markups point lists (.mrk.json); an empty list is a 0")
    one.add_argument("--rois", nargs="+", metavar="FILE", default=[], help="markups ROIs (.mrk.json), one per vertebra")
    one.add_argument(
        "--vertebra-points",
        nargs="+",
        metavar="FILE",
        default=[],
        help="markups point lists, a point in each vertebral body, labelled with its level: the region is placed there",
    )
    one.add_argument(
        "--vertebrae",
        nargs="+",
        metavar="FILE",
        help="vertebrae: labelmap, .seg.nrrd, DICOM segmentation, or the folder of masks that TotalSegmentator writes",
    )
    one.add_argument("--heart", nargs="+", metavar="FILE", help="the heart, likewise: where to look for candidates")
    one.add_argument("--settings", metavar="FILE", help="settings, JSON or TOML")
    one.add_argument("--reading", metavar="FILE", help="structured report of --dicom-out: its seeds, regions, settings")
    one.add_argument("--series", help="which CT series of the folder: its number in the list, or auto")
    one.add_argument("--id", help="what the study is called in the result; made of the image's hash by default")
    one.add_argument(
        "--identifiers",
        action="store_true",
        help="keep names of files, and patient and study as the DICOM header has them, in the outputs",
    )
    add_output(one, "folder of the result")
    add_output_options(one)
    add_setting_options(one)


def run_analyze(arguments: argparse.Namespace, bar: Any, after_analysis: AfterAnalysis | None) -> str:
    """Analyse one CT, write its result and return the text to print."""
    destination = destination_of(arguments, RESULT, FILE_OPTIONS)
    qt = getattr(arguments, "qt", None)
    check_output_options(arguments, qt)
    settings = settings_of(arguments)
    files = StudyFiles(
        arguments.image,
        arguments.seeds,
        arguments.rois,
        arguments.vertebrae,
        arguments.series,
        arguments.heart,
        arguments.reading,
        arguments.vertebra_points,
        arguments.second_image,
    )
    inputs = load_study(
        files, settings, arguments.id, progress=lambda m, f: bar(m, f * 0.5), named=arguments.identifiers
    )
    check_output_options(arguments, qt, inputs.image)
    moved = destination.check([inputs.image.source.sha256])
    result = analyze(inputs, progress=lambda m, f: bar(m, 0.5 + f * 0.4))
    bar("Writing the report", 0.9)
    further = further_outputs(arguments, result, inputs, qt)

    def extra(unfinished: Path) -> None:
        further(unfinished)
        if after_analysis is not None:
            after_analysis(result, inputs, unfinished)

    report = write_study(result, destination, extra)
    return "\n".join([terminal_summary(result.to_dict()), "", *filter(None, [moved]), f"Report: {report}"])
