"""A worker process: reads tasks from standard input and writes outcomes to standard output, a JSON line each.

Started as ``python -m CACBoneAxisLib.cohort.worker``. It ends as soon as the process that
started it is gone, in the middle of a study if need be: what is half done is beside its
place, and the batch that goes on does it again.
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
    """Work until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the starter decides
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    # What libraries print must not come between the outcomes.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks), daemon=True).start()
    while True:
        outcome = process(tasks.get())
        out.write(json.dumps(outcome, ensure_ascii=False).encode() + b"\n")
        out.flush()


def _listen(stream: BinaryIO, tasks: queue.SimpleQueue[Task]) -> None:
    for line in stream:
        tasks.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
