"""Stop a batch before its nth change on disk, resume it, and compare it with one that was not stopped.

    PYTHONPATH=.:Testing python Testing/cohort/stop_batches.py MANIFEST FOLDER [STEP]

Prints the number of stops of each kind. It runs as a program of its own, because ITK's threads do not
survive the fork of a process that used them.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from small_batch import run, tables
from stops import stopped_at

from CACBoneAxisLib.study import atomic

NEVER = 1_000_000


def main(manifest: Path, folder: Path, step: int) -> None:
    """Stop a batch in every way at every ``step``-th change; raise where resuming is not the same to the byte."""
    atomic.UNLOCKED_S = 0.0
    straight = folder / "straight"
    assert not stopped_at(NEVER, lambda: run(manifest, straight))
    for offset, stop in enumerate(("KILL", "TERM", "INT", "FULL")):
        stops = 0
        for number in count(1 + offset * step // 4, step):
            out = folder / f"{stop}-{number}"
            stopped = stopped_at(number, lambda out=out: run(manifest, out), stop)
            assert not stopped_at(NEVER, lambda out=out: run(manifest, out, resume=True)), f"{out.name}: not resumed"
            assert tables(out) == tables(straight), f"{out.name}: other tables"
            assert names(out) == names(straight), f"{out.name}: {names(out) ^ names(straight)} left"
            if not stopped:
                break
            stops += 1
        sys.stdout.write(f"{stop} {stops}\n")


def names(folder: Path) -> set[str]:
    """Return the paths of everything in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
