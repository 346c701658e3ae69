"""Keeping the image libraries' own messages off the user's terminal."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_lock = threading.Lock()
_depth = 0
_kept_descriptor: int | None = None


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Send what compiled code writes to standard error to nowhere, until the block ends.

    GDCM, MetaIO and nifti_clib print to the file descriptor itself, which no Python or
    ITK switch reaches. The user gets one sentence instead. Calls may be nested and may
    come from several threads; where there is no standard error, nothing happens.
    """
    global _depth, _kept_descriptor
    with _lock:
        _depth += 1
        if _depth == 1:
            with suppress(OSError):
                _kept_descriptor = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _kept_descriptor is not None:
                os.dup2(_kept_descriptor, 2)
                os.close(_kept_descriptor)
                _kept_descriptor = None
