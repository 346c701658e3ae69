"""The Python interpreter for worker processes; inside an application ``sys.executable`` is not one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from CACBoneAxisLib.imaging.findings import refusal


def interpreter() -> str:
    """Return the path of a Python interpreter of this version.

    In Slicer ``PythonSlicer``, which finds Slicer's own libraries; elsewhere the running one,
    or the one an application embeds.

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
    """Return ``PYTHONPATH`` for a worker: this library, then this process's module path without the current folder."""
    here = str(Path(__file__).resolve().parents[2])
    others = (path for path in sys.path if path and Path(path).resolve() != Path.cwd())
    return os.pathsep.join(dict.fromkeys([here, *others]))


def _candidates() -> Iterator[str | None]:
    if "slicer" in sys.modules:
        yield shutil.which("PythonSlicer")
        yield os.path.join(os.environ.get("SLICER_HOME", ""), "bin", "PythonSlicer")  # noqa: PTH118 - may be empty
    # In an application this is the application itself, or empty.
    if Path(sys.executable or "").stem.lower().startswith("python"):
        yield sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield str(Path(sys.exec_prefix) / "bin" / name)
    yield str(Path(sys.exec_prefix) / "python.exe")
    yield shutil.which(name)
