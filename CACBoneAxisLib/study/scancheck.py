"""The check of a scan before it is read: acquisition, blood in the aorta, phantom, suitability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CACBoneAxisLib.bone.phantomscan import PhantomScan
from CACBoneAxisLib.bone.tissues import tissue_name
from CACBoneAxisLib.calcium.masscalibration import is_calibration_region
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.contrast import is_enhanced
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.suitability import Suitability

# A region of this name marks blood in the aorta.
AORTA_NAME = "aorta"


@dataclass(frozen=True)
class StudyRegions:
    """A study's regions by their role."""

    vertebrae: tuple[Box, ...]
    mass: tuple[Box, ...]
    blood: tuple[Box, ...]
    tissue: tuple[Box, ...]


@dataclass(frozen=True, eq=False)
class ScanCheck:
    """What is known of a scan before it is read.

    Parameters
    ----------
    image : the CT, its acquisition completed and overruled by the user
    suitability : for calcium and for bone; disagreements between file and user are among its findings
    blood : in the aorta, None where it was not found
    phantom : the calibration phantom in the scan, None where the settings name none
    """

    image: CTImage
    suitability: Suitability
    blood: BloodPool | None
    phantom: PhantomScan | None

    @property
    def contrast(self) -> bool | None:
        """Whether the scan is contrast-enhanced, None where nothing is known."""
        return is_enhanced(self.image.acquisition.contrast, None if self.blood is None else self.blood.hu)


def split_by_role(regions: Sequence[Box]) -> StudyRegions:
    """Split regions by the role that their names give them; unnamed ones are vertebrae."""
    mass = tuple(box for box in regions if is_calibration_region(box))
    blood = tuple(box for box in regions if box.name.strip().lower() == AORTA_NAME)
    tissue = tuple(box for box in regions if tissue_name(box) is not None)
    named = (*mass, *blood, *tissue)
    return StudyRegions(tuple(box for box in regions if box not in named), mass, blood, tissue)
