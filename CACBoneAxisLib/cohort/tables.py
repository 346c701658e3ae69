"""Batch tables, streamed row by row so that they may exceed memory."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.schema import result_columns
from CACBoneAxisLib.report.tables import write_csv

ROWS_PER_GROUP = 10_000
PARTITION_ROWS = 100_000

Row = dict[str, Any]


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write a CSV atomically."""
    _whole(path, lambda unfinished: write_csv(unfinished, columns, rows))


def parquet_available() -> bool:
    """Return whether pyarrow, of the extra ``cohort``, is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def write_parquet(path: Path, rows: Iterable[Row], partition_rows: int = PARTITION_ROWS) -> None:
    """Write results as Parquet: one file, or a folder of partitions above ``partition_rows`` rows.

    At most 10,000 rows are in memory at a time. Needs pyarrow.
    """
    source = iter(rows)
    first = list(islice(source, min(partition_rows, ROWS_PER_GROUP)))

    def write(unfinished: Path) -> None:
        part, left = 0, chain(first, source)
        unfinished.mkdir()
        while part == 0 or (head := list(islice(left, 1))):
            rest = left if part == 0 else chain(head, left)
            _write_part(unfinished / f"part-{part:05d}.parquet", islice(rest, partition_rows))
            part += 1

    def write_one(unfinished: Path) -> None:
        write(folder := unfinished.with_name(unfinished.name + ".parts"))
        parts = sorted(folder.iterdir())
        if len(parts) == 1:
            parts[0].rename(unfinished)
            folder.rmdir()
        else:
            folder.rename(unfinished)

    _whole(path, write_one)


def _write_part(path: Path, rows: Iterator[Row]) -> None:
    import pyarrow
    import pyarrow.parquet

    types = {
        "text": pyarrow.string(),
        "number": pyarrow.float64(),
        "integer": pyarrow.int64(),
        "yes/no": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, (kind, _) in result_columns().items()])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    unfinished = path.with_name(f".{path.name}.new")
    _remove(unfinished)
    write(unfinished)
    for file in unfinished.iterdir() if unfinished.is_dir() else [unfinished]:
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    if unfinished.is_dir() or path.is_dir():
        _remove(path)
    unfinished.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def failure_row(line: int, outcome: Mapping[str, Any]) -> Row:
    """Return the failures.csv row of an outcome."""
    return {"line": line, "study_id": outcome["study_id"], "code": outcome["code"], "problem": outcome["message"]}
