"""Flushing to disk."""

from __future__ import annotations

import os
from pathlib import Path


def flush_folder(folder: Path) -> None:
    """Flush a folder's files to disk."""
    for path in (*folder.iterdir(), folder, folder.parent):
        if path.is_dir() and os.name == "nt":
            continue  # Windows flushes files, not folders
        flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
