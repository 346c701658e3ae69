"""What a batch was asked to do, kept in its folder, so that a study can be reviewed and the tables written again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.manifest import ManifestRow
from CACBoneAxisLib.imaging.findings import refusal

PLAN = "manifest.jsonl"


@dataclass(frozen=True)
class Plan:
    """The manifest as it was read, its paths absolute, and the options that decide numbers and tables.

    Parameters
    ----------
    rows : of the manifest, in its order
    settings : over which each row's own go
    partition_rows : above so many studies, results.parquet is a folder of parts
    """

    rows: tuple[ManifestRow, ...]
    settings: Mapping[str, Any]
    partition_rows: int

    def row(self, study_id: str) -> ManifestRow | None:
        """Return the usable row of a study, or None."""
        return next((row for row in self.rows if row.study_id == study_id and row.problem is None), None)


def write_plan(folder: Path, rows: Sequence[ManifestRow], settings: Mapping[str, Any], partition_rows: int) -> None:
    """Write the plan into a batch's folder: a line of options, then a line for every row of the manifest."""
    unfinished = folder / f".{PLAN}.new"
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps({"settings": settings, "partition_rows": partition_rows}, ensure_ascii=False) + "\n")
        for row in rows:
            line = {"line": row.line, "study_id": row.study_id, "cells": dict(row.cells), "problem": row.problem}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / PLAN)


def read_plan(folder: Path) -> Plan:
    """Read the plan of a batch.

    Raises
    ------
    UnusableInputError
        ``review-batch`` when there is none.
    """
    try:
        with (folder / PLAN).open(encoding="utf-8") as file:
            options = json.loads(file.readline())
            rows = [_row(json.loads(line)) for line in file]
        return Plan(tuple(rows), options["settings"], int(options["partition_rows"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise refusal("review-batch", folder=folder.name or "This") from None


def _row(line: Mapping[str, Any]) -> ManifestRow:
    problem = line["problem"]
    return ManifestRow(line["line"], line["study_id"], line["cells"], (problem[0], problem[1]) if problem else None)
