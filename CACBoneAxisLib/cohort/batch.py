"""A batch: a manifest in, one folder per study and the tables out; stopped at any moment, it goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort.changes import CHANGE_COLUMNS, change_rows
from CACBoneAxisLib.cohort.executors import Executor
from CACBoneAxisLib.cohort.journal import FolderLock, Journal
from CACBoneAxisLib.cohort.manifest import ManifestRow
from CACBoneAxisLib.cohort.schema import FAILURE_COLUMNS, result_columns
from CACBoneAxisLib.cohort.tables import (
    PARTITION_ROWS,
    Row,
    failure_row,
    parquet_available,
    write_parquet,
    write_table,
)
from CACBoneAxisLib.cohort.task import FULL, STUDIES, Task, make_task
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal

SCHEMA = "cacboneaxis/batch/1"
MARK, JOURNAL, LOCK = "batch.json", "journal.jsonl", ".lock"
RESULTS, PARQUET, FAILURES, CHANGES = "results.csv", "results.parquet", "failures.csv", "changes.csv"


@dataclass(frozen=True)
class BatchState:
    """How far a batch is: what the progress line and the last sentence say.

    Parameters
    ----------
    studies : of the manifest
    done : complete or failed, those of an earlier run included
    failed : of these
    kept : of these, those that an earlier run had done
    seconds : since this run began
    """

    studies: int
    done: int = 0
    failed: int = 0
    kept: int = 0
    seconds: float = 0.0

    @property
    def per_hour(self) -> float:
        """Studies that this run does in an hour; 0 before the first."""
        return 3600 * (self.done - self.kept) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest takes at this rate; None before there is a rate."""
        return 3600 * (self.studies - self.done) / self.per_hour if self.per_hour else None


Progress = Callable[[BatchState], None]


class BatchFolder:
    """The folder of a batch, held by one process at a time.

    Parameters
    ----------
    folder : must not exist, be empty, or with ``resume`` hold a batch
    resume : whether an earlier batch there is gone on with

    Raises
    ------
    UnusableInputError
        When there is something else, or another batch is at work there.
    """

    def __init__(self, folder: str | Path, *, resume: bool) -> None:
        self.path = Path(folder).absolute()
        mark, new_mark = self.path / MARK, self.path / f".{MARK}.new"
        if self.path.exists() and not _is_batch(mark):
            if not self.path.is_dir() or any(path != new_mark for path in self.path.iterdir()):
                raise refusal("result-exists", folder=self.path.name)
        elif self.path.exists() and not resume:
            raise refusal("batch-exists", folder=self.path.name)
        self.path.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            # The mark comes first, and whole: without it the folder would not be known again.
            content = {"schema": SCHEMA, "software": "CACBoneAxis", "version": __version__}
            new_mark.write_text(json.dumps(content) + "\n", encoding="utf-8", newline="\n")
            new_mark.replace(mark)
        self.lock = FolderLock(self.path / LOCK)
        (self.path / STUDIES).mkdir(exist_ok=True)
        for unfinished in (self.path / STUDIES).glob(".*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        self.journal = Journal(self.path / JOURNAL)

    def close(self) -> None:
        """Let go of the folder."""
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
    folder : where everything goes
    executor : what does the work
    settings : over which each row's own settings go
    rehash : whether every input of a complete study is read and hashed again, not only those
        whose size or time has changed
    partition_rows : above so many studies, results.parquet is a folder of parts
    progress : called after every study

    Raises
    ------
    UnusableInputError
        ``disk-full``: nothing is lost; free some space and resume.

    Notes
    -----
    The tables are made of the journal in the order of the manifest. They hold no times, so
    they are the same to the byte however often the batch was stopped.
    """
    started = perf_counter()
    usable = [row for row in rows if row.problem is None]
    state = BatchState(len(rows), len(rows) - len(usable), len(rows) - len(usable))
    journal = folder.journal

    def tasks() -> Iterator[Task]:
        for row in usable:
            task = make_task(row, folder.path, settings or {})
            task["known"], task["rehash"] = journal.get(row.study_id), rehash
            yield task

    try:
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
            if progress is not None:
                progress(state)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped after {state.done} of {state.studies} studies; the same command with --resume goes on."
        ) from None
    except OSError as error:
        raise _said(error) from None
    finally:
        executor.close()
    try:
        write_tables(rows, folder, partition_rows)
    except OSError as error:
        raise _said(error) from None
    return state


def _said(error: OSError) -> Exception:
    return refusal("disk-full") if error.errno in FULL else error


def write_tables(rows: Sequence[ManifestRow], folder: BatchFolder, partition_rows: int = PARTITION_ROWS) -> None:
    """Write results.csv, results.parquet (where pyarrow is installed), failures.csv and changes.csv."""
    write_table(folder.path / RESULTS, result_columns(), _results(rows, folder.journal))
    if parquet_available():
        write_parquet(folder.path / PARQUET, _results(rows, folder.journal), partition_rows)
    write_table(folder.path / FAILURES, FAILURE_COLUMNS, _failures(rows, folder.journal))
    write_table(folder.path / CHANGES, CHANGE_COLUMNS, change_rows(_of_followed(rows, folder.journal)))


def _results(rows: Sequence[ManifestRow], journal: Journal) -> Iterator[Row]:
    for row in rows:
        outcome = journal.get(row.study_id) if row.problem is None else None
        if outcome is not None and outcome["status"] == "done":
            yield outcome["row"]


def _of_followed(rows: Sequence[ManifestRow], journal: Journal) -> Iterator[Row]:
    """Return the results of patients with several studies; only these are in memory at a time."""
    studies = Counter(row.cells.get("patient_id") for row in rows)
    followed = {patient for patient, count in studies.items() if patient and count > 1}
    return _results([row for row in rows if row.cells.get("patient_id") in followed], journal)


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
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("schema") == SCHEMA
