"""Measure one region at once, for the numbers and the histogram that follow its handles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.calibration import FURTHER_KINDS, Calibration
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.study.bone import measure_bone
from CACBoneAxisLib.study.scancheck import ScanCheck
from CACBoneAxisLib.study.settings import Settings


@dataclass(frozen=True, eq=False)
class Readout:
    """A vertebra as the result will have it, and the HU of its voxels, shape (n,)."""

    vertebra: Mapping[str, Any]
    hu: NDArray[Any]

    @property
    def level(self) -> str:
        """The vertebra's level."""
        return str(self.vertebra["level"])


def read_region(check: ScanCheck, settings: Settings, node: Any) -> Readout:
    """Return what an ROI node measures now, by the code that measures every vertebra.

    Parameters
    ----------
    check : of the scan
    settings : of the study
    node : vtkMRMLMarkupsROINode named by level

    Raises
    ------
    UnusableInputError
        One sentence, when the node names no level, has no size or stands under a transform that bends.
    """
    if settings.bone.calibration.kind in FURTHER_KINDS:
        # They look at the whole scan, which a region that is being moved does not wait for.
        settings = replace(settings, bone=replace(settings.bone, calibration=Calibration()))
    bone = measure_bone(check, settings, [VertebraRegion.from_box(box_from_node(node))])
    (vertebra,) = bone.vertebrae
    mask = bone.masks.get(vertebra.level)
    hu = mask.values(check.image.hu) if mask is not None else np.empty(0)
    return Readout(vertebra.to_mapping(), hu)
