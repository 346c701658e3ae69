"""The command line, ``cacboneaxis``: parse, run a command, map errors to exit codes."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.commands.analyze import AfterAnalysis, add_analyze, run_analyze
from CACBoneAxisLib.commands.batch import add_batch, add_make_manifest
from CACBoneAxisLib.commands.calibrate import add_calibrate
from CACBoneAxisLib.commands.cohort import add_cohort
from CACBoneAxisLib.commands.compare import add_compare
from CACBoneAxisLib.commands.inspect import add_inspect
from CACBoneAxisLib.commands.qa import add_qa
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.study.destination import Destination
from CACBoneAxisLib.study.identity import without_identifiers
from CACBoneAxisLib.study.output import RESULT

DONE, UNUSABLE, INTERRUPTED = 0, 2, 130


class ProgressBar:
    """Progress of anything longer than a second: a bar on a terminal, elsewhere a line per step."""

    def __init__(self, stream: Any, wait_seconds: float = 1.0) -> None:
        self._stream = stream
        self._start = perf_counter()
        self._wait = wait_seconds
        self._shown = ""

    def __call__(self, message: str, fraction: float, *, at_once: bool = False) -> None:
        """Show a message and the fraction done, 0 to 1; ``at_once`` for steps known to be long."""
        if not at_once and perf_counter() - self._start < self._wait:
            return
        if self._stream.isatty():
            full = round(24 * min(max(fraction, 0.0), 1.0))
            line = f"\r{message[:40]:40} [{'#' * full}{'.' * (24 - full)}] {fraction:4.0%}"
        elif message != self._shown:
            line = f"{message}\n"
        else:
            return
        self._shown = message
        self._stream.write(line)
        self._stream.flush()

    def close(self) -> None:
        """Clear the bar."""
        if self._shown and self._stream.isatty():
            self._stream.write("\r" + " " * 76 + "\r")
            self._stream.flush()


def main(argv: Sequence[str] | None = None, after_analysis: AfterAnalysis | None = None, qt: Any = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : arguments without the program name; the process's by default
    after_analysis : called with result, inputs and the unfinished output folder, to add
        files
    qt : Qt's classes as attributes, for the report as PDF; PySide6's where none are given

    Returns
    -------
    int
        0 done; 2 wrong use or unusable input, with one sentence on stderr and nothing
        written; 3 a batch in which some studies failed; 130 interrupted, nothing written,
        of a batch what was complete.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else UNUSABLE
    arguments.qt = qt
    bar = ProgressBar(sys.stderr)
    problem: UnusableInputError | str
    try:
        with _log_on(sys.stderr, verbose=arguments.verbose):
            said = arguments.run(arguments, bar, after_analysis)
    except UnusableInputError as error:
        problem, code = error, UNUSABLE
    except OSError as error:
        problem, code = (
            f"{Path(error.filename).name + ': ' if error.filename else ''}{error.strerror or error}.",
            UNUSABLE,
        )
    except MemoryError:
        problem, code = "There is not enough memory for this image.", UNUSABLE
    except KeyboardInterrupt as stop:
        problem, code = str(stop) or "Interrupted; nothing was written.", INTERRUPTED
    else:
        bar.close()
        message, code = said if isinstance(said, tuple) else (said, DONE)
        sys.stdout.write(message + "\n")
        return int(code)
    bar.close()
    if not getattr(arguments, "identifiers", False):
        problem = without_identifiers(problem, _paths(arguments))
    sys.stderr.write(f"cacboneaxis: {problem}\n")
    return code


@contextmanager
def _log_on(stream: Any, *, verbose: bool) -> Iterator[None]:
    """Write what the library logs to a stream for the time of a command; nothing of the patient is in it."""
    logger = logging.getLogger("CACBoneAxisLib")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    before = logger.level
    if verbose:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


# Arguments that name files of a study; file names may be patient names.
FILE_ARGUMENTS = (
    *("image", "seeds", "rois", "vertebrae", "heart", "vertebra_points", "settings", "reading", "calibration"),
    *("second_image", "site_references", "baseline_image", "followup_image", "folder"),
)


def _paths(arguments: argparse.Namespace) -> dict[str, list[str]]:
    found = {name.replace("_", "-"): getattr(arguments, name, None) for name in FILE_ARGUMENTS}
    return {name: [given] if isinstance(given, str) else list(given) for name, given in found.items() if given}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cacboneaxis",
        description="Coronary calcium and vertebral bone density from one CT. Research use only.",
    )
    parser.add_argument("--version", action="version", version=f"CACBoneAxis {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add_analyze(commands)
    add_compare(commands)
    add_calibrate(commands)
    show = commands.add_parser(
        "demo", help="analyse a digital torso", description="Make a digital torso and analyse it."
    )
    show.set_defaults(run=_demo)
    show.add_argument("--output", default="demo", metavar="DIR", help="folder of the torso and its result (demo)")
    add_batch(commands)
    add_make_manifest(commands)
    add_cohort(commands)
    add_qa(commands)
    add_inspect(commands)
    for command in commands.choices.values():
        command.add_argument("--verbose", action="store_true", help="say on standard error what is done and how long")
    return parser


def _demo(arguments: argparse.Namespace, bar: ProgressBar, after_analysis: AfterAnalysis | None) -> str:
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso  # imported here: only the demo needs it

    folder = Path(arguments.output)
    Destination(folder / "result", RESULT).check()
    bar("Making the digital torso", 0.0, at_once=True)
    torso = make_torso(TorsoParameters())
    files = write_torso(torso, folder / "torso")
    words = [
        "analyze",
        str(files["ct"]),
        "--seeds",
        str(files["seeds"]),
        "--rois",
        *(str(files[region.name]) for region in torso.regions),
        "--settings",
        str(files["settings"]),
        "--id",
        "digital torso",
        "--output",
        str(folder / "result"),
    ]
    return run_analyze(_parser().parse_args(words), bar, after_analysis)
