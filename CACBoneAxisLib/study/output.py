"""A study's folder: it appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from CACBoneAxisLib.calcium.suggestions import as_points
from CACBoneAxisLib.imaging.markups import write_markups
from CACBoneAxisLib.report import FILES, write_reports
from CACBoneAxisLib.report.pdf import write_pdf
from CACBoneAxisLib.report.write import PAPER_DENSITY, report_page
from CACBoneAxisLib.study.destination import APPROVED, CORRECTED, Destination, OutputKind, write_json
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.upgrade import FORMER_SCHEMA, SCHEMA

RESULT_FILE = "result.json"
# In Slicer the scene is saved with the result.
SUGGESTIONS_FILE = "suggestions.mrk.json"
PDF_FILE, DICOM_FOLDER = "report.pdf", "dicom"
KNOWN_FILES = frozenset({RESULT_FILE, SUGGESTIONS_FILE, PDF_FILE, DICOM_FOLDER, "scene.mrb", *FILES})


def _work(result: Mapping[str, Any]) -> str | None:
    provenance = result.get("provenance") or {}
    return APPROVED if provenance.get("approved") else CORRECTED if provenance.get("review") else None


RESULT = OutputKind(
    RESULT_FILE,
    (SCHEMA, FORMER_SCHEMA),
    KNOWN_FILES,
    lambda result: [file["sha256"] for file in result["provenance"]["inputs"] if file["role"] == "image"],
    _work,
)


def write_study(
    result: StudyResult, folder: str | Path | Destination, extra: Callable[[Path], None] | None = None
) -> Path:
    """Write ``result.json``, the tables, segmentations and the report of a study atomically.

    Parameters
    ----------
    result : what to write
    folder : where; an earlier result of the same image is replaced there
    extra : called with the unfinished folder to add files

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    UnusableInputError
        When the folder holds something that may not be replaced.
    OSError
        When it cannot be written; nothing has changed.
    """
    destination = folder if isinstance(folder, Destination) else Destination(Path(folder), RESULT)
    mapping = result.to_dict()

    def fill(unfinished: Path) -> None:
        write_json(unfinished / RESULT_FILE, mapping)
        write_reports(unfinished, mapping, result.image, result.calcium_masks, result.bone_masks)
        if result.calcium.suggestions is not None:
            write_markups(unfinished / SUGGESTIONS_FILE, [as_points(result.calcium.suggestions)])
        if extra is not None:
            extra(unfinished)

    return destination.write(fill, RESULT.study(mapping)) / "report.html"


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
