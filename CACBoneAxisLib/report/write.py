"""Write a result's tables, segmentations and page into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.blocks import Page
from CACBoneAxisLib.report.bonefigures import bone_figures
from CACBoneAxisLib.report.figures import lesion_figures, vertebra_figures
from CACBoneAxisLib.report.html import write_page
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.resultpage import result_page
from CACBoneAxisLib.report.segmentation import bone_segments, calcium_segments, write_segmentation
from CACBoneAxisLib.report.tables import LESION_COLUMNS, VERTEBRA_COLUMNS, lesion_rows, vertebra_rows, write_csv

# Picture pixels per screen pixel: 480 screen pixels across 59 mm of paper need two for 300 dpi.
SCREEN_DENSITY, PAPER_DENSITY = 1, 2
FILES = ("lesions.csv", "vertebrae.csv", "calcium.seg.nrrd", "bone.seg.nrrd", "report.html")


def write_reports(
    folder: Path,
    result: Mapping[str, Any],
    image: CTImage,
    calcium_masks: Mapping[int, Mask],
    bone_masks: Mapping[str, Mask],
) -> None:
    """Write the tables, the segmentations and the page of a result into an existing folder.

    Parameters
    ----------
    folder : where :data:`FILES` go; the caller makes the write atomic
    result : the mapping of ``result.json``
    image : the CT that was analysed
    calcium_masks : by lesion id
    bone_masks : by level
    """
    result = stored(dict(result))
    calcium, bone = result["calcium"], result["bone"]
    write_csv(folder / "lesions.csv", LESION_COLUMNS, lesion_rows(result))
    write_csv(folder / "vertebrae.csv", VERTEBRA_COLUMNS, vertebra_rows(result))
    write_segmentation(folder / "calcium.seg.nrrd", calcium_segments(calcium, calcium_masks), image.geometry)
    write_segmentation(folder / "bone.seg.nrrd", bone_segments(bone, bone_masks), image.geometry)
    write_page(folder / "report.html", report_page(result, image, calcium_masks, bone_masks))


def report_page(
    result: Mapping[str, Any],
    image: CTImage,
    calcium_masks: Mapping[int, Mask],
    bone_masks: Mapping[str, Mask],
    density: int = SCREEN_DENSITY,
) -> Page:
    """Return the page of a result with its pictures, at a multiple of the screen's resolution."""
    with raster.density(density):
        return result_page(
            result,
            lesion_figures(result["calcium"], image, calcium_masks),
            vertebra_figures(result["bone"], image, bone_masks),
            bone_figures(result, image, bone_masks),
        )
