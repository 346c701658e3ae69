"""``cacboneaxis batch`` and ``cacboneaxis make-manifest``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.batch import FAILURES, RESULTS, BatchFolder, BatchState, run_batch
from CACBoneAxisLib.cohort.discovery import find_studies
from CACBoneAxisLib.cohort.executors import Executor, LocalExecutor
from CACBoneAxisLib.cohort.manifest import PATH_COLUMNS, manifest_header, read_manifest
from CACBoneAxisLib.cohort.tables import PARTITION_ROWS, parquet_available
from CACBoneAxisLib.commands.outputs import add_output, add_overwrite, destination_of
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.report.tables import write_csv
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.settings import read_settings

DONE, SOME_FAILED = 0, 3


def add_batch(commands: Any) -> None:
    """Add ``batch`` to the commands."""
    parser = commands.add_parser(
        "batch",
        help="analyse the studies of a manifest",
        description="Analyse every study of a manifest; one folder per study, one table for all.",
    )
    parser.set_defaults(run=_batch)
    parser.add_argument("manifest", help="CSV with one row per study; docs/batch.md has its columns")
    add_output(parser, "folder of the batch")
    parser.add_argument("--settings", metavar="FILE", help="settings of all studies, JSON or TOML")
    parser.add_argument("--resume", action="store_true", help="go on with the batch in DIR; what is complete stays")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_positive, metavar="N", help="processes on this machine (one per core)")
    where.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="Dask scheduler whose workers are to be used")
    parser.add_argument("--time-limit", type=_seconds, default=900.0, metavar="S", help="seconds for one study (900)")
    parser.add_argument("--root", metavar="DIR", help="folder that no path may leave (that of the manifest)")
    parser.add_argument("--rehash", action="store_true", help="with --resume: hash every input again, changed or not")
    parser.add_argument(
        "--partition-rows",
        type=_positive,
        default=PARTITION_ROWS,
        metavar="N",
        help=f"above so many studies, results.parquet is a folder of parts ({PARTITION_ROWS})",
    )


def add_make_manifest(commands: Any) -> None:
    """Add ``make-manifest`` to the commands."""
    parser = commands.add_parser(
        "make-manifest",
        help="make the manifest of a batch from a folder",
        description="List the studies below a folder: readings saved by Slicer beside their CT, and DICOM folders.",
    )
    parser.set_defaults(run=_make_manifest)
    parser.add_argument("folder", help="folder that holds the studies")
    parser.add_argument("--output", metavar="FILE", help="the manifest (manifest.csv in the folder)")
    add_overwrite(parser)
    parser.add_argument(
        "--series", metavar="NAME", help="what to write for every DICOM folder; auto takes the series that suits"
    )


def _batch(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> tuple[str, int]:
    rows = read_manifest(arguments.manifest, arguments.root)
    settings = read_settings(arguments.settings) if arguments.settings else {}
    Settings.from_mapping(settings)
    workers = arguments.workers or os.cpu_count() or 1
    arguments.inputs = [path for row in rows for column in PATH_COLUMNS for path in row.paths(column)]
    destination = destination_of(arguments, None, ("manifest", "settings", "inputs"))
    destination.check_inputs()
    if arguments.overwrite and not arguments.resume:
        destination.set_aside()
    folder = BatchFolder(arguments.output, resume=arguments.resume)
    try:
        executor: Executor
        if arguments.scheduler:
            from CACBoneAxisLib.cohort.cluster import DaskExecutor  # needs dask.distributed

            executor = DaskExecutor(arguments.scheduler, arguments.time_limit)
        else:
            executor = LocalExecutor(workers, arguments.time_limit, (folder.lock.descriptor,))
        state = run_batch(
            rows,
            folder,
            executor,
            settings,
            rehash=arguments.rehash,
            partition_rows=arguments.partition_rows,
            progress=_Shown(bar),
        )
    finally:
        folder.close()
    words = f"{state.studies} studies: {state.done - state.failed} complete, {state.failed} failed"
    if state.kept:
        words += f"; {state.kept} were done before"
    if state.failed:
        words += f"\nWhy: {folder.path / FAILURES}"
    if not parquet_available():
        words += "\nNo results.parquet: that needs pyarrow (pip install 'cacboneaxis[cohort]')."
    return f"{words}\nResults: {folder.path / RESULTS}", SOME_FAILED if state.failed else DONE


class _Shown:
    """Show progress at most every second on a terminal, every ten seconds elsewhere."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._wait = 1.0 if sys.stderr.isatty() else 10.0
        self._last = 0.0

    def __call__(self, now: BatchState) -> None:
        if now.seconds - self._last >= self._wait or now.done == now.studies:
            self._last = now.seconds
            self._bar(progress_words(now), now.done / now.studies, at_once=True)


def progress_words(state: BatchState) -> str:
    """Describe the progress of a batch, its rate and the time left, without study names."""
    words = f"{state.done} of {state.studies}"
    if state.seconds_left is None:
        return words
    minutes = state.seconds_left / 60
    left = (
        f"{minutes / 60:.1f} h"
        if minutes >= 90
        else f"{minutes:.0f} min"
        if minutes >= 1.5
        else f"{minutes * 60:.0f} s"
    )
    return f"{words}, {state.per_hour:.0f} an hour, {left} left"


def _make_manifest(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    folder = Path(arguments.folder)
    if not folder.is_dir():
        raise refusal("file-missing", file=folder.name)
    arguments.output = arguments.output or folder / "manifest.csv"
    destination = destination_of(arguments, None, ())
    target = destination.path
    rows = find_studies(folder, target.resolve().parent, lambda message, part: bar(message, part), arguments.series)
    if not rows:
        raise refusal("no-studies", folder=folder.name)
    header = manifest_header(rows)
    table = [{name: row.get(name) for name in header} for row in rows]
    destination.write(lambda unfinished: write_csv(unfinished, header, table))
    unread = sum(1 for row in rows if "seeds" not in row and "regions" not in row and "vertebrae" not in row)
    note = f"\n{unread} of them have neither seeds nor regions nor vertebrae beside them." if unread else ""
    return f"{len(rows)} studies: {target}{note}"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e7:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number
