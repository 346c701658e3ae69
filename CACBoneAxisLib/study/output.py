"""A study's folder: it appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from CACBoneAxisLib.calcium.suggestions import as_points
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.markups import write_markups
from CACBoneAxisLib.report import FILES, write_reports
from CACBoneAxisLib.report.pdf import write_pdf
from CACBoneAxisLib.report.write import PAPER_DENSITY, report_page
from CACBoneAxisLib.study.atomic import replacing
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.upgrade import is_result

RESULT_FILE = "result.json"
# In Slicer the scene is saved with the result.
SUGGESTIONS_FILE = "suggestions.mrk.json"
PDF_FILE, DICOM_FOLDER = "report.pdf", "dicom"
KNOWN_FILES = {RESULT_FILE, SUGGESTIONS_FILE, PDF_FILE, DICOM_FOLDER, "scene.mrb", *FILES}
COMPARISON_FILE, COMPARISON_SCHEMA = "comparison.json", "cacboneaxis/comparison/1"
QA_FILE, QA_SCHEMA = "qa.json", "cacboneaxis/qa/1"
# Main file, whether its content is ours, and all files of each kind of folder that this software writes.
KINDS: tuple[tuple[str, Callable[[Any], bool], set[str]], ...] = (
    (RESULT_FILE, is_result, KNOWN_FILES),
    (
        COMPARISON_FILE,
        lambda content: _is(content, COMPARISON_SCHEMA),
        {COMPARISON_FILE, "change.csv", "lesion_change.csv", "bone_change.csv", "report.html"},
    ),
    (QA_FILE, lambda content: _is(content, QA_SCHEMA), {QA_FILE, "qa.csv", "report.html"}),
)


def check_folder(folder: str | Path) -> Path:
    """Return the folder as a path when a result may be written there.

    It may when there is nothing yet, an empty folder, or an earlier result of this software
    with nothing of anybody else's in it.

    Raises
    ------
    UnusableInputError
        When something else is there.
    """
    folder = Path(folder)
    if folder.is_dir() and (not any(folder.iterdir()) or _is_result(folder)):
        return folder
    if folder.exists() or folder.is_symlink():
        raise refusal("result-exists", folder=folder.name)
    return folder


def write_study(result: StudyResult, folder: str | Path, extra: Callable[[Path], None] | None = None) -> Path:
    """Write ``result.json``, the tables, segmentations and the report of a study.

    Everything is written beside the folder first and moved into place at the end; an
    earlier result there is replaced. After an error nothing has changed.

    Parameters
    ----------
    result : what to write
    folder : where; made with its parents
    extra : called with the unfinished folder to add files of its own

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    UnusableInputError
        When the folder holds something that is not an earlier result.
    OSError
        When it cannot be written.
    """

    def fill(unfinished: Path) -> None:
        mapping = result.to_dict()
        text = json.dumps(mapping, indent=1, ensure_ascii=False, allow_nan=False)
        (unfinished / RESULT_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
        write_reports(unfinished, mapping, result.image, result.calcium_masks, result.bone_masks)
        if result.calcium.suggestions is not None:
            write_markups(unfinished / SUGGESTIONS_FILE, [as_points(result.calcium.suggestions)])
        if extra is not None:
            extra(unfinished)

    return write_whole(folder, fill) / "report.html"


def write_study_pdf(result: StudyResult, folder: Path, paper: str = "a4", qt: Any = None) -> Path:
    """Write ``report.pdf`` of a study into a folder, with pictures sharp enough for print, and return its path.

    Parameters
    ----------
    paper : ``a4`` or ``letter``
    qt : Qt's classes as attributes (``qt`` in Slicer); PySide6's where none are given

    Raises
    ------
    UnusableInputError
        One sentence, when it cannot be made.
    """
    mapping = result.to_dict()
    page = report_page(mapping, result.image, result.calcium_masks, result.bone_masks, PAPER_DENSITY)
    write_pdf(page, folder / PDF_FILE, qt, paper)
    return folder / PDF_FILE


def write_whole(folder: str | Path, fill: Callable[[Path], None]) -> Path:
    """Make a folder of output whole or not at all, in place of an earlier one of this software.

    Parameters
    ----------
    folder : where; made with its parents
    fill : called with the unfinished folder to write into

    Raises
    ------
    UnusableInputError
        When the folder holds something else.
    """
    folder = check_folder(folder).absolute()
    with replacing(folder) as unfinished:
        unfinished.mkdir()
        fill(unfinished)
    return folder


def _is_result(folder: Path) -> bool:
    return any(_holds(folder, *kind) for kind in KINDS)


def _holds(folder: Path, file: str, ours: Callable[[Any], bool], known: set[str]) -> bool:
    try:
        content = json.loads((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return ours(content) and {path.name for path in folder.iterdir()} <= known


def _is(content: Any, schema: str) -> bool:
    return isinstance(content, dict) and content.get("schema") == schema
