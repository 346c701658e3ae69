"""Executors: local worker processes, each study with a time limit; the interface a cluster shares."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from CACBoneAxisLib.cohort.errors import fault_lines
from CACBoneAxisLib.cohort.interpreter import interpreter, search_path
from CACBoneAxisLib.cohort.task import Outcome, Task, failed
from CACBoneAxisLib.imaging.findings import refusal

# A worker killed once says nothing about its study; killed twice by the same study, it does.
ATTEMPTS = 2
# Where a crashed process was stands at the end of what it wrote.
MOST_FAULT_BYTES = 65_536
# One core per study: studies in parallel scale better than threads within one.
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


class Executor(Protocol):
    """Turns tasks into outcomes, in any order."""

    def outcomes(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they complete, taking tasks only as fast as they are processed."""
        ...

    def close(self) -> None:
        """Stop at once; unfinished studies leave nothing behind."""
        ...


class WorkerProcess:
    """A worker process that handles one study at a time, started on first use.

    Parameters
    ----------
    limit_seconds : time limit per study; then the process is killed
    inherit : file descriptors the process inherits
    """

    def __init__(self, limit_seconds: float, inherit: Sequence[int] = ()) -> None:
        self._limit = limit_seconds
        self._inherit = tuple(inherit) if os.name != "nt" else ()
        self._process: subprocess.Popen[bytes] | None = None
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._ended = False

    def run(self, task: Task) -> Outcome:
        """Return the outcome of a study, even if it kills the process."""
        how = ""
        for _ in range(ATTEMPTS):
            if self._ended:
                break
            outcome, how, late = self._once(task)
            if outcome is not None:
                return outcome
            if late:
                sentence = str(refusal("study-timeout", seconds=f"{self._limit:g}"))
                return failed(task, "study-timeout", sentence)
        lines = [how, *fault_lines(self._faults_text())]
        return failed(task, "study-crashed", str(refusal("study-crashed", how=how)), lines)

    def close(self) -> None:
        """Kill the process."""
        self._ended = True
        self._kill()

    def _faults_text(self) -> str:
        """Return the end of what the last process wrote to standard error."""
        with suppress(OSError, ValueError):
            self._faults.seek(max(0, self._faults.seek(0, os.SEEK_END) - MOST_FAULT_BYTES))
            return self._faults.read().decode(errors="replace")
        return ""

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def _once(self, task: Task) -> tuple[Outcome | None, str, bool]:
        if self._process is None or self._process.poll() is not None:
            self._kill()
            self._process = self._started()
        process = self._process
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._limit, kill)
        timer.daemon = True
        timer.start()
        line = b""
        try:
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(json.dumps(task, allow_nan=False).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            outcome: Outcome = json.loads(line)
            return outcome, "", False
        code = process.wait()
        self._kill()
        return None, f"signal {-code}" if code < 0 else f"exit code {code}", late.is_set()

    def _started(self) -> subprocess.Popen[bytes]:
        self._faults.seek(0)
        self._faults.truncate()
        return subprocess.Popen(  # noqa: S603 - this program itself
            # -P: a queue.py in the current folder is the user's, not Python's.
            [interpreter(), "-P", "-X", "faulthandler", "-m", "CACBoneAxisLib.cohort.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._faults,
            env={**os.environ, "PYTHONPATH": search_path(), **dict.fromkeys(ONE_THREAD, "1")},
            pass_fds=self._inherit,
        )


class LocalExecutor:
    """Local worker processes; memory is bounded by their number times one study.

    Parameters
    ----------
    workers : number of processes
    limit_seconds : time limit per study
    inherit : file descriptors the processes inherit
    """

    def __init__(self, workers: int, limit_seconds: float, inherit: Sequence[int] = ()) -> None:
        self._workers = [WorkerProcess(limit_seconds, inherit) for _ in range(workers)]
        self._closed = threading.Event()

    def outcomes(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they complete."""
        done: queue.Queue[Outcome | BaseException | None] = queue.Queue()
        turn = threading.Lock()

        def work(worker: WorkerProcess) -> None:
            try:
                while not self._closed.is_set():
                    with turn:
                        task = next(tasks, None)
                    if task is None:
                        break
                    outcome = worker.run(task)
                    if not self._closed.is_set():
                        done.put(outcome)
            except BaseException as error:
                done.put(error)
            done.put(None)

        for worker in self._workers:
            threading.Thread(target=work, args=(worker,), daemon=True).start()
        running = len(self._workers)
        while running:
            item = _next_of(done.get)
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item
        self.close()

    def close(self) -> None:
        """Kill the processes."""
        self._closed.set()
        for worker in self._workers:
            worker.close()


def _next_of(get: Callable[..., Outcome | BaseException | None]) -> Outcome | BaseException | None:
    """Return the next item, waiting in short intervals: Windows does not interrupt a wait on Ctrl-C."""
    while True:
        with suppress(queue.Empty):
            return get(timeout=0.5)
