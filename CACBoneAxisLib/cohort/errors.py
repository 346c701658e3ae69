"""``errors/NAME.txt`` of a batch: where in the software a study failed.

Frames and types alone: no values, no paths or names of the user's, so that the file can be sent with
a report of the fault.
"""

from __future__ import annotations

import platform
import re
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from traceback import walk_tb
from typing import Any

import CACBoneAxisLib
from CACBoneAxisLib.study.atomic import replacing

ERRORS = "errors"
LIBRARY = Path(CACBoneAxisLib.__file__).parent
# A line of Python's faulthandler, which writes them when a library ends the process.
FAULT_LINE = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+|\?\?\?) in (?P<function>\S+)$')
FAULT = re.compile(r"^(Fatal Python error|Windows fatal exception): (?P<what>[A-Za-z ]+)")


def error_lines(error: BaseException) -> list[str]:
    """Return an exception's type and frames, outermost first, and those of what it came from."""
    lines: list[str] = []
    following: BaseException | None = error
    while following is not None:
        kind = type(following)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        lines.append(f"{'from ' if lines else ''}{name}")
        for frame, line in walk_tb(following.__traceback__):
            lines.append(f"  {_place(frame.f_code.co_filename, line, frame.f_code.co_name)}")
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return lines


def fault_lines(text: str) -> list[str]:
    """Return the frames in what a crashed process wrote, as faulthandler has them; innermost first."""
    return list(_fault_lines(text))


def _fault_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if fault := FAULT.match(line):
            yield fault["what"].strip()
        elif found := FAULT_LINE.match(line):
            yield f"  {_place(found['file'], found['line'], found['function'])}"


def write_errors(task: dict[str, Any], heading: str, lines: Sequence[str]) -> str | None:
    """Write the errors file of a study and return its path within the batch; None where it cannot be written.

    Parameters
    ----------
    task : of the study
    heading : code of the failure
    lines : type and frames
    """
    about = f"CACBoneAxis {CACBoneAxisLib.__version__}, Python {platform.python_version()}, {platform.system()}"
    name = f"{ERRORS}/{task['folder']}.txt"
    try:
        with replacing(Path(task["output"]) / name) as unfinished:
            unfinished.write_text("\n".join([about, heading, *lines]) + "\n", encoding="utf-8", newline="\n")
    except OSError:
        return None
    return name


def remove_errors(task: dict[str, Any]) -> None:
    """Remove the errors file that an earlier run left for a study."""
    with suppress(OSError):
        (Path(task["output"]) / ERRORS / f"{task['folder']}.txt").unlink(missing_ok=True)


def _place(file: str, line: object, function: str) -> str:
    """Return a frame: file and line within this library, the module's name outside."""
    path = PurePath(file)
    for library in (LIBRARY, LIBRARY.resolve()):
        if path.is_relative_to(library):
            return f"{path.relative_to(library.parent).as_posix()}:{line} {function}"
    for folder in ("site-packages", "dist-packages"):
        if folder in path.parts:
            return _module(path.parts[path.parts.index(folder) + 1 :])
    standard = sysconfig.get_path("stdlib")
    return _module(path.relative_to(standard).parts) if path.is_relative_to(standard) else "another module"


def _module(parts: Sequence[str]) -> str:
    return ".".join([*parts[:-1], PurePath(parts[-1]).stem]).removesuffix(".__init__")
