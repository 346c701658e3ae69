"""Keep an incremental analysis per volume, to reuse voxel computations."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.imaging.cache import Cache
from CACBoneAxisLib.mrml.volumes import (
    ACQUISITION_ATTRIBUTE,
    INSTANCES_ATTRIBUTE,
    acquisition_of,
    ijk_to_ras,
    image_from_volume,
    keep_acquisition,
    refuse_transformed,
)
from CACBoneAxisLib.study.incremental import IncrementalAnalysis

# Each analysis caches a whole volume's candidates; two suffice for baseline and follow-up.
KEPT_ANALYSES = 2


class Analyses:
    """The cached analyses of the most recently read volumes.

    An analysis is dropped when the volume's voxels, position or known acquisition change.
    """

    def __init__(self) -> None:
        self._analyses = Cache(KEPT_ANALYSES)

    def of(self, volume: Any) -> IncrementalAnalysis:
        """Return the analysis of a volume node.

        Raises
        ------
        UnusableInputError
            One sentence, if the volume cannot be read (:func:`~CACBoneAxisLib.mrml.volumes.image_from_volume`).
        """
        if volume is not None:
            # Read from the DICOM files once, then kept with the scene.
            keep_acquisition(volume, acquisition_of(volume))
        key = "" if volume is None else str(volume.GetID())
        return self._analyses.get(key, lambda: IncrementalAnalysis(image_from_volume(volume)), volume_state(volume))

    def clear(self) -> None:
        """Drop all analyses, as when the scene closes."""
        self._analyses.clear()


def volume_state(volume: Any) -> Any:
    """Return a cache key of a volume's voxels, position and known acquisition.

    Raises
    ------
    UnusableInputError
        If the volume is under a transform.
    """
    if volume is None or volume.GetImageData() is None:
        return None
    said = (volume.GetAttribute(ACQUISITION_ATTRIBUTE), volume.GetAttribute(INSTANCES_ATTRIBUTE))
    return (volume, volume.GetImageData(), voxels_state(volume), said, volume.GetName())


def voxels_state(volume: Any) -> Any:
    """Return a value that changes with a volume's voxels or place and keeps neither in memory; raises as above."""
    refuse_transformed(volume)
    image = volume.GetImageData()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    return (image and image.GetMTime(), scalars and scalars.GetMTime(), ijk_to_ras(volume).tobytes())
