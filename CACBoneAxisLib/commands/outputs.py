"""Outputs of ``analyze`` that are made only when asked for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from CACBoneAxisLib.report.pdf import PAPERS, plain_qt
from CACBoneAxisLib.study import StudyResult
from CACBoneAxisLib.study.output import write_study_pdf


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask for further outputs."""
    parser.add_argument(
        "--pdf", nargs="?", const="a4", choices=sorted(PAPERS), help="also write report.pdf, on A4 or Letter paper"
    )


def check_output_options(arguments: argparse.Namespace, qt: Any = None) -> None:
    """Raise UnusableInputError, before anything is computed, when an output that is asked for cannot be made."""
    if arguments.pdf and qt is None:
        plain_qt()


def further_outputs(arguments: argparse.Namespace, result: StudyResult, qt: Any = None) -> Callable[[Path], None]:
    """Return what adds the outputs that are asked for to an unfinished folder."""

    def fill(unfinished: Path) -> None:
        if arguments.pdf:
            write_study_pdf(result, unfinished, arguments.pdf, qt)

    return fill
