"""Write all DICOM objects of a result into a folder."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from CACBoneAxisLib.dicomout.codes import dated
from CACBoneAxisLib.dicomout.document import encapsulated_pdf
from CACBoneAxisLib.dicomout.labelmaps import LABEL_FILES, described, heart_segments, vertebra_segments
from CACBoneAxisLib.dicomout.segments import Placed, result_segments, write_segments
from CACBoneAxisLib.dicomout.source import SourceSeries, source_series
from CACBoneAxisLib.dicomout.storedreading import StoredReading, bound_to
from CACBoneAxisLib.dicomout.structured import structured_report
from CACBoneAxisLib.imaging.dicom.elements import number as number_of
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask

REPORT_FILE, DOCUMENT_FILE = "measurements.dcm", "report.dcm"
SEGMENTS = "CACBoneAxis lesions and regions"
# Series made here are numbered after the CT's, far from what the scanner numbers.
SERIES_STEP, LARGEST_NUMBER = 100, 2**31 - 100


def write_objects(
    folder: Path,
    result: Mapping[str, Any],
    reading: StoredReading,
    image: CTImage,
    calcium_masks: Mapping[int, Mask],
    bone_masks: Mapping[str, Mask],
    pdf: bytes | None = None,
    vertebrae: LabelImage | None = None,
    heart: LabelImage | None = None,
) -> list[Path]:
    """Write a result's segmentation, structured report and PDF as DICOM files; return their paths.

    Parameters
    ----------
    folder : an existing folder
    result : the mapping of ``result.json``
    reading : what it was made of
    image : the CT, as it was read from DICOM files
    calcium_masks, bone_masks : by lesion id and by level
    pdf : the report on paper; None for none
    vertebrae, heart : the labels that the reading rests on, None where there were none

    Raises
    ------
    UnusableInputError
        ``dicom-source``, ``dicom-header``, ``extra-missing``.
    """
    series = source_series(image)
    made = datetime.fromisoformat(result["provenance"]["started"])
    masks = calcium_masks, bone_masks
    with warnings.catch_warnings():
        # Remarks on the spelling of what is copied from the CT say nothing to a reader.
        warnings.simplefilter("ignore")
        try:
            objects = _objects(
                series, made, result, reading, image, masks, pdf, {"vertebrae": vertebrae, "heart": heart}
            )
            for name, dataset in objects.items():
                dated(dataset, made).save_as(folder / name)
        except (UnusableInputError, OSError):
            raise
        except Exception as error:  # pydicom raises whatever a damaged element leads to
            raise refusal("dicom-header", problem=_element(str(error))) from error
    return [folder / name for name in objects]


def _objects(
    series: SourceSeries,
    made: datetime,
    result: Mapping[str, Any],
    reading: StoredReading,
    image: CTImage,
    masks: tuple[Mapping[int, Mask], Mapping[str, Mask]],
    pdf: bytes | None,
    given: Mapping[str, LabelImage | None],
) -> dict[str, Any]:
    reading = bound_to(reading, image)
    version = str(result["provenance"]["version"])
    number_there = number_of(series.datasets[0], "SeriesNumber") or 0.0
    first = int(number_there) * SERIES_STEP if 0 < number_there < LARGEST_NUMBER / SERIES_STEP else 0
    segments = result_segments(result, *masks)
    placed: dict[str, Placed] = {}
    if segments:
        placed = write_segments(segments, series, version, made, SEGMENTS, first + 1)
    objects: dict[str, Any] = {}
    datasets = list({id(one.dataset): one.dataset for one in placed.values()}.values())
    for number, dataset in enumerate(datasets, start=1):
        objects["segmentation.dcm" if len(datasets) == 1 else f"segmentation-{number}.dcm"] = dataset
    for number, (part, labels) in enumerate(given.items(), start=4):
        if labels is None or not labels.labels.any():
            continue
        if part == "vertebrae":
            parts = vertebra_segments(labels, image.geometry, reading.settings["bone"]["numbering"])
        else:
            parts = heart_segments(labels, image.geometry)
        written = write_segments(parts, series, version, made, f"CACBoneAxis {part} as given", first + number)
        dataset = next(iter(written.values())).dataset
        objects[LABEL_FILES[part]] = dataset
        kept = described(labels, str(dataset.SOPInstanceUID))
        reading = replace(reading, vertebrae=kept) if part == "vertebrae" else replace(reading, heart=kept)
    objects[REPORT_FILE] = structured_report(result, reading, series, placed, made, first + 2)
    if pdf is not None:
        objects[DOCUMENT_FILE] = encapsulated_pdf(pdf, series, version, made, first + 3)
    return objects


def _element(message: str) -> str:
    """Return the element that an error names, without its value, which may identify the patient."""
    from pydicom.datadict import tag_for_keyword

    tag = re.search(r"\([0-9A-Fa-f]{4}, ?[0-9A-Fa-f]{4}\)", message)
    if tag:
        return tag[0]
    names = [word for word in re.findall(r"[A-Z][A-Za-z]+", message) if tag_for_keyword(word) is not None]
    return names[0] if names else "an element that cannot be copied"
