"""Run studies on a Dask cluster. Needs ``dask.distributed`` (extra ``cluster``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

from CACBoneAxisLib.cohort.executors import WorkerProcess
from CACBoneAxisLib.cohort.task import Outcome, Task
from CACBoneAxisLib.imaging.findings import refusal

# Tasks queued per worker thread: enough to keep it busy, few enough for any manifest.
AHEAD = 3
CONNECT_S = 30
# After this many lost workers the study itself is to blame.
LOSSES = 5

_own = threading.local()


def run_isolated(task: Task, limit_seconds: float) -> Outcome:
    """Run a study in a child process, so that a crash or hang does not take the Dask worker down."""
    if getattr(_own, "limit", None) != limit_seconds:
        _own.process, _own.limit = WorkerProcess(limit_seconds), limit_seconds
    process: WorkerProcess = _own.process
    return process.run(task)


class DaskExecutor:
    """Executor on a Dask scheduler, whose workers see the same folders at the same paths.

    Parameters
    ----------
    address : of the scheduler, ``tcp://HOST:PORT``
    limit_seconds : time limit per study

    Raises
    ------
    UnusableInputError
        When dask.distributed is not installed or the scheduler does not answer.
    """

    def __init__(self, address: str, limit_seconds: float) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise refusal("extra-missing", what="--scheduler", package="dask.distributed", extra="cluster") from None
        self._limit = limit_seconds
        try:
            self._client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError):
            raise refusal("scheduler-silent", address=address) from None

    def outcomes(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they complete; tasks of a lost worker are rescheduled."""
        from distributed import as_completed

        threads = sum(self._client.nthreads().values()) or 1
        waiting = {self._submit(task): task for task in islice(tasks, AHEAD * threads)}
        coming = as_completed(list(waiting), loop=self._client.loop)
        losses: dict[str, int] = {}
        for future in coming:
            task: Task | None = waiting.pop(future)
            error = future.exception() if future.status == "error" else None
            if error is None and future.status == "finished":
                yield future.result()
                task = next(tasks, None)
            elif task is not None:
                # The scheduler dropped the study: submit it again, but not forever.
                losses[task["key"]] = losses.get(task["key"], 0) + 1
                if losses[task["key"]] > LOSSES:
                    raise refusal("scheduler-lost", why=type(error).__name__ if error else future.status)
            if task is not None:
                following = self._submit(task)
                waiting[following] = task
                coming.add(following)

    def close(self) -> None:
        """Disconnect; pending studies are cancelled."""
        self._client.close()

    def _submit(self, task: Task) -> Any:
        return self._client.submit(run_isolated, task, self._limit, pure=False)
