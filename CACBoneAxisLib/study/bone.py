"""Measure the bone half of a study on a scan that was checked."""

from __future__ import annotations

from collections.abc import Sequence

from CACBoneAxisLib.bone.results import BoneResult
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.study.scancheck import ScanCheck
from CACBoneAxisLib.study.settings import Settings


def measure_bone(
    check: ScanCheck,
    settings: Settings,
    regions: Sequence[VertebraRegion],
    vertebrae: LabelImage | None = None,
    tissue: Sequence[Box] = (),
    second: CTImage | None = None,
) -> BoneResult:
    """Measure every vertebra of a study; a single region gives the same digits alone.

    Parameters
    ----------
    check : of the scan
    settings : of the study
    regions : at most one for each level
    vertebrae : labelmap on the scan's grid
    tissue : regions named by tissue
    second : the scan at another energy
    """
    acquisition = check.image.acquisition
    return measure_vertebrae(
        check.image,
        regions,
        vertebrae,
        settings.bone,
        sex=acquisition.sex,
        contrast=check.contrast,
        kvp=acquisition.kvp,
        age_years=acquisition.age_years,
        ancestry=settings.patient.ethnicity,
        phantom=check.phantom,
        blood=check.blood,
        tissue_boxes=tissue,
        second=second,
    )
