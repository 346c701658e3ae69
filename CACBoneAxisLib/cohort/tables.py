"""Batch tables, streamed row by row so that they may exceed memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.schema import result_columns
from CACBoneAxisLib.report.tables import write_csv
from CACBoneAxisLib.study.atomic import replacing

ROWS_PER_GROUP = 10_000
PARTITION_ROWS = 100_000

Row = dict[str, Any]


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write a CSV atomically."""
    with replacing(path) as unfinished:
        write_csv(unfinished, columns, rows)


def parquet_available() -> bool:
    """Return whether pyarrow, of the extra ``cohort``, is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def write_parquet(path: Path, rows: Iterable[Row], partition_rows: int = PARTITION_ROWS) -> None:
    """Write results as Parquet: one file, or a folder of partitions above ``partition_rows`` rows.

    At most 10,000 rows are in memory at a time. Needs pyarrow.
    """
    source = iter(rows)
    with replacing(path) as unfinished:
        folder = unfinished.with_name(f"{unfinished.name}.parts")
        folder.mkdir()
        parts = 0
        while parts == 0 or (head := list(islice(source, 1))):
            rest = source if parts == 0 else chain(head, source)
            _write_part(folder / f"part-{parts:05d}.parquet", islice(rest, partition_rows))
            parts += 1
        (next(folder.iterdir()) if parts == 1 else folder).rename(unfinished)


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


def failure_row(line: int, outcome: Mapping[str, Any]) -> Row:
    """Return the failures.csv row of an outcome."""
    return {
        "line": line,
        "study_id": outcome["study_id"],
        "code": outcome["code"],
        "problem": outcome["message"],
        "errors": outcome.get("errors"),
    }
