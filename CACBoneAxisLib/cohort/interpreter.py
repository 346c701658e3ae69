"""The Python that worker processes run on: inside an application, ``sys.executable`` is often none."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from CACBoneAxisLib.imaging.findings import refusal


def interpreter() -> str:
    """Return the path of a Python of this version.

    In Slicer ``PythonSlicer``, which finds Slicer's own libraries; elsewhere the one that
    runs, or the one that an application has embedded.

    Raises
    ------
    UnusableInputError
        When there is none.
    """
    found = next((path for path in _candidates() if path and Path(path).is_file() and os.access(path, os.X_OK)), None)
    if found is None:
        raise refusal("workers-impossible", version=f"{sys.version_info.major}.{sys.version_info.minor}")
    return found


def search_path() -> str:
    """Return ``PYTHONPATH`` for a worker: where this process finds modules, this library first."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(dict.fromkeys([here, *filter(None, sys.path)]))


def _candidates() -> Iterator[str | None]:
    if "slicer" in sys.modules:
        yield shutil.which("PythonSlicer")
        yield os.path.join(os.environ.get("SLICER_HOME", ""), "bin", "PythonSlicer")  # noqa: PTH118 - may be empty
    # Of an application this is the application, or nothing.
    if Path(sys.executable or "").stem.lower().startswith("python"):
        yield sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield str(Path(sys.exec_prefix) / "bin" / name)
    yield str(Path(sys.exec_prefix) / "python.exe")
    yield shutil.which(name)
