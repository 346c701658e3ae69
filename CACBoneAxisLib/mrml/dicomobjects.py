"""Find a volume's DICOM files and restore readings from structured reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from CACBoneAxisLib.dicomout.labelmaps import labels_of
from CACBoneAxisLib.dicomout.source import slices_of_files
from CACBoneAxisLib.dicomout.storedreading import check_series, read_reading
from CACBoneAxisLib.mrml.archive import add_reading
from CACBoneAxisLib.mrml.inputs import ReadingNodes
from CACBoneAxisLib.mrml.volumes import INSTANCES_ATTRIBUTE, image_from_volume
from CACBoneAxisLib.study import Settings


def volume_slices(volume: Any) -> tuple[tuple[Path, int], ...]:
    """Return the DICOM file and frame of each slice of a volume.

    Empty unless it was loaded from the DICOM database.

    Raises
    ------
    UnusableInputError
        ``dicom-source`` if a file is missing.
    """
    uids = (volume.GetAttribute(INSTANCES_ATTRIBUTE) or "").split()
    files = [_file_of(uid) for uid in uids]
    return slices_of_files(files) if files and all(files) else ()


def restore_reading(volume: Any, path: str | Path) -> ReadingNodes:
    """Add the reading of our structured report to a volume; return its nodes.

    Seeds and regions become new nodes and, with the settings, the volume's reading, so an analysis
    reproduces the report. Labelled vertebrae are searched beside the report, then in the DICOM
    database.

    Raises
    ------
    UnusableInputError
        ``reading-unusable``, ``reading-series``, ``reading-labels``.
    """
    path = Path(path)
    reading = read_reading(path)
    image = image_from_volume(volume)
    check_series(reading, image, volume_slices(volume))
    labels = labels_of(reading, "vertebrae", path.parent, _file_of)
    labels = None if labels is None else labels.on_grid_of(image.geometry)
    settings = Settings.from_mapping(reading.settings)
    return add_reading(volume, reading.seeds, reading.regions, labels, settings)


def _file_of(uid: str) -> str:
    database = getattr(slicer, "dicomDatabase", None)
    return str(database.fileForInstance(uid) or "") if database is not None else ""
