"""DICOM in Slicer beyond the volume: the files it came from, and a reading out of a structured report."""

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
    """Return DICOM file and frame of each slice of a volume that was loaded from the DICOM database; else nothing.

    Raises
    ------
    UnusableInputError
        ``dicom-source`` when a file is no longer there.
    """
    uids = (volume.GetAttribute(INSTANCES_ATTRIBUTE) or "").split()
    files = [_file_of(uid) for uid in uids]
    return slices_of_files(files) if files and all(files) else ()


def restore_reading(volume: Any, path: str | Path) -> ReadingNodes:
    """Add the reading that a structured report of this software holds to a volume's scene, and return its nodes.

    Seeds and regions become new nodes; they and the settings become the volume's reading, so
    that an analysis gives the digits of the report. Labelled vertebrae are looked for beside
    the report, then in the DICOM database.

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
