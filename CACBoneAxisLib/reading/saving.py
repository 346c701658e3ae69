"""Save the report of a reading as files."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.mrml.dicomobjects import volume_slices
from CACBoneAxisLib.mrml.scene import find_result, replayed_inputs
from CACBoneAxisLib.study import analyze
from CACBoneAxisLib.study.dicomobjects import check_objects, write_study_objects
from CACBoneAxisLib.study.output import write_study, write_study_pdf


def save_report(
    volume: Any, folder: str | Path, *, paper: str | None = None, objects: bool = False, qt: Any = None
) -> Path:
    """Write the report of a volume into a new subfolder; return its path.

    The reading is analysed again from its nodes, so the files match the scene. The folder is named
    after the time, because a volume name may contain the patient's name.

    Parameters
    ----------
    paper : ``a4`` or ``letter`` to write ``report.pdf`` too, or None
    objects : also write DICOM objects into the CT's study; needs a volume from the DICOM database
    qt : Qt's classes as attributes, for the PDF

    Raises
    ------
    UnusableInputError
        If the volume has no result, or an output cannot be made.
    OSError
        If the folder cannot be written.
    """
    record = find_result(volume.GetScene(), volume) if volume is not None else None
    if record is None:
        raise refusal("node-missing", what="result of this volume")
    inputs = replayed_inputs(record)
    if objects:
        inputs = replace(inputs, image=replace(inputs.image, slices=volume_slices(volume)))
        check_objects(inputs.image, qt)
    result = analyze(inputs)

    def further(unfinished: Path) -> None:
        if paper is not None:
            write_study_pdf(result, unfinished, paper, qt)
        if objects:
            write_study_objects(result, inputs, unfinished, paper or "a4", qt)

    target = Path(folder) / f"CACBoneAxis {datetime.now():%Y-%m-%d %H-%M-%S}"
    write_study(result, target, further)
    return target
