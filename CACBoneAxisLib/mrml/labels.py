"""Read vertebrae and heart from a segmentation node onto the CT's grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.calcium.heartlabels import part_of
from CACBoneAxisLib.imaging.findings import finding, refusal
from CACBoneAxisLib.imaging.labels import EXCLUDED_TAG, LabelImage, tag_text
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.mrml.volumes import refuse_transformed, volume_geometry


def labels_from_segmentation(segmentation: Any, volume: Any) -> LabelImage:
    """Return a segmentation node's vertebrae as a label image on the CT's grid.

    Other segments are skipped, so that a whole-body segmentation costs no more than its spine.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    volume : vtkMRMLScalarVolumeNode

    Raises
    ------
    UnusableInputError
        If no segment is named by a level (T1 to L5), or it is under a transform.
    """
    refuse_transformed(segmentation)
    segments = vertebra_segments(segmentation)
    if not segments:
        raise refusal("labels-none", file=segmentation.GetName())
    geometry = volume_geometry(volume)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    names, excluded = {}, {}
    for value, (segment_id, level) in enumerate(segments.items(), start=1):
        inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
        labels[inside > 0] = value
        names[value] = level
        reason = exclusion(segmentation, segment_id)
        if reason is not None:
            excluded[value] = reason
    empty = [level for value, level in names.items() if not np.any(labels == value)]
    said = (finding("segments-empty", places=", ".join(empty), count=len(names)),) if empty else ()
    view, axial = to_axial(labels, geometry)
    named_by = "the names of the segments"
    return LabelImage(view, axial, names, str(segmentation.GetName()), None, excluded, named_by, findings=said)


def vertebra_segments(segmentation: Any) -> dict[str, str]:
    """Return the levels of a segmentation node's segments by segment id.

    The name decides, then the id: TotalSegmentator names segments in words (``L1 vertebra``) or by
    class (``vertebrae_L1``), with the class as id.
    """
    content = segmentation.GetSegmentation()
    ids = [content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())]
    named = {i: parse_level(content.GetSegment(i).GetName() or "") or parse_level(i) for i in ids}
    return {i: level for i, level in named.items() if level is not None}


def heart_from_segmentation(segmentation: Any, volume: Any) -> LabelImage:
    """Return heart, chambers, aorta and bones as a label image on the CT's grid.

    Other segments are skipped. The later of two overlapping segments counts.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    volume : vtkMRMLScalarVolumeNode

    Raises
    ------
    UnusableInputError
        If no segment names a part of the heart, or it is under a transform.
    """
    refuse_transformed(segmentation)
    segments = heart_segments(segmentation)
    if all(part_of(name) in ("aorta", "bone") for name in segments.values()):
        raise refusal("heart-labels-none", file=segmentation.GetName())
    ids = vtk.vtkStringArray()
    for segment_id in segments:
        ids.InsertNextValue(segment_id)
    # One node for all segments: a whole body has a hundred, each the size of the scan.
    scene = segmentation.GetScene()
    made = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "heart of a segmentation")
    try:
        slicer.modules.segmentations.logic().ExportSegmentsToLabelmapNode(segmentation, ids, made, volume)
        labels = np.array(slicer.util.arrayFromVolume(made), dtype=np.uint16)
    finally:
        if made.GetDisplayNode() is not None:
            scene.RemoveNode(made.GetDisplayNode().GetColorNode())
        scene.RemoveNode(made)
    view, axial = to_axial(labels, volume_geometry(volume))
    return LabelImage(view, axial, dict(enumerate(segments.values(), start=1)), str(segmentation.GetName()))


def heart_segments(segmentation: Any) -> dict[str, str]:
    """Return the segments that locate or exclude the heart: names by segment id.

    The segment's name decides, then its id, as for vertebrae.
    """
    content = segmentation.GetSegmentation()
    ids = [content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())]
    named = {i: str(content.GetSegment(i).GetName() or "") for i in ids}
    said = {i: name if part_of(name) is not None else str(i) for i, name in named.items()}
    return {i: name for i, name in said.items() if part_of(name) is not None}


def segments_state(segmentation: Any) -> tuple[Any, ...]:
    """Return a cache key of segment names, voxels and the segmentation's position."""
    content = segmentation.GetSegmentation()
    said: list[Any] = [segmentation, segmentation.GetTransformNodeID()]
    transform = segmentation.GetParentTransformNode()
    said.append(0 if transform is None else transform.GetTransformToWorldMTime())
    for number in range(content.GetNumberOfSegments()):
        segment = content.GetNthSegment(number)
        voxels = segment.GetRepresentation("Binary labelmap") or content
        said.append((content.GetNthSegmentID(number), segment.GetName(), voxels.GetMTime()))
    return tuple(said)


def exclusion(segmentation: Any, segment_id: str) -> str | None:
    """Return why the reader excluded a segment, None if included."""
    value = vtk.reference("")
    there = segmentation.GetSegmentation().GetSegment(segment_id).GetTag(EXCLUDED_TAG, value)
    return (str(value) or "no reason given") if there else None


def exclude_segment(segmentation: Any, segment_id: str, reason: str | None) -> None:
    """Exclude a segment for the reader's reason; None includes it again."""
    segment = segmentation.GetSegmentation().GetSegment(segment_id)
    if reason is None:
        segment.RemoveTag(EXCLUDED_TAG)
    else:
        segment.SetTag(EXCLUDED_TAG, tag_text(reason))
