"""Stop a process before its nth change on disk: killed, terminated, interrupted, or with a full disk."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable

CHANGES = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir")
STOPS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "INT": signal.SIGINT}


def stopped_at(number: int, work: Callable[[], object], stop: str = "KILL") -> bool:
    """Run work in a forked process that is stopped before its nth change on disk.

    Changes are files opened for writing or flushed, and files and folders renamed, made or
    removed. Return False where the work ended before the stop.

    Parameters
    ----------
    stop : KILL, TERM, INT, or FULL for a disk that takes nothing more
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    left = number

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0 and stop != "FULL":
            os.kill(os.getpid(), STOPS[stop])
        if left <= 0 and stop == "FULL":
            raise OSError(errno.ENOSPC, "No space left on device")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        removes = event in ("os.remove", "os.rmdir")
        reads = event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        # A full disk still lets files go.
        if event in CHANGES and not reads and not (removes and stop == "FULL"):
            count()

    sync = os.fsync

    def counted_sync(descriptor: int) -> None:
        count()
        sync(descriptor)

    os.fsync = counted_sync
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(hook)
    try:
        work()
    except BaseException:
        os._exit(1)
    os._exit(0 if left > 0 else 1)
