"""The option ``--output`` of every command, and the optional outputs of ``analyze``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.pdf import PAPERS, plain_qt
from CACBoneAxisLib.study import StudyInputs, StudyResult
from CACBoneAxisLib.study.destination import Destination, OutputKind
from CACBoneAxisLib.study.dicomobjects import check_objects, write_study_objects
from CACBoneAxisLib.study.output import write_study_pdf


def add_output(parser: argparse.ArgumentParser, what: str, metavar: str = "DIR") -> None:
    """Add ``--output`` and ``--overwrite``."""
    parser.add_argument("--output", required=True, metavar=metavar, help=what)
    add_overwrite(parser)


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add ``--overwrite``."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="move what may not be replaced there to NAME.replaced-1; nothing is removed",
    )


def destination_of(arguments: argparse.Namespace, kind: OutputKind | None, inputs: Sequence[str]) -> Destination:
    """Return the destination of a command, checked as far as the arguments allow.

    Parameters
    ----------
    kind : of output folder, None for a file
    inputs : names of the arguments that are read

    Raises
    ------
    UnusableInputError
        When nothing may be written there.
    """
    given = [getattr(arguments, name, None) for name in inputs]
    paths = [path for one in given if one for path in ([one] if isinstance(one, str) else one)]
    destination = Destination(Path(arguments.output), kind, paths, arguments.overwrite)
    if kind is not None:
        destination.check()
    return destination


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for optional outputs."""
    parser.add_argument(
        "--pdf", nargs="?", const="a4", choices=sorted(PAPERS), help="also write report.pdf, on A4 or Letter paper"
    )
    parser.add_argument(
        "--dicom-out",
        action="store_true",
        help="also write DICOM objects of the CT's study, with its identifiers: measurements, segmentation, report",
    )


def check_output_options(arguments: argparse.Namespace, qt: Any = None, image: CTImage | None = None) -> None:
    """Raise UnusableInputError when a requested output cannot be made here, or of this image."""
    if arguments.pdf and qt is None:
        plain_qt()
    if arguments.dicom_out:
        check_objects(image, qt)


def further_outputs(
    arguments: argparse.Namespace, result: StudyResult, inputs: StudyInputs, qt: Any = None
) -> Callable[[Path], None]:
    """Return a function that adds the requested outputs to an unfinished folder."""

    def fill(unfinished: Path) -> None:
        if arguments.pdf:
            write_study_pdf(result, unfinished, arguments.pdf, qt)
        if arguments.dicom_out:
            write_study_objects(result, inputs, unfinished, arguments.pdf or "a4", qt)

    return fill
