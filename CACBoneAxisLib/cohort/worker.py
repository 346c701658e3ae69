"""Worker process: reads tasks from standard input, writes outcomes to standard output as JSON lines.

Started as ``python -m CACBoneAxisLib.cohort.worker``. It ends with its parent process, even in
the middle of a study: unfinished output stays in a temporary folder, and a resumed batch
analyses the study again.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from CACBoneAxisLib.cohort.task import Task, process


def main() -> None:
    """Process tasks until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent decides
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    # Library output must not mix with the outcomes.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks), daemon=True).start()
    while True:
        outcome = process(tasks.get())
        out.write(json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        out.flush()


def _listen(stream: BinaryIO, tasks: queue.SimpleQueue[Task]) -> None:
    for line in stream:
        tasks.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
