"""The batch plan: rows and options, stored in its folder for review and for rewriting the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.manifest import ManifestRow
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.study.atomic import replacing

PLAN = "manifest.jsonl"


@dataclass(frozen=True)
class Plan:
    """The manifest as read, with absolute paths, and the options that affect numbers and tables.

    Parameters
    ----------
    rows : of the manifest, in order
    settings : common to all studies; a row's own override them
    partition_rows : above this many studies, results.parquet is a folder of partitions
    """

    rows: tuple[ManifestRow, ...]
    settings: Mapping[str, Any]
    partition_rows: int

    def row(self, study_id: str) -> ManifestRow | None:
        """Return the usable row of a study, or None."""
        return next((row for row in self.rows if row.study_id == study_id and row.problem is None), None)


def write_plan(folder: Path, rows: Sequence[ManifestRow], settings: Mapping[str, Any], partition_rows: int) -> None:
    """Write the plan into a batch folder: one line of options, then one line per manifest row."""
    with replacing(folder / PLAN) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(
            json.dumps({"settings": settings, "partition_rows": partition_rows}, ensure_ascii=False, allow_nan=False)
            + "\n"
        )
        for row in rows:
            line = {"line": row.line, "study_id": row.study_id, "cells": dict(row.cells), "problem": row.problem}
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


def read_plan(folder: Path) -> Plan:
    """Read the plan of a batch.

    Raises
    ------
    UnusableInputError
        ``review-batch`` when there is none.
    """
    try:
        with (folder / PLAN).open(encoding="utf-8") as file:
            options = parse_json(file.readline())
            rows = [_row(parse_json(line)) for line in file]
        return Plan(tuple(rows), options["settings"], int(options["partition_rows"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise refusal("review-batch", folder=folder.name or "This") from None


def _row(line: Mapping[str, Any]) -> ManifestRow:
    problem = line["problem"]
    return ManifestRow(line["line"], line["study_id"], line["cells"], (problem[0], problem[1]) if problem else None)
