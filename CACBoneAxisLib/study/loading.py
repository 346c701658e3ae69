"""Read the files of a study, the same way for a single study and for a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from CACBoneAxisLib.bone.numbering import is_level, with_names
from CACBoneAxisLib.calcium.heartlabels import is_heart_part
from CACBoneAxisLib.dicomout.labelmaps import labels_of
from CACBoneAxisLib.dicomout.storedreading import check_series, read_reading
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box, PointList
from CACBoneAxisLib.study.identity import (
    identifiers,
    neutral_boxes,
    neutral_image,
    neutral_lists,
    neutral_name,
    neutral_study_id,
)
from CACBoneAxisLib.study.inputs import InputFile, StudyInputs, read_markup_files
from CACBoneAxisLib.study.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StudyFiles:
    """Paths of the files of a study.

    Parameters
    ----------
    image : DICOM folder, NRRD or NIfTI file
    seeds : markups point lists; None when the scan was not read for calcium
    regions : markups ROIs
    vertebrae : labelmap, DICOM segmentation, folder of masks or several masks, or None
    series : CT series of a DICOM folder, ``auto`` for the most suitable one, or None
    heart : labels of the heart, as ``vertebrae``, or None
    reading : structured report of an earlier analysis; its seeds, regions and vertebrae are used
        where none are given here, its settings are left to the caller
    points : markups point lists, one point in each vertebra
    second : the same scan at another energy, as ``image`` is given, or None
    """

    image: str | Path
    seeds: Sequence[str | Path] | None = None
    regions: Sequence[str | Path] = ()
    vertebrae: str | Path | Sequence[str | Path] | None = None
    series: str | None = None
    heart: str | Path | Sequence[str | Path] | None = None
    reading: str | Path | None = None
    points: Sequence[str | Path] = ()
    second: str | Path | None = None


def load_study(
    files: StudyFiles,
    settings: Settings,
    study_id: str | None = None,
    progress: Callable[[str, float], None] | None = None,
    *,
    named: bool = False,
) -> StudyInputs:
    """Read the files of a study, small files first, so that their errors show before the CT is read.

    Parameters
    ----------
    files : of the study
    settings : of the study
    study_id : name of the study; by default the beginning of the image's hash, or the image's name
        where names are kept
    progress : called with the current step and the fraction done (0 to 1)
    named : keep the names of files and folders, and the identifiers in the CT's header, which are
        otherwise left out of inputs and outputs

    Raises
    ------
    UnusableInputError
        One sentence, when a file cannot be used.
    """
    seeds: tuple[PointList, ...] | None = None
    hashed: list[InputFile] = []
    if files.seeds is not None:
        lists, hashed = read_markup_files(files.seeds, "seeds")
        _refuse_kind(lists, PointList, "an ROI", "--seeds")
        seeds = tuple(lists)
    boxes, region_files = read_markup_files(files.regions, "regions")
    _refuse_kind(boxes, Box, "a point list", "--rois")
    points, point_files = read_markup_files(files.points, "vertebra-points")
    _refuse_kind(points, PointList, "an ROI", "--vertebra-points")
    labels = read_labels(files.vertebrae, is_level) if files.vertebrae else None
    heart = read_labels(files.heart, is_heart_part) if files.heart else None
    reading = read_reading(files.reading) if files.reading else None
    if reading is not None and files.reading is not None:
        seeds = reading.seeds if files.seeds is None else seeds
        boxes = boxes or list(reading.regions)
        points = points or list(reading.points)
        labels = labels or labels_of(reading, "vertebrae", Path(files.reading).parent)
        heart = heart or labels_of(reading, "heart", Path(files.reading).parent)
        hashed.append(InputFile("reading", reading.name, reading.sha256))
    series = files.series
    if series is not None and series.strip().lower() == "auto" and seeds is None and (boxes or labels):
        series = "auto:bone"
    image = read_ct(files.image, series=series, progress=progress)
    logger.info("read %s of %d x %d x %d voxels", image.source.format, *image.geometry.shape[::-1])
    if reading is not None:
        image = replace(image, findings=(*image.findings, *check_series(reading, image)))
    second = read_ct(files.second, progress=progress) if files.second else None
    hashed = [InputFile("image", image.source.name, image.source.sha256), *hashed, *region_files, *point_files]
    if labels is not None:
        hashed.append(InputFile("vertebrae", labels.name, labels.sha256))
    if second is not None:
        hashed.append(InputFile("second-image", second.source.name, second.source.sha256))
    if heart is not None:
        hashed.append(InputFile("heart", heart.name, heart.sha256))
    inputs = StudyInputs(
        image,
        seeds,
        tuple(boxes),
        labels,
        settings,
        study_id or image.source.name.split(".")[0],
        tuple(hashed),
        heart,
        tuple(points),
        second,
    )
    inputs = replace(inputs, identifiers=identifiers(image)) if named else without_names(inputs, study_id)
    if inputs.vertebrae is None:
        return inputs
    # Decided once, by all that is known here; whoever uses or stores the labels finds their names.
    vertebrae = with_names(inputs.vertebrae.on_grid_of(image.geometry), settings.bone.numbering, image)
    return replace(inputs, vertebrae=vertebrae)


def without_names(inputs: StudyInputs, study_id: str | None = None) -> StudyInputs:
    """Return a study whose files are named by their roles.

    Parameters
    ----------
    study_id : name of the study; by default the beginning of the image's hash
    """
    counted: dict[str, int] = {}
    files = []
    for file in inputs.files:
        counted[file.role] = counted.get(file.role, 0) + 1
        several = sum(other.role == file.role for other in inputs.files) > 1
        role = f"{file.role}-{counted[file.role]}" if several else file.role
        files.append(replace(file, name=neutral_name(file.name, role)))
    return replace(
        inputs,
        image=neutral_image(inputs.image),
        seeds=None if inputs.seeds is None else neutral_lists(inputs.seeds),
        regions=neutral_boxes(inputs.regions),
        vertebrae=None if inputs.vertebrae is None else replace(inputs.vertebrae, name="vertebrae"),
        heart=None if inputs.heart is None else replace(inputs.heart, name="heart"),
        points=neutral_lists(inputs.points, "vertebra points"),
        second=None if inputs.second is None else neutral_image(inputs.second),
        study_id=study_id or neutral_study_id(inputs.image),
        files=tuple(files),
    )


def _refuse_kind(markups: Sequence[Any], wanted: type, found: str, option: str) -> None:
    for markup in markups:
        if not isinstance(markup, wanted):
            raise refusal("markups-role", name=markup.name, found=found, option=option)
