"""Show candidates over the CT as a small label volume limited to the heart box.

When the threshold moves, a label volume costs a tenth of a segmentation, and the box is a tenth
of the scan. It is updated in place and not saved, because the reading reproduces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.screening import Screening
from CACBoneAxisLib.imaging.geometry import RAS_LPS, as_point
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.mrml.markups import add_box_node, box_from_node
from CACBoneAxisLib.mrml.ownnodes import add_own, find_own

LABELS = "vtkMRMLLabelMapVolumeNode"
CANDIDATES_ATTRIBUTE = "CACBoneAxis.Candidates"
CANDIDATE_VALUE = 1
# Light green, which no artery uses.
CANDIDATE_COLOR = (140, 255, 160)
LABEL_OPACITY = 0.45
# Margin around the region between the lungs, which is found on a coarse 3 mm grid.
BOX_MARGIN_MM = 5.0
# Outermost fraction of the region trimmed along each axis to remove spurs.
SPUR_PART = 0.005
HEART_NAME = "heart"
HEART_COLOR = (140, 255, 160)


@dataclass(frozen=True)
class Crop:
    """A block of the image: first voxel and shape (z, y, x)."""

    low: tuple[int, int, int]
    shape: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The block as an index into the image."""
        return tuple(slice(a, a + n) for a, n in zip(self.low, self.shape, strict=True))


def proposed_box(image: CTImage, heart: HeartRegion | None) -> Box | None:
    """Return the box around the heart region in image axes, or None.

    Parameters
    ----------
    image : CT in axial order
    heart : region from :func:`CACBoneAxisLib.calcium.heart.heart_region`
    """
    if heart is None or not heart.inside.any():
        return None
    ends = []
    for axis in range(3):
        part = heart.inside.sum(axis=tuple(a for a in range(3) if a != axis)).cumsum() / heart.inside.sum()
        step = 1 if axis == 0 else heart.step
        first, last = np.searchsorted(part, SPUR_PART), np.searchsorted(part, 1 - SPUR_PART)
        ends.append((first * step, (last + 1) * step - 1))
    spacing = np.asarray(image.geometry.spacing_mm)
    low = np.array([first for first, _ in reversed(ends)]) - BOX_MARGIN_MM / spacing
    high = np.array([last for _, last in reversed(ends)]) + BOX_MARGIN_MM / spacing
    shape = np.asarray(image.geometry.shape[::-1])
    low, high = np.maximum(low, -0.5), np.minimum(high, shape - 0.5)
    center = np.asarray(image.geometry.to_lps((low + high) / 2)).round(1)
    size = ((high - low) * spacing).round(1)
    rows = image.geometry.direction
    return Box(HEART_NAME, as_point(center), as_point(size), rows)


def box_region(box: Box) -> Region:
    """Return the region a box fills."""
    return Region(box.center_mm, box.size_mm, box.axes, "box")


def crop_of(image: CTImage, box: Region | None) -> Crop:
    """Return the image block around a box.

    The whole image without a box; empty if the box lies outside.
    """
    shape = np.asarray(image.geometry.shape)
    if box is None:
        return Crop((0, 0, 0), image.geometry.shape)
    signs = np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, -1).T * np.asarray(box.size_mm)
    corners = image.geometry.to_index(np.asarray(box.center_mm) + signs @ np.asarray(box.axes).T)[:, ::-1]
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, low, shape)
    return Crop(_ints(low), _ints(high - low))


def candidate_labels(screening: Screening, crop: Crop, taken: Iterable[Mask] = ()) -> NDArray[np.uint8]:
    """Return candidates not yet in a lesion as labels of an image block.

    Parameters
    ----------
    screening : candidates of the image
    crop : the block
    taken : voxels of the lesions
    """
    candidates = screening.candidates
    _, rows, columns = candidates.shape
    own = np.flatnonzero(screening.codes[candidates.labels] == 0)
    line, x = np.divmod(candidates.starts[own].astype(np.int64), columns + 2)
    z, y = np.divmod(line, rows + 2)
    z, y, x = z - crop.low[0], y - 1 - crop.low[1], x - 1 - crop.low[2]
    stops = x + (candidates.stops - candidates.starts)[own]
    labels = np.zeros(crop.shape, dtype=np.uint8)
    here = (z >= 0) & (z < crop.shape[0]) & (y >= 0) & (y < crop.shape[1]) & (stops > 0) & (x < crop.shape[2])
    for where in zip(z[here], y[here], np.maximum(x[here], 0), stops[here], strict=True):
        labels[where[0], where[1], where[2] : where[3]] = CANDIDATE_VALUE
    for mask in taken:
        _clear(labels, crop, mask)
    return labels


def above(image: CTImage, threshold_hu: float, crop: Crop) -> NDArray[np.uint8]:
    """Return a block's voxels above a threshold, bone included, as a live preview."""
    return np.asarray(image.hu[crop.slices] >= threshold_hu, dtype=np.uint8) * np.uint8(CANDIDATE_VALUE)


def show_labels(scene: Any, image: CTImage, crop: Crop, labels: NDArray[np.uint8]) -> Any:
    """Show labels of a block in the scene's candidate label volume; return it.

    Parameters
    ----------
    scene : has one label volume, for whichever volume is shown
    image : CT in axial order, in world coordinates
    crop, labels : the block and its values
    """
    node = find_label_node(scene) or _add_label_node(scene)
    to_lps = image.geometry.index_to_lps.copy()
    to_lps[:3, 3] = image.geometry.to_lps(np.asarray(crop.low)[::-1])
    to_ras = RAS_LPS @ to_lps
    there = node.GetImageData()
    with slicer.util.NodeModify(node):
        if there is None or there.GetDimensions()[::-1] != crop.shape:
            slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(labels))
        else:
            slicer.util.arrayFromVolume(node)[:] = labels
            slicer.util.arrayFromVolumeModified(node)
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(to_ras))
    return node


def heart_of(parameters: Any) -> Region | None:
    """Return the box that limits a reading's candidates, or None.

    Raises
    ------
    UnusableInputError
        If the box has no size, or is under a non-rigid transform.
    """
    node = parameters.heart
    if not parameters.limitToHeart or node is None or node.GetScene() is None:
        return None
    return box_region(box_from_node(node))


def add_heart_node(parameters: Any, box: Box) -> Any:
    """Add the heart box with slice-view handles to the scene; return its ROI node."""
    node = add_box_node(box, parameters.volume.GetScene(), HEART_COLOR)
    node.SetName(f"{parameters.volume.GetName()} {HEART_NAME}")
    display = node.GetDisplayNode()
    display.SetFillVisibility(False)
    display.SetHandlesInteractive(True)
    # Handles in the middle would cover the heart and intercept its clicks.
    display.SetTranslationHandleVisibility(False)
    display.SetRotationHandleVisibility(False)
    display.SetScaleHandleVisibility(True)
    display.SetPointLabelsVisibility(False)
    display.SetPropertiesLabelVisibility(False)
    parameters.heart = node
    return node


def show_layer(node: Any, scene: Any) -> None:
    """Show a label volume in every slice view without another one."""
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", scene):
        if not composite.GetLabelVolumeID():
            composite.SetLabelVolumeID(node.GetID())
            composite.SetLabelOpacity(LABEL_OPACITY)


def hide_layer(node: Any, scene: Any) -> None:
    """Hide a label volume in all slice views; a reader's own label volume stays."""
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", scene):
        if composite.GetLabelVolumeID() == node.GetID():
            composite.SetLabelVolumeID(None)


def hidden_by(node: Any, scene: Any) -> Any:
    """Return the label volume that a slice view shows in place of this one; None where none does."""
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", scene):
        shown = scene.GetNodeByID(composite.GetLabelVolumeID() or "")
        if shown is not None and shown is not node:
            return shown
    return None


def find_label_node(scene: Any) -> Any:
    """Return the scene's candidate label volume, or None."""
    return find_own(scene, LABELS, CANDIDATES_ATTRIBUTE)


def _add_label_node(scene: Any) -> Any:
    node = add_own(scene, LABELS, "Candidates", CANDIDATES_ATTRIBUTE)
    colors = add_own(scene, "vtkMRMLColorTableNode", "Candidates")
    colors.SetTypeToUser()
    colors.SetNumberOfColors(CANDIDATE_VALUE + 1)
    colors.SetColor(0, "background", 0, 0, 0, 0)
    colors.SetColor(CANDIDATE_VALUE, "candidate", *(channel / 255 for channel in CANDIDATE_COLOR), 1)
    node.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    return node


def _clear(labels: NDArray[np.uint8], crop: Crop, mask: Mask) -> None:
    zyx = mask.indices() - np.asarray(crop.low)
    zyx = zyx[np.all((zyx >= 0) & (zyx < crop.shape), axis=1)]
    labels[tuple(zyx.T)] = 0


def _ints(values: NDArray[np.integer]) -> tuple[int, int, int]:
    return int(values[0]), int(values[1]), int(values[2])
