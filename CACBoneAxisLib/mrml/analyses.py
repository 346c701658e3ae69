"""The incremental analysis of each volume in the scene, so that what rests on its voxels is computed once."""

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

# An analysis keeps candidates of the whole volume; a follow-up and its baseline are two.
KEPT_ANALYSES = 2


class Analyses:
    """The analyses of the volumes that were read last.

    An analysis is dropped when the volume's voxels, its place, or what is known of its
    acquisition change: the next one starts anew.
    """

    def __init__(self) -> None:
        self._analyses = Cache(KEPT_ANALYSES)

    def of(self, volume: Any) -> IncrementalAnalysis:
        """Return the analysis of a volume node.

        Raises
        ------
        UnusableInputError
            One sentence, when the volume cannot be read (:func:`~CACBoneAxisLib.mrml.volumes.image_from_volume`).
        """
        if volume is not None:
            # Read from the DICOM files once; the scene knows it from then on.
            keep_acquisition(volume, acquisition_of(volume))
        key = "" if volume is None else str(volume.GetID())
        return self._analyses.get(key, lambda: IncrementalAnalysis(image_from_volume(volume)), volume_state(volume))

    def clear(self) -> None:
        """Drop every analysis, as when the scene is closed."""
        self._analyses.clear()


def volume_state(volume: Any) -> Any:
    """Return a value that changes with a volume's voxels, place or known acquisition.

    Raises
    ------
    UnusableInputError
        When the volume stands under a transform.
    """
    if volume is None or volume.GetImageData() is None:
        return None
    image = volume.GetImageData()
    scalars = image.GetPointData().GetScalars()
    refuse_transformed(volume)
    place = ijk_to_ras(volume).tobytes()
    said = (volume.GetAttribute(ACQUISITION_ATTRIBUTE), volume.GetAttribute(INSTANCES_ATTRIBUTE))
    return (volume, image, image.GetMTime(), scalars.GetMTime() if scalars else 0, place, said, volume.GetName())
