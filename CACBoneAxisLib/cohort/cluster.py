"""The same work on a Dask cluster, through the same interface. Needs ``dask.distributed``, the extra ``cluster``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

from CACBoneAxisLib.cohort.executors import WorkerProcess
from CACBoneAxisLib.cohort.task import Outcome, Task
from CACBoneAxisLib.imaging.findings import refusal

# Tasks that wait at the workers, for each of their threads: enough that none is idle, few enough for any manifest.
AHEAD = 3
CONNECT_S = 30
# How often a study may lose its Dask worker before it is the study's fault.
LOSSES = 5

_own = threading.local()


def run_isolated(task: Task, limit_seconds: float) -> Outcome:
    """Run a study in a process beside the Dask worker, so that neither a crash nor a hang reaches the worker."""
    if getattr(_own, "limit", None) != limit_seconds:
        _own.process, _own.limit = WorkerProcess(limit_seconds), limit_seconds
    process: WorkerProcess = _own.process
    return process.run(task)


class DaskExecutor:
    """The workers of a Dask scheduler. They must see the same folders at the same paths.

    Parameters
    ----------
    address : of the scheduler, ``tcp://HOST:PORT``
    limit_seconds : time for one study

    Raises
    ------
    UnusableInputError
        When dask.distributed is not installed or nobody answers at the address.
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
        """Yield an outcome for every task as it comes; tasks of a lost worker are given to another."""
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
                # The scheduler gave the study up, or lost it: give it once more, and not for ever.
                losses[task["key"]] = losses.get(task["key"], 0) + 1
                if losses[task["key"]] > LOSSES:
                    raise refusal("scheduler-lost", why=type(error).__name__ if error else future.status)
            if task is not None:
                following = self._submit(task)
                waiting[following] = task
                coming.add(following)

    def close(self) -> None:
        """Let the scheduler go; studies that it still has are cancelled."""
        self._client.close()

    def _submit(self, task: Task) -> Any:
        return self._client.submit(run_isolated, task, self._limit, pure=False)
