"""Measure one region live, for numbers and histogram while it is dragged."""

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
    """A vertebra's result entry and the HU of its voxels, shape (n,)."""

    vertebra: Mapping[str, Any]
    hu: NDArray[Any]

    @property
    def level(self) -> str:
        """The vertebra's level."""
        return str(self.vertebra["level"])


def read_region(check: ScanCheck, settings: Settings, node: Any) -> Readout:
    """Return the measurement of an ROI node, by the code used for results.

    Parameters
    ----------
    check : check of the scan
    settings : settings of the study
    node : vtkMRMLMarkupsROINode named by level

    Raises
    ------
    UnusableInputError
        One sentence, if the node names no level, has no size or is under a nonlinear transform.
    """
    if settings.bone.calibration.kind in FURTHER_KINDS:
        # These scan the whole volume, too slow while a region is dragged.
        settings = replace(settings, bone=replace(settings.bone, calibration=Calibration()))
    bone = measure_bone(check, settings, [VertebraRegion.from_box(box_from_node(node))])
    (vertebra,) = bone.vertebrae
    mask = bone.masks.get(vertebra.level)
    hu = mask.values(check.image.hu) if mask is not None else np.empty(0)
    return Readout(vertebra.to_mapping(), hu)
