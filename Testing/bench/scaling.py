"""How a batch grows with workers and with studies, as ratios: part of ``make bench``.

One coarse torso stands for all studies: the rows differ in their names only, so what is
compared is the same work. Start of the processes included. On a machine that is shared
with others two processes may get less than two cores, so what two processes of plain
arithmetic get is measured beside it.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter

import numpy as np

from CACBoneAxisLib.cohort.batch import BatchFolder, run_batch
from CACBoneAxisLib.cohort.executors import LocalExecutor
from CACBoneAxisLib.cohort.manifest import read_manifest
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso

FEW, MANY, LIMIT_S = 40, 200, 600.0
SPEED_BOUND, FLAT_BOUND = 1.8, 1.1


def seconds(folder: Path, count: int, workers: int) -> float:
    """Return the time that a batch of so many studies takes."""
    manifest = folder / f"{count}.csv"
    with manifest.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["study_id", "image", "seeds", "regions", "settings"])
        files = ["torso/ct.nrrd", "torso/seeds.mrk.json", "torso/L1.mrk.json;torso/L2.mrk.json", "torso/settings.json"]
        writer.writerows([f"n{number}", *files] for number in range(count))
    batch = BatchFolder(folder / f"{count}-{workers}", resume=False)
    start = perf_counter()
    state = run_batch(read_manifest(manifest), batch, LocalExecutor(workers, LIMIT_S))
    spent = perf_counter() - start
    batch.close()
    if state.failed:
        raise SystemExit(f"{state.failed} studies failed")
    return spent


def arithmetic(_: int) -> None:
    """Keep a core busy for a second or so."""
    values = np.arange(1_000_000) / 1e6
    for _ in range(200):
        values = np.sqrt(values * values + 1.0) % 1.0


def machine_ratio() -> float:
    """Return how much faster two processes are than one at work that shares nothing."""
    spent = []
    for processes in (1, 2):
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(arithmetic, range(2)))
            start = perf_counter()
            list(pool.map(arithmetic, range(6)))
            spent.append(perf_counter() - start)
    return spent[0] / spent[1]


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_torso(make_torso(TorsoParameters.small()), folder / "torso")
        one, two, many = seconds(folder, FEW, 1), seconds(folder, FEW, 2), seconds(folder, MANY, 2)
    plain = machine_ratio()
    flat = (many / MANY) / (two / FEW)
    sys.stdout.write(
        f"\nA batch on {os.cpu_count()} cores:\n\n"
        "| what | measured | bound |\n|---|---|---|\n"
        f"| two workers against one, {FEW} studies ({one:.1f} s and {two:.1f} s) | {one / two:.2f} | {SPEED_BOUND} |\n"
        f"| the same of plain arithmetic, what this machine gives two processes now | {plain:.2f} | 2 |\n"
        f"| cost of a study, {MANY} studies against {FEW} | {flat:.2f} | {FLAT_BOUND} |\n"
        f"| studies an hour and core | {3600 * MANY / many / 2:.0f} | |\n"
    )


if __name__ == "__main__":
    run()
