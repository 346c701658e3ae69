"""One study of a batch, from manifest row to table row.

Tasks and outcomes are plain JSON values that pass unchanged through pipes, the network and
the journal.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cohort.corrections import Correction, last_correction
from CACBoneAxisLib.cohort.errors import error_lines, remove_errors, write_errors
from CACBoneAxisLib.cohort.manifest import PATH_COLUMNS, SINGLE_COLUMNS, ManifestRow
from CACBoneAxisLib.cohort.schema import result_row
from CACBoneAxisLib.dicomout.storedreading import read_reading
from CACBoneAxisLib.imaging.detached import content_files
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.study import Settings, analyze
from CACBoneAxisLib.study.destination import Destination
from CACBoneAxisLib.study.identity import without_identifiers
from CACBoneAxisLib.study.loading import StudyFiles, load_study
from CACBoneAxisLib.study.output import RESULT, RESULT_FILE, write_study
from CACBoneAxisLib.study.settings import merge, read_settings
from CACBoneAxisLib.study.upgrade import SCHEMA, parse_result

STUDIES = "studies"
# These may be transient, so a resumed batch retries them.
TRANSIENT = ("study-crashed", "study-memory", "study-timeout", "study-unwritten")
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)

logger = logging.getLogger(__name__)

Task = dict[str, Any]
Outcome = dict[str, Any]
Progress = Callable[[str, float], None]


def folder_name(study_id: str) -> str:
    """Return a folder name for a study: its id where portable, else a similar name with a hash."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", study_id) and not _RESERVED.match(study_id):
        return study_id
    kept = re.sub(r"[^A-Za-z0-9_-]+", "_", study_id)[:40].strip("_")
    return f"{kept}-{hashlib.sha256(study_id.encode()).hexdigest()[:10]}".lstrip("-")


def make_task(row: ManifestRow, output: Path, settings: Mapping[str, Any]) -> Task:
    """Build a row's task: what to read, the common settings, and where to write."""
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


def process(task: Task, progress: Progress | None = None) -> Outcome:
    """Analyse a study and write its folder, unless it is complete and unchanged.

    A reading corrected in review replaces the manifest's.

    Parameters
    ----------
    task : from :func:`make_task`; ``previous`` may hold an earlier outcome of the study, and
        ``rehash`` distrusts file sizes and times
    progress : called with what is being done and the part done (0 to 1)

    Returns
    -------
    dict
        ``status`` ``done`` (with ``row``), ``failed`` (with ``code`` and ``message``) or
        ``stop`` (nothing more can be written; the batch must end), and what it takes to
        detect later changes.
    """
    previous = task.get("previous")
    stamps = {path: _stamp(Path(path)) for paths in task["paths"].values() for path in paths}
    try:
        correction = last_correction(Path(task["output"]), task["folder"])
    except UnusableInputError as error:
        return failed(task, error.code, str(error))
    reading = {} if correction is None else {"reading": correction.sha256}
    if previous and previous.get("reading") == reading.get("reading") and _is_still_valid(task, previous, stamps):
        return {**current(previous, Path(task["output"])), "stamps": stamps, "kept": True}
    outcome: Outcome = {"study_id": task["study_id"], "key": task["key"], "stamps": stamps, "folder": task["folder"]}
    outcome |= reading
    hashes: dict[str, str | None] = {}
    remove_errors(task)
    try:
        outcome |= _analysed(task, hashes, correction, progress)
    except UnusableInputError as error:
        outcome |= {"status": "failed", "code": error.code, "message": _neutral_sentence(error, task)}
    except MemoryError as error:
        outcome |= _defect(task, error, "study-memory")
    except OSError as error:
        if error.errno in FULL:
            return {"study_id": task["study_id"], "status": "stop", "message": str(refusal("disk-full"))}
        outcome |= _failed("study-unwritten", why=error.strerror or type(error).__name__)
    except Exception as error:
        # A defect in this software must not end an overnight batch; it becomes a failure row.
        outcome |= _defect(task, error, "study-error", kind=type(error).__name__)
    outcome["hashes"] = {path: hashes.get(path) or _hash(Path(path)) for path in stamps}
    return outcome


def _neutral_sentence(error: UnusableInputError, task: Task) -> str:
    """Return an error's sentence without file or folder names, which may be patient names."""
    paths = {**task["paths"], "the output folder": [task["output"]]}
    return " ".join(without_identifiers(error, paths).split())


def failed(task: Task, code: str, message: str, lines: Sequence[str] = ()) -> Outcome:
    """Return the outcome of a study whose worker crashed or timed out; ``lines`` say where, if known."""
    return {
        "errors": write_errors(task, code, lines) if lines else None,
        "study_id": task["study_id"],
        "key": task["key"],
        "folder": task["folder"],
        "stamps": {},
        "hashes": {},
        "status": "failed",
        "code": code,
        "message": message,
    }


def _defect(task: Task, error: BaseException, code: str, **values: Any) -> Outcome:
    lines = error_lines(error)
    logger.error("%s: %s", code, "; ".join(line.strip() for line in lines))
    return {**_failed(code, **values), "errors": write_errors(task, code, lines)}


def _failed(code: str, **values: Any) -> Outcome:
    return {"status": "failed", "code": code, "message": str(refusal(code, **values))}


def study_settings(task: Task, correction: Correction | None) -> Settings:
    """Return the settings of a study.

    Later ones override: the earlier reading's, the run's, the row's file, its cells, a correction.
    """
    said: dict[str, Any] = {}
    for path in task["paths"]["reading"]:
        said = dict(read_reading(path).settings)
    said = merge(said, task["settings"])
    for path in task["paths"]["settings"]:
        said = merge(said, read_settings(path))
    said = merge(said, task["overrides"])
    return Settings.from_mapping(merge(said, correction.settings) if correction is not None else said)


def study_files(task: Task, correction: Correction | None) -> StudyFiles:
    """Return the files of a study; a corrected reading replaces the manifest's."""
    paths = task["paths"]
    one = {column: next(iter(paths[column]), None) for column in SINGLE_COLUMNS}
    files = StudyFiles(
        paths["image"][0],
        paths["seeds"] or None,
        paths["regions"],
        paths["vertebrae"] or None,
        task["cells"].get("series"),
        heart=paths["heart"] or None,
        reading=one["reading"],
        points=paths["vertebra_points"],
        second=one["second_image"],
    )
    return files if correction is None else correction.files(files)


def _analysed(
    task: Task, hashes: dict[str, str | None], correction: Correction | None, progress: Progress | None
) -> Outcome:
    settings = study_settings(task, correction)
    progress = progress or (lambda message, fraction: None)
    inputs = load_study(
        study_files(task, correction), settings, task["study_id"], lambda message, part: progress(message, part / 2)
    )
    if inputs.image.source.format != "DICOM":
        hashes[task["paths"]["image"][0]] = inputs.image.source.sha256
    result = analyze(inputs, lambda message, part: progress(message, 0.5 + part / 2))
    if correction is not None:
        result = replace(result, review=correction.provenance)
    folder = Path(task["output"]) / STUDIES / task["folder"]
    write_study(result, Destination(folder, RESULT, owned=True))
    rules = {name: part for name, part in settings.to_mapping().items() if name in ("calcium", "bone")}
    text = json.dumps(rules, sort_keys=True)
    row = result_row(result.to_dict(), task["cells"], task["folder"], hashlib.sha256(text.encode()).hexdigest())
    return {"status": "done", "schema": SCHEMA, "row": row, "result_sha256": _hash(folder / RESULT_FILE)}


def current(outcome: Outcome, batch: Path) -> Outcome:
    """Return an outcome whose row follows the current schema.

    A row of an earlier schema is rebuilt from the study's ``result.json``; it stays as it is
    if that file is gone or damaged.
    """
    if outcome["status"] != "done" or outcome.get("schema") == SCHEMA:
        return outcome
    row = outcome["row"]
    try:
        result = parse_result((batch / STUDIES / outcome["folder"] / RESULT_FILE).read_bytes(), RESULT_FILE)
    except (OSError, UnusableInputError):
        return outcome
    made = result_row(result, row, outcome["folder"], row["settings_sha256"])
    return {**outcome, "schema": SCHEMA, "row": made}


def _is_still_valid(task: Task, previous: Outcome, stamps: Mapping[str, str]) -> bool:
    """Return whether an earlier outcome is still valid."""
    if previous["key"] != task["key"] or previous.get("code") in TRANSIENT or set(previous["stamps"]) != set(stamps):
        return False
    for path, stamp in stamps.items():
        unchanged = previous["stamps"][path] == stamp and not task.get("rehash")
        if not unchanged and previous["hashes"].get(path) != _hash(Path(path)):
            return False
    if previous["status"] == "done":
        return previous["result_sha256"] == _hash(Path(task["output"]) / STUDIES / task["folder"] / RESULT_FILE)
    return True


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*")) if one.is_file())
    elif path.is_file():
        yield from content_files(path)


def _stamp(path: Path) -> str:
    """Hash names, sizes and times of a file or folder; a different hash calls for rehashing the content."""
    digest = hashlib.sha256()
    try:
        for one in _files(path):
            status = one.stat()
            digest.update(f"{one}\n{status.st_size}\n{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    except OSError:
        return "unreadable"
    return digest.hexdigest()


def _hash(path: Path) -> str | None:
    """Return the SHA-256 of a file's or folder's content; None where there is nothing to read."""
    try:
        files = list(_files(path))
        return content_sha256(files) if files else None
    except OSError:
        return None
