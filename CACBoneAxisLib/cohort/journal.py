"""The batch journal, one flushed line per outcome, and the folder lock."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.study.atomic import try_lock

LOCK_WAIT_S = 20.0


class Journal:
    """Outcomes of a batch as JSON lines; the last line of a study counts.

    Only line offsets are kept in memory, so that a batch of any size can be resumed. A
    truncated line (power loss, full disk) is skipped: its study counts as not done.

    Parameters
    ----------
    path : of the file; created if missing
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        self._places: dict[str, int] = {}
        # One thread reads the next task while another writes an outcome.
        self._turn = threading.Lock()
        self._file.seek(0)
        place = 0
        ended = True
        for line in self._file:
            record = _parsed(line)
            if record is not None:
                self._places[record["study_id"]] = place
            place += len(line)
            ended = line.endswith(b"\n")
        if not ended:
            self._file.write(b"\n")
            self._file.flush()

    def add(self, outcome: dict[str, Any]) -> None:
        """Append an outcome and flush it to disk."""
        with self._turn:
            self._file.seek(0, os.SEEK_END)
            place = self._file.tell()
            self._file.write(json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._places[outcome["study_id"]] = place

    def get(self, study_id: str) -> dict[str, Any] | None:
        """Return the last outcome of a study, or None."""
        place = self._places.get(study_id)
        if place is None:
            return None
        with self._turn:
            self._file.seek(place)
            return _parsed(self._file.readline())

    def close(self) -> None:
        """Close the file; a write that a full disk rejected was already reported."""
        with suppress(OSError):
            self._file.close()


def read_outcomes(path: Path) -> dict[str, dict[str, Any]]:
    """Read the last outcome of every study without locking the journal."""
    outcomes: dict[str, dict[str, Any]] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                record = _parsed(line)
                if record is not None:
                    outcomes[record["study_id"]] = record
    except FileNotFoundError:
        pass
    return outcomes


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("study_id"), str) else None


class FolderLock:
    """Exclusive lock on a batch folder; the system releases it when the process ends."""

    def __init__(self, path: Path, wait_seconds: float = LOCK_WAIT_S) -> None:
        self._file = path.open("a+b")
        until = time.monotonic() + wait_seconds
        # Workers of a killed batch may take a moment to notice.
        while not try_lock(self._file):
            if time.monotonic() > until:
                self._file.close()
                raise refusal("batch-running", folder=path.parent.name)
            time.sleep(0.1)

    @property
    def descriptor(self) -> int:
        """The descriptor, inherited by workers: the folder is free when the last of them has ended."""
        return self._file.fileno()

    def close(self) -> None:
        """Release the lock."""
        self._file.close()
