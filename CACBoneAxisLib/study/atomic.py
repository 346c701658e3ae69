"""Write files and folders atomically: complete in their place, or not at all.

Everything unfinished lies in a folder ``.cacboneaxis-tmp-*`` beside its target. A process that is
killed leaves that folder behind; the next write to the same place removes it, and puts back what
was being replaced.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

TEMPORARY = ".cacboneaxis-tmp-"
LOCK, NEW, OLD = "lock", "new", "old"
# A temporary folder without a lock is this old before it counts as abandoned: its owner takes the lock at once.
UNLOCKED_S = 60.0


@contextmanager
def replacing(path: str | Path, *, sweep: bool = True) -> Iterator[Path]:
    """Yield a path to write a file or folder to, and move it to ``path`` when the block succeeds.

    Folders above the target are made. Whatever was at ``path`` is replaced; after an error nothing
    has changed.

    Parameters
    ----------
    path : of the target
    sweep : first remove what killed processes left beside the target; off where that was done before

    Raises
    ------
    OSError
        When it cannot be written.
    """
    path = Path(path).absolute()
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if sweep:
            clean(path.parent)
        with _temporary(path.parent) as work:
            unfinished = work / NEW / path.name
            yield unfinished
            flush(unfinished)
            _move(unfinished, path, work / OLD / path.name)
        _sync(path.parent)
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def clean(folder: Path) -> None:
    """Remove what killed processes left in a folder, after putting back what they were replacing."""
    for work in folder.glob(f"{TEMPORARY}*"):
        if not _is_abandoned(work):
            continue
        for kept in (work / OLD).glob("*"):
            if not (folder / kept.name).exists():
                kept.rename(folder / kept.name)
        shutil.rmtree(work, ignore_errors=True)


def flush(path: Path) -> None:
    """Flush a file, or a folder and everything in it, to disk."""
    if path.is_dir():
        for child in path.iterdir():
            flush(child)
    _sync(path)


def try_lock(file: IO[bytes]) -> bool:
    """Lock an open file for this process without waiting; the system frees it when the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _temporary(parent: Path) -> Iterator[Path]:
    work = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=parent))
    try:
        # The lock appears under its name only once it is held, so that nobody takes the folder for abandoned.
        with (work / f"{LOCK}.new").open("wb") as lock:
            try_lock(lock)
            if os.name != "nt":
                (work / f"{LOCK}.new").rename(work / LOCK)
            (work / NEW).mkdir()
            (work / OLD).mkdir()
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_abandoned(work: Path) -> bool:
    try:
        with (work / LOCK).open("r+b") as lock:
            return try_lock(lock)
    except OSError:
        with suppress(OSError):
            return time.time() - work.stat().st_mtime > UNLOCKED_S
        return False


def _move(unfinished: Path, path: Path, old: Path) -> None:
    """Move the finished output into place; a file replaces a file in one step."""
    if path.is_dir() or (path.exists() and unfinished.is_dir()):
        path.rename(old)
    try:
        unfinished.replace(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows flushes files, not folders
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
