"""What is known of a scan before anything is read in it, and the bone that is measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CACBoneAxisLib.bone.phantomscan import PhantomScan
from CACBoneAxisLib.bone.results import BoneResult
from CACBoneAxisLib.bone.tissues import tissue_name
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.calcium.masscalibration import is_calibration_region
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.contrast import is_enhanced
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.suitability import Suitability
from CACBoneAxisLib.study.settings import Settings

# A region of this name is where the reader saw blood in the aorta.
AORTA_NAME = "aorta"


@dataclass(frozen=True)
class StudyRegions:
    """A study's regions by what they are for."""

    vertebrae: tuple[Box, ...]
    mass: tuple[Box, ...]
    blood: tuple[Box, ...]
    tissue: tuple[Box, ...]


@dataclass(frozen=True, eq=False)
class ScanCheck:
    """What is known of a scan before anything is read in it.

    Parameters
    ----------
    image : the CT with its acquisition as file and user together say
    suitability : for calcium and for bone, with disagreements of file and user among the findings
    blood : in the aorta, None where it was not found
    phantom : what the calibration phantom in the scan says, None where the settings name none
    """

    image: CTImage
    suitability: Suitability
    blood: BloodPool | None
    phantom: PhantomScan | None

    @property
    def contrast(self) -> bool | None:
        """Whether the scan is contrast-enhanced, None where nothing is known."""
        return is_enhanced(self.image.acquisition.contrast, None if self.blood is None else self.blood.hu)


def split_by_role(boxes: Sequence[Box]) -> StudyRegions:
    """Return regions by what their names say that they are for; vertebrae are the rest."""
    mass = tuple(box for box in boxes if is_calibration_region(box))
    blood = tuple(box for box in boxes if box.name.strip().lower() == AORTA_NAME)
    tissue = tuple(box for box in boxes if tissue_name(box) is not None)
    named = (*mass, *blood, *tissue)
    return StudyRegions(tuple(box for box in boxes if box not in named), mass, blood, tissue)


def measure_bone(
    check: ScanCheck,
    settings: Settings,
    regions: Sequence[VertebraRegion],
    vertebrae: LabelImage | None = None,
    tissue: Sequence[Box] = (),
    second: CTImage | None = None,
) -> BoneResult:
    """Return the bone half of a study; with one region, what that region measures.

    Parameters
    ----------
    check : of the scan
    settings : of the study
    regions : one a level
    vertebrae : labelmap on the scan's grid, or None
    tissue : regions named by tissue
    second : the scan at another energy, or None
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
