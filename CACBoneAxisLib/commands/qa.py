"""``cacboneaxis qa``: the calibrations of a scanner over time."""

from __future__ import annotations

import argparse
from typing import Any

from CACBoneAxisLib.commands.outputs import add_output, destination_of
from CACBoneAxisLib.study.qa import QA, write_history


def add_qa(commands: Any) -> None:
    """Add ``qa`` to the commands."""
    parser = commands.add_parser(
        "qa",
        help="calibrations of a scanner over time",
        description="Hold calibration files of one scanner against each other: table, plots, and what has drifted.",
    )
    parser.set_defaults(run=_qa)
    parser.add_argument("calibrations", nargs="+", metavar="FILE", help="files of cacboneaxis calibrate, with dates")
    add_output(parser, "folder of the history")


def _qa(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    return write_history(arguments.calibrations, destination_of(arguments, QA, ("calibrations",)))
