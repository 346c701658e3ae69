"""All DICOM objects of a result, written into a folder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from CACBoneAxisLib.dicomout.document import encapsulated_pdf
from CACBoneAxisLib.dicomout.labelled import HEART_FILE, VERTEBRAE_FILE, described, heart_segments, vertebra_segments
from CACBoneAxisLib.dicomout.reading import Reading
from CACBoneAxisLib.dicomout.segments import Placed, Segment, result_segments, write_segments
from CACBoneAxisLib.dicomout.source import source_series
from CACBoneAxisLib.dicomout.structured import structured_report
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask

REPORT_FILE, DOCUMENT_FILE = "measurements.dcm", "report.dcm"
SEGMENTS = "CACBoneAxis lesions and regions"
# Series made here are numbered after the CT's, far from what the scanner numbers.
SERIES_STEP = 100


def write_objects(
    folder: Path,
    result: Mapping[str, Any],
    reading: Reading,
    image: CTImage,
    calcium_masks: Mapping[int, Mask],
    bone_masks: Mapping[str, Mask],
    pdf: bytes | None = None,
    vertebrae: LabelImage | None = None,
    heart: LabelImage | None = None,
) -> list[Path]:
    """Write the segmentation, the structured report and the PDF of a result as DICOM files and return their paths.

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
    version = str(result["provenance"]["version"])
    made = datetime.fromisoformat(result["provenance"]["started"])
    first = int(series.datasets[0].get("SeriesNumber") or 0) * SERIES_STEP
    segments = result_segments(result, calcium_masks, bone_masks)
    with warnings.catch_warnings():
        # Remarks on the spelling of what is copied from the CT say nothing to a reader.
        warnings.simplefilter("ignore")
        placed: dict[str, Placed] = {}
        if segments:
            placed = write_segments(segments, series, version, made, SEGMENTS, first + 1)
        objects: dict[str, Any] = {}
        datasets = list({id(one.dataset): one.dataset for one in placed.values()}.values())
        for number, dataset in enumerate(datasets, start=1):
            objects["segmentation.dcm" if len(datasets) == 1 else f"segmentation-{number}.dcm"] = dataset
        labelled: list[tuple[str, LabelImage, list[Segment], str, int]] = []
        if vertebrae is not None and vertebrae.labels.any():
            parts = vertebra_segments(vertebrae, image.geometry, reading.settings["bone"]["numbering"])
            labelled.append(("vertebrae", vertebrae, parts, VERTEBRAE_FILE, first + 4))
        if heart is not None and heart.labels.any():
            labelled.append(("heart", heart, heart_segments(heart, image.geometry), HEART_FILE, first + 5))
        for part, labels, parts, name, number in labelled:
            written = write_segments(parts, series, version, made, f"CACBoneAxis {part} as given", number)
            objects[name] = next(iter(written.values())).dataset
            kept = described(labels, str(objects[name].SOPInstanceUID))
            reading = replace(reading, vertebrae=kept) if part == "vertebrae" else replace(reading, heart=kept)
        objects[REPORT_FILE] = structured_report(result, reading, series, placed, made, first + 2)
        if pdf is not None:
            objects[DOCUMENT_FILE] = encapsulated_pdf(pdf, series, version, made, first + 3)
        for name, dataset in objects.items():
            dataset.save_as(folder / name)
    return [folder / name for name in objects]
