"""Write the result of a study as DICOM objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CACBoneAxisLib.dicomout.codes import highdicom
from CACBoneAxisLib.dicomout.source import source_series
from CACBoneAxisLib.dicomout.storedreading import StoredReading
from CACBoneAxisLib.dicomout.write import write_objects
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.pdf import plain_qt
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.output import DICOM_FOLDER, write_study_pdf
from CACBoneAxisLib.study.result import StudyResult


def check_objects(image: CTImage | None = None, qt: Any = None) -> None:
    """Raise UnusableInputError when no DICOM objects can be made here, or of this image."""
    highdicom()
    if qt is None:
        plain_qt()
    if image is not None:
        source_series(image)


def reading_of(inputs: StudyInputs, result: StudyResult) -> StoredReading:
    """Return the inputs of a result without its image."""
    return StoredReading(result.settings.to_mapping(), inputs.seeds, inputs.regions, points=inputs.points)


def write_study_objects(
    result: StudyResult, inputs: StudyInputs, folder: Path, paper: str = "a4", qt: Any = None
) -> list[Path]:
    """Write segmentation, structured report and encapsulated PDF of a study into ``folder/dicom``; return their paths.

    They belong to the study of the CT and carry its identifiers.

    Parameters
    ----------
    inputs : what the result was made of; its image must have been read from DICOM files
    paper : of the PDF, ``a4`` or ``letter``
    qt : Qt's classes as attributes; PySide6's where none are given

    Raises
    ------
    UnusableInputError
        One sentence, when they cannot be made.
    """
    target = folder / DICOM_FOLDER
    target.mkdir()
    pdf = write_study_pdf(result, target, paper, qt)
    content = pdf.read_bytes()
    pdf.unlink()
    reading = reading_of(inputs, result)
    masks = result.calcium_masks, result.bone_masks
    return write_objects(
        target, result.to_dict(), reading, result.image, *masks, content, inputs.vertebrae, inputs.heart
    )
