"""Vertebrae of a segmentation or label volume node, on the CT's grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.mrml.volumes import volume_geometry


def labels_from_segmentation(segmentation: Any, volume: Any) -> LabelImage:
    """Return the vertebrae of a segmentation node as a label image on the grid of a CT volume node.

    Segments whose name is no vertebral level are left out, so that a segmentation of
    the whole body costs no more than its spine.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    volume : vtkMRMLScalarVolumeNode

    Raises
    ------
    UnusableInputError
        When no segment is named by a level (T1 to L5), or a transform is not rigid.
    """
    content = segmentation.GetSegmentation()
    ids = [content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())]
    names = {i: content.GetSegment(i).GetName() for i in ids}
    vertebrae = [i for i in ids if parse_level(names[i])]
    if not vertebrae:
        raise refusal("labels-none", file=segmentation.GetName())
    geometry = volume_geometry(volume)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    for value, segment_id in enumerate(vertebrae, start=1):
        inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
        labels[inside > 0] = value
    view, axial = to_axial(labels, geometry)
    numbered = {value: names[i] for value, i in enumerate(vertebrae, start=1)}
    return LabelImage(view, axial, numbered, str(segmentation.GetName()), None)
