"""Batches of small studies."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from CACBoneAxisLib.cohort.batch import BatchFolder, BatchState, run_batch
from CACBoneAxisLib.cohort.manifest import read_manifest
from CACBoneAxisLib.cohort.task import process

TABLES = ("results.csv", "results.parquet", "failures.csv")
HEADER = ("study_id", "image", "seeds", "regions", "settings")


def write_manifest(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    """Write a manifest."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def study_row(name: str) -> list[str]:
    """Return the row of a study in the folder ``name``."""
    return [name, f"{name}/ct.nrrd", f"{name}/seeds.mrk.json", f"{name}/L1.mrk.json", f"{name}/settings.json"]


class InProcess:
    """Runs tasks one after the other in this process."""

    def outcomes(self, tasks):
        return (json.loads(json.dumps(process(task))) for task in tasks)

    def close(self) -> None:
        pass


def run(manifest: Path, output: Path, *, resume: bool = False, executor=None, **options) -> BatchState:
    folder = BatchFolder(output, resume=resume)
    try:
        return run_batch(read_manifest(manifest), folder, executor or InProcess(), **options)
    finally:
        folder.close()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}
