"""One study of a batch, from its row of the manifest to its row of the table.

Tasks and outcomes are plain JSON values: they go through pipes, over the network and
into the journal as they are.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort.manifest import PATH_COLUMNS, ManifestRow
from CACBoneAxisLib.cohort.schema import result_row
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.reading import content_files
from CACBoneAxisLib.study import Settings, analyze
from CACBoneAxisLib.study.loading import StudyFiles, load_study
from CACBoneAxisLib.study.output import KNOWN_FILES, RESULT_FILE, write_study
from CACBoneAxisLib.study.settings import merge, read_settings

STUDIES = "studies"
# These may go away by themselves, so a batch that goes on tries them again.
TRANSIENT = ("study-crashed", "study-memory", "study-timeout", "study-unwritten")
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)

Task = dict[str, Any]
Outcome = dict[str, Any]


def folder_name(study_id: str) -> str:
    """Return a folder name for a study: the id itself where that is one everywhere, else a like one with a hash."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", study_id) and not _RESERVED.match(study_id):
        return study_id
    kept = re.sub(r"[^A-Za-z0-9_-]+", "_", study_id)[:40].strip("_")
    return f"{kept}-{hashlib.sha256(study_id.encode()).hexdigest()[:10]}".lstrip("-")


def make_task(row: ManifestRow, output: Path, settings: Mapping[str, Any]) -> Task:
    """Return the task of a row: what to read, the settings over which the row's own go, and where to write."""
    task: Task = {
        "study_id": row.study_id,
        "cells": dict(row.cells),
        "settings": merge(settings, {}),
        "overrides": row.overrides(),
        "paths": {column: row.paths(column) for column in PATH_COLUMNS},
        "output": str(output),
        "folder": folder_name(row.study_id),
    }
    told = {name: task[name] for name in ("study_id", "cells", "settings", "overrides")}
    task["key"] = hashlib.sha256(json.dumps([told, __version__], sort_keys=True).encode()).hexdigest()
    return task


def process(task: Task) -> Outcome:
    """Analyse a study and write its folder, unless it is known to be complete and unchanged.

    Parameters
    ----------
    task : of :func:`make_task`; ``known`` may hold an earlier outcome of the same study, and
        ``rehash`` says that sizes and times of files are not to be trusted

    Returns
    -------
    dict
        ``status`` ``done`` (with ``row``), ``failed`` (with ``code`` and ``message``) or
        ``stop`` (nothing more can be written; the batch must end), and what is needed to
        know later that nothing has changed.
    """
    known = task.get("known")
    stamps = {path: _stamp(Path(path)) for paths in task["paths"].values() for path in paths}
    if known and _still_holds(task, known, stamps):
        return {**known, "stamps": stamps, "kept": True}
    outcome: Outcome = {"study_id": task["study_id"], "key": task["key"], "stamps": stamps, "folder": task["folder"]}
    hashes: dict[str, str | None] = {}
    try:
        outcome |= _analysed(task, hashes)
    except UnusableInputError as error:
        outcome |= {"status": "failed", "code": error.code, "message": _without_names(str(error), task)}
    except MemoryError:
        outcome |= _failed("study-memory")
    except OSError as error:
        if error.errno in FULL:
            return {"study_id": task["study_id"], "status": "stop", "message": str(refusal("disk-full"))}
        outcome |= _failed("study-unwritten", why=error.strerror or type(error).__name__)
    except Exception as error:
        # A mistake in this software must not end a night's work; it becomes a row that says so.
        outcome |= _failed("study-error", kind=type(error).__name__)
    outcome["hashes"] = {path: hashes.get(path) or _hash(Path(path)) for path in stamps}
    return outcome


def failed(task: Task, code: str, message: str) -> Outcome:
    """Return the outcome of a study that ended otherwise than by its own hand."""
    return {
        "study_id": task["study_id"],
        "key": task["key"],
        "folder": task["folder"],
        "stamps": {},
        "hashes": {},
        "status": "failed",
        "code": code,
        "message": message,
    }


def _failed(code: str, **values: Any) -> Outcome:
    return {"status": "failed", "code": code, "message": str(refusal(code, **values))}


def _analysed(task: Task, hashes: dict[str, str | None]) -> Outcome:
    paths = task["paths"]
    said = dict(task["settings"])
    for path in paths["settings"]:
        said = merge(said, read_settings(path))
    settings = Settings.from_mapping(merge(said, task["overrides"]))
    files = StudyFiles(
        paths["image"][0],
        paths["seeds"] or None,
        paths["regions"],
        paths["vertebrae"][0] if paths["vertebrae"] else None,
        task["cells"].get("series"),
    )
    inputs = load_study(files, settings, task["study_id"])
    if inputs.image.source.format != "DICOM":
        hashes[paths["image"][0]] = inputs.image.source.sha256
    result = analyze(inputs)
    folder = Path(task["output"]) / STUDIES / task["folder"]
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= KNOWN_FILES:
        # What a loss of power may leave is no result any more, but nobody else's either.
        shutil.rmtree(folder)
    write_study(result, folder)
    flush_folder(folder)
    rules = {name: part for name, part in settings.to_mapping().items() if name in ("calcium", "bone")}
    text = json.dumps(rules, sort_keys=True)
    row = result_row(result.to_dict(), task["cells"], task["folder"], hashlib.sha256(text.encode()).hexdigest())
    return {"status": "done", "row": row, "result_sha256": _hash(folder / RESULT_FILE)}


def _still_holds(task: Task, known: Outcome, stamps: Mapping[str, str]) -> bool:
    """Return whether an earlier outcome is what the study would come to again."""
    if known["key"] != task["key"] or known.get("code") in TRANSIENT or set(known["stamps"]) != set(stamps):
        return False
    for path, stamp in stamps.items():
        unchanged = known["stamps"][path] == stamp and not task.get("rehash")
        if not unchanged and known["hashes"].get(path) != _hash(Path(path)):
            return False
    if known["status"] == "done":
        return known["result_sha256"] == _hash(Path(task["output"]) / STUDIES / task["folder"] / RESULT_FILE)
    return True


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*")) if one.is_file())
    elif path.is_file():
        yield from content_files(path)


def _stamp(path: Path) -> str:
    """Return a hash of names, sizes and times of a file or of a folder's files; another one means: look closer."""
    digest = hashlib.sha256()
    try:
        for one in _files(path):
            status = one.stat()
            digest.update(f"{one}\n{status.st_size}\n{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    except OSError:
        return "unreadable"
    return digest.hexdigest()


def _hash(path: Path) -> str | None:
    """Return the SHA-256 of a file's or folder's content, None where there is nothing to read."""
    try:
        files = list(_files(path))
        return content_sha256(files) if files else None
    except OSError:
        return None


def flush_folder(folder: Path) -> None:
    """Make sure that the files of a folder are on the disk before anything says that they are."""
    for path in (*folder.iterdir(), folder, folder.parent):
        if path.is_dir() and os.name == "nt":
            continue  # Windows flushes files, not folders
        flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _without_names(message: str, task: Task) -> str:
    """Return a sentence in which the study's files are called by their role: file names may hold patients' names."""
    for column, paths in task["paths"].items():
        for path in paths:
            name = Path(path).name
            stem = name.split(".")[0]
            # Short stems, such as L1, are words of the sentences themselves.
            texts = {path, name} | ({stem} if len(stem) > 4 else set())
            for text in sorted(texts, key=len, reverse=True):
                message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", f"the {column} file", message)
    return " ".join(message.replace(task["output"], "the output folder").split())
