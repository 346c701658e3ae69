"""Run a manifest of studies into one folder each plus tables; an interrupted run can be resumed."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort.changes import CHANGE_COLUMNS, change_rows
from CACBoneAxisLib.cohort.corrections import REVIEWS
from CACBoneAxisLib.cohort.executors import Executor
from CACBoneAxisLib.cohort.journal import LOCK_WAIT_S, FolderLock, Journal
from CACBoneAxisLib.cohort.manifest import ManifestRow
from CACBoneAxisLib.cohort.plan import write_plan
from CACBoneAxisLib.cohort.schema import FAILURE_COLUMNS, result_columns
from CACBoneAxisLib.cohort.tables import (
    PARTITION_ROWS,
    Row,
    failure_row,
    parquet_available,
    write_parquet,
    write_table,
)
from CACBoneAxisLib.cohort.task import FULL, STUDIES, Task, current, make_task
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.study.atomic import TEMPORARY, clean, replacing
from CACBoneAxisLib.study.destination import FOREIGN, Destination

logger = logging.getLogger(__name__)

SCHEMA = "cacboneaxis/batch/1"
MARK, JOURNAL, LOCK = "batch.json", "journal.jsonl", ".lock"
RESULTS, PARQUET, FAILURES, CHANGES = "results.csv", "results.parquet", "failures.csv", "changes.csv"
# What version 0.1.0 left in a batch's folder when it was killed.
FORMER_LEFTOVERS = (".*.new", ".*.new.parts", f"{STUDIES}/.[!.]*.*", f"{REVIEWS}/*/.*")


@dataclass(frozen=True)
class BatchState:
    """Progress of a batch, as shown in the progress line and the closing sentence.

    Parameters
    ----------
    studies : number of rows in the manifest
    done : complete or failed, including those from an earlier run
    failed : how many of them failed
    kept : how many of them an earlier run had finished
    seconds : elapsed in this run
    """

    studies: int
    done: int = 0
    failed: int = 0
    kept: int = 0
    seconds: float = 0.0

    @property
    def per_hour(self) -> float:
        """Throughput of this run in studies per hour; 0 before the first."""
        return 3600 * (self.done - self.kept) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated time left at this rate; None before the first study."""
        return 3600 * (self.studies - self.done) / self.per_hour if self.per_hour else None


Progress = Callable[[BatchState], None]


class BatchFolder:
    """The output folder of a batch, locked by one process at a time.

    Parameters
    ----------
    folder : new or empty, or with ``resume`` an existing batch
    resume : continue the batch found there
    wait_seconds : how long to wait for another process to release the folder

    Raises
    ------
    UnusableInputError
        When the folder holds something else, or another batch is running in it.
    """

    def __init__(self, folder: str | Path, *, resume: bool, wait_seconds: float = LOCK_WAIT_S) -> None:
        self.path = Path(folder).absolute()
        mark = self.path / MARK
        if self.path.exists() and not _is_batch(mark):
            if not self.path.is_dir() or any(not path.name.startswith(TEMPORARY) for path in self.path.iterdir()):
                raise refusal(
                    "result-exists", folder=self.path.name, why=FOREIGN, aside=Destination(self.path).aside().name
                )
        elif self.path.exists() and not resume:
            raise refusal("batch-exists", folder=self.path.name)
        try:
            self._open(mark, wait_seconds)
        except OSError as error:
            raise _disk_error(error) from None
        self.journal = Journal(self.path / JOURNAL)

    def _open(self, mark: Path, wait_seconds: float) -> None:
        """Mark and lock the folder, and remove what a killed batch left in it."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            # Written first and atomically: without the marker the folder is not recognised as a batch.
            content = {"schema": SCHEMA, "software": "CACBoneAxis", "version": __version__}
            with replacing(mark) as unfinished:
                unfinished.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8", newline="\n")
        self.lock = FolderLock(self.path / LOCK, wait_seconds)
        (self.path / STUDIES).mkdir(exist_ok=True)
        for place in (self.path, self.path / STUDIES, *(self.path / REVIEWS).glob("*")):
            clean(place)
        for pattern in FORMER_LEFTOVERS:
            for path in self.path.glob(pattern):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    def close(self) -> None:
        """Release the folder."""
        self.journal.close()
        self.lock.close()


def run_batch(
    rows: Sequence[ManifestRow],
    folder: BatchFolder,
    executor: Executor,
    settings: Mapping[str, Any] | None = None,
    *,
    rehash: bool = False,
    partition_rows: int = PARTITION_ROWS,
    progress: Progress | None = None,
) -> BatchState:
    """Analyse every study of a manifest and write the tables.

    Parameters
    ----------
    rows : of the manifest
    folder : output folder
    executor : runs the studies
    settings : common to all studies; a row's own settings override them
    rehash : hash every input of a complete study again, not only those whose size or
        modification time changed
    partition_rows : above this many studies, results.parquet is a folder of partitions
    progress : called after every study

    Raises
    ------
    UnusableInputError
        ``disk-full``: nothing is lost; free space and resume.

    Notes
    -----
    The tables are written from the journal in manifest order. They hold no times, so an
    interrupted and resumed batch gives identical bytes.
    """
    started = perf_counter()
    usable = [row for row in rows if row.problem is None]
    state = BatchState(len(rows), len(rows) - len(usable), len(rows) - len(usable))
    journal = folder.journal

    def tasks() -> Iterator[Task]:
        for row in usable:
            task = make_task(row, folder.path, settings or {})
            task["previous"], task["rehash"] = journal.get(row.study_id), rehash
            yield task

    try:
        write_plan(folder.path, rows, settings or {}, partition_rows)
        for outcome in executor.outcomes(tasks()):
            if outcome["status"] == "stop":
                raise UnusableInputError("disk-full", outcome["message"])
            kept = bool(outcome.pop("kept", False))
            if not kept or outcome != journal.get(outcome["study_id"]):
                journal.add(outcome)
            state = BatchState(
                state.studies,
                state.done + 1,
                state.failed + (outcome["status"] == "failed"),
                state.kept + kept,
                perf_counter() - started,
            )
            logger.info("%d of %d: %s", state.done, state.studies, outcome.get("code", outcome["status"]))
            if progress is not None:
                progress(state)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped after {state.done} of {state.studies} studies; the same command with --resume goes on."
        ) from None
    except OSError as error:
        raise _disk_error(error) from None
    finally:
        executor.close()
    try:
        write_tables(rows, folder, partition_rows)
    except OSError as error:
        raise _disk_error(error) from None
    return state


def _disk_error(error: OSError) -> Exception:
    return refusal("disk-full") if error.errno in FULL else error


def write_tables(rows: Sequence[ManifestRow], folder: BatchFolder, partition_rows: int = PARTITION_ROWS) -> None:
    """Write results.csv, results.parquet (where pyarrow is installed), failures.csv and changes.csv."""
    write_table(folder.path / RESULTS, result_columns(), _results(rows, folder))
    if parquet_available():
        write_parquet(folder.path / PARQUET, _results(rows, folder), partition_rows)
    write_table(folder.path / FAILURES, FAILURE_COLUMNS, _failures(rows, folder.journal))
    write_table(folder.path / CHANGES, CHANGE_COLUMNS, change_rows(_repeat_patients(rows, folder)))


def _results(rows: Sequence[ManifestRow], folder: BatchFolder) -> Iterator[Row]:
    for row in rows:
        outcome = folder.journal.get(row.study_id) if row.problem is None else None
        if outcome is not None and outcome["status"] == "done":
            found = current(outcome, folder.path)["row"]
            # Of a column that an earlier version did not have, nothing is known.
            yield {name: found.get(name) for name in result_columns()}


def _repeat_patients(rows: Sequence[ManifestRow], folder: BatchFolder) -> Iterator[Row]:
    """Yield the results of patients with more than one study; only these are held in memory."""
    studies = Counter(row.cells.get("patient_id") for row in rows)
    followed = {patient for patient, count in studies.items() if patient and count > 1}
    return _results([row for row in rows if row.cells.get("patient_id") in followed], folder)


def _failures(rows: Sequence[ManifestRow], journal: Journal) -> Iterator[Row]:
    for row in rows:
        if row.problem is not None:
            code, message = row.problem
            yield failure_row(row.line, {"study_id": row.study_id, "code": code, "message": message})
            continue
        outcome = journal.get(row.study_id)
        if outcome is not None and outcome["status"] == "failed":
            yield failure_row(row.line, outcome)


def _is_batch(mark: Path) -> bool:
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("schema") == SCHEMA
