"""Capture the messages that image libraries print, and return their warnings."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_lock = threading.Lock()
_depth = 0
_kept_descriptor: int | None = None
_listening: int | None = None

# An ITK warning: a line that begins with the word and names its source, then the message.
ITK_WARNING = re.compile(r"^WARNING: In [^\n]*\n\w+ ?\((?:0x)?[0-9a-fA-F]+\): ([^\n]*)$", re.MULTILINE)


@dataclass
class Heard:
    """Text that compiled code wrote to standard error within a block; empty until the block ends."""

    text: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings of ITK, without repetitions."""
        return tuple(dict.fromkeys(said.strip() for said in ITK_WARNING.findall(self.text)))


@contextmanager
def quiet_libraries() -> Iterator[Heard]:
    """Keep the output of compiled code to standard error off the terminal until the block ends.

    GDCM, MetaIO and nifti_clib print to the file descriptor itself, which no Python or
    ITK switch reaches. The user gets one sentence instead. Calls may be nested and may
    come from several threads; where there is no standard error, nothing happens.
    """
    global _depth, _kept_descriptor, _listening
    heard = Heard()
    with _lock:
        _depth += 1
        if _depth == 1:
            with suppress(OSError):
                _kept_descriptor = os.dup(2)
                try:
                    with tempfile.TemporaryFile() as file:
                        _listening = os.dup(file.fileno())
                except OSError:
                    _listening = os.open(os.devnull, os.O_RDWR)
                os.dup2(_listening, 2)
        start = 0 if _listening is None else os.lseek(_listening, 0, os.SEEK_END)
    try:
        yield heard
    finally:
        with _lock:
            if _listening is not None:
                end = os.lseek(_listening, 0, os.SEEK_END)
                os.lseek(_listening, start, os.SEEK_SET)
                heard.text = os.read(_listening, max(end - start, 0)).decode("utf-8", "replace")
                os.lseek(_listening, end, os.SEEK_SET)
            _depth -= 1
            if _depth == 0 and _kept_descriptor is not None:
                os.dup2(_kept_descriptor, 2)
                os.close(_kept_descriptor)
                _kept_descriptor = None
                if _listening is not None:
                    os.close(_listening)
                    _listening = None
