"""Show a result's lesions and regions as a segmentation or a label volume."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.geometry import RAS_LPS, ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.mrml.volumes import ijk_to_ras
from CACBoneAxisLib.report.segmentation import UNDECIDED, Segment, bone_segments, calcium_segments
from CACBoneAxisLib.report.wording import territory_table
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.scancheck import ScanCheck

# Marks our segments, so that a reader's own segments in the same node stay.
OWN_TAG = "CACBoneAxis"
CONTENT_TAG = "CACBoneAxis.Content"

FILL_OPACITY = 0.35
OUTLINE_OPACITY = 1.0


def result_segments(result: StudyResult, mapping: Mapping[str, Any] | None = None) -> list[Segment]:
    """Return a result's segments as in the segmentation files.

    Calcium by territory, bone by level.

    ``mapping`` is the result's ``to_dict()``, if available.
    """
    mapping = mapping or result.to_dict()
    return [
        *calcium_segments(mapping["calcium"], result.calcium_masks),
        *bone_segments(mapping["bone"], result.bone_masks),
    ]


def show_segments(
    segments: Iterable[Segment],
    result: StudyResult | ScanCheck,
    volume: Any,
    segmentation: Any,
    *,
    only_changed: bool = False,
) -> None:
    """Show these segments in a segmentation node, replacing our older ones.

    Only the bounding block of each segment is written, so the time depends on the lesions, not the
    volume.

    Parameters
    ----------
    segments : segments from :func:`result_segments`
    result : provides the grid of the masks
    volume : the analysed vtkMRMLScalarVolumeNode
    segmentation : vtkMRMLSegmentationNode
    only_changed : leave those alone that were written with the same voxels
    """
    content = segmentation.GetSegmentation()
    segments = list(segments)
    if segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole()) is not volume:
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    wanted = {segment.id for segment in segments}
    for segment_id in [content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())]:
        if segment_id not in wanted and _is_own(content.GetSegment(segment_id)):
            content.RemoveSegment(segment_id)
    to_ijk = _image_to_ijk(result, volume)
    for segment in segments:
        _show_one(segment, to_ijk, volume, segmentation, only_changed)
    if segmentation.GetDisplayNode() is None:
        segmentation.CreateDefaultDisplayNodes()
        segmentation.GetDisplayNode().SetOpacity2DFill(FILL_OPACITY)
        segmentation.GetDisplayNode().SetOpacity2DOutline(OUTLINE_OPACITY)


def overlay_state(segmentation: Any) -> tuple[tuple[str, int], ...]:
    """Return a value that changes with the voxels of a segmentation and with which segments it has."""
    content = segmentation.GetSegmentation()
    ids = [content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())]
    voxels = [content.GetSegment(one).GetRepresentation("Binary labelmap") for one in ids]
    return tuple((one, image.GetMTime() if image is not None else 0) for one, image in zip(ids, voxels, strict=True))


def _show_one(
    segment: Segment, to_ijk: NDArray[np.float64], volume: Any, segmentation: Any, only_changed: bool
) -> None:
    content = segmentation.GetSegmentation()
    item = content.GetSegment(segment.id)
    if item is None:
        item = slicer.vtkSegment()
        item.SetName(segment.name)
        item.SetColor(*(channel / 255 for channel in segment.color))
        item.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), segment.terminology)
        item.SetTag(OWN_TAG, "1")
        if not content.AddSegment(item, segment.id):
            raise RuntimeError(f"Slicer's Segmentations module is not there to hold the segment {segment.name}")
    mask = _union(segment.masks)
    # Writing a segment redraws every view, so unchanged segments are skipped.
    holds = _content(mask, to_ijk)
    if only_changed and _tag(item, CONTENT_TAG) == holds:
        return
    item.SetTag(CONTENT_TAG, holds)
    _write(segmentation, segment.id, mask, to_ijk, volume)


def _write(segmentation: Any, segment_id: str, mask: Mask, to_ijk: NDArray[np.float64], volume: Any) -> None:
    offset, block = block_in_volume(mask, to_ijk)
    picture = _oriented_image(offset, block, ijk_to_ras(volume))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    # Only replacing the segment's whole mask leaves the voxels of other segments unchanged.
    logic.SetBinaryLabelmapToSegment(picture, segmentation, segment_id, logic.MODE_REPLACE, picture.GetExtent())


def fill_label_volume(segments: Iterable[Segment], result: StudyResult, volume: Any, labels: Any) -> None:
    """Fill a label volume node with the segments on the CT's grid, with colour table.

    Values: 1-8 territories in reporting order, 9 unscored lesions, 10 scored lesions with undecided
    artery, 11-27 levels T1 to L5. The later of overlapping segments is kept.

    Parameters
    ----------
    labels : vtkMRMLLabelMapVolumeNode
    """
    values = label_values()
    shape = volume.GetImageData().GetDimensions()[::-1]
    array = np.zeros(shape, dtype=np.uint8)
    to_ijk = _image_to_ijk(result, volume)
    segments = list(segments)
    for segment in segments:
        (i, j, k), block = block_in_volume(_union(segment.masks), to_ijk)
        depth, height, width = block.shape
        array[k : k + depth, j : j + height, i : i + width][block] = values[segment.id]
    slicer.util.updateVolumeFromArray(labels, array)
    labels.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras(volume)))
    if labels.GetDisplayNode() is None:
        labels.CreateDefaultDisplayNodes()
    labels.GetDisplayNode().SetAndObserveColorNodeID(_color_table(labels, segments, values).GetID())


def label_values() -> dict[str, int]:
    """Return the label values by segment id, fixed so that studies are comparable."""
    values = {row["code"]: n for n, row in enumerate(territory_table(), start=1)}
    values |= {"not-scored": 9, UNDECIDED: 10}
    levels = [row["level"] for row in load_table("levels")["levels"]]
    return values | {level: n for n, level in enumerate(levels, start=11)}


def _color_table(labels: Any, segments: Iterable[Segment], values: dict[str, int]) -> Any:
    table = labels.GetDisplayNode().GetColorNode()
    if table is None or table.GetAttribute(OWN_TAG) is None:
        table = labels.GetScene().AddNewNodeByClass("vtkMRMLColorTableNode", f"{labels.GetName()} colors")
        table.SetTypeToUser()
        table.SetAttribute(OWN_TAG, "1")
    table.SetNumberOfColors(max(values.values()) + 1)
    table.SetColor(0, "background", 0, 0, 0, 0)
    for segment in segments:
        red, green, blue = (channel / 255 for channel in segment.color)
        table.SetColor(values[segment.id], segment.name, red, green, blue, 1)
    return table


def block_in_volume(mask: Mask, to_ijk: NDArray[np.float64]) -> tuple[tuple[int, int, int], NDArray[np.bool_]]:
    """Return a mask of the axial image as a block in the volume node's axis order.

    Parameters
    ----------
    mask : on the axial image
    to_ijk : 4 x 4 from the axial image's indices (x, y, z) to the node's (i, j, k); a permutation with signs

    Returns
    -------
    (i, j, k) of the block's first voxel, and the block (k, j, i)
    """
    source = np.abs(to_ijk[:3, :3]).argmax(axis=1)
    signs = np.sign(to_ijk[np.arange(3), source])
    first = np.asarray(mask.offset[::-1])
    last = first + mask.voxels.shape[::-1] - 1
    corners = np.stack([first, last]) @ to_ijk[:3, :3].T + to_ijk[:3, 3]
    i, j, k = np.rint(corners.min(axis=0)).astype(int)
    block = mask.voxels.transpose(2, 1, 0).transpose(source)
    block = block[tuple(slice(None, None, -1) if sign < 0 else slice(None) for sign in signs)]
    return (int(i), int(j), int(k)), block.transpose(2, 1, 0)


def _image_to_ijk(result: StudyResult | ScanCheck, volume: Any) -> NDArray[np.float64]:
    return _to_ijk(result.image.geometry, volume)


def _to_ijk(geometry: ImageGeometry, volume: Any) -> NDArray[np.float64]:
    to_lps = RAS_LPS @ ijk_to_ras(volume)
    return np.linalg.inv(to_lps) @ geometry.index_to_lps


def _union(masks: tuple[Mask, ...]) -> Mask:
    return masks[0] if len(masks) == 1 else Mask.from_indices(np.concatenate([mask.indices() for mask in masks]))


def _oriented_image(offset: tuple[int, int, int], block: NDArray[np.bool_], matrix: NDArray[np.float64]) -> Any:
    image = slicer.vtkOrientedImageData()
    extent = [end for first, size in zip(offset, block.shape[::-1], strict=True) for end in (first, first + size - 1)]
    image.SetExtent(*extent)
    image.SetGeometryFromImageToWorldMatrix(slicer.util.vtkMatrixFromArray(matrix))
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = block.ravel()
    return image


def _content(mask: Mask, to_ijk: NDArray[np.float64]) -> str:
    """Return a hash of a mask's voxels and position."""
    place = repr((mask.offset, mask.voxels.shape, to_ijk.round(6).tolist())).encode()
    return hashlib.blake2b(np.packbits(mask.voxels).tobytes(), key=hashlib.sha256(place).digest()).hexdigest()


def _is_own(segment: Any) -> bool:
    return bool(_tag(segment, OWN_TAG))


def _tag(segment: Any, name: str) -> str:
    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else ""
