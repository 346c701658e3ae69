"""Vertebrae of a labelmap: bounding boxes and trabecular cores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.masks import Mask

Box = tuple[slice, slice, slice]

# A distance that equals the erosion does not exceed it; this much slack, relative, keeps
# rounding of the spacing's last digits from deciding (as in imaging/regions.py).
DISTANCE_SLACK = 1e-6


def label_boxes(labels: NDArray[np.integer]) -> dict[int, Box]:
    """Return the bounding box (z, y, x) of every number in an array of labels."""
    return {n: box for n, box in enumerate(ndimage.find_objects(labels), start=1) if box is not None}


@dataclass(frozen=True)
class TrabecularCore:
    """Core of a labelled vertebra: its voxels (None when erosion left none), and whether the scan cuts it."""

    mask: Mask | None
    at_border: bool


def trabecular_core(
    labels: NDArray[np.integer],
    number: int,
    box: Box,
    spacing_mm: tuple[float, float, float],
    erosion_mm: float,
    body: NDArray[np.bool_] | None = None,
) -> TrabecularCore:
    """Return the voxels of a label more than ``erosion_mm`` from its outside.

    The distance of a voxel is that of its centre from the centre of the nearest voxel outside the
    label, with true spacing (scipy's exact Euclidean distance transform). The first layer therefore has
    a distance of one spacing, not half: at 3 mm, ``> 4 mm`` strips one layer and keeps voxels separated
    only by a diagonal neighbour (4.24 mm). At least one layer is stripped on every side, even where the
    spacing exceeds the erosion, because slices of 5 mm would otherwise keep the endplates.

    Beyond the border of the scan counts as outside. Of several components left by erosion, such as the
    core of the body and islands in the posterior arch, the largest is the core (connected by faces).

    Parameters
    ----------
    labels : int array (z, y, x)
    number : label of the vertebra
    box : its bounding box from ``label_boxes``
    spacing_mm : (x, y, z)
    erosion_mm : 0 keeps every voxel of the label
    body : bool array of the box's shape, the vertebral body in the label; the whole label where None
    """
    at_border = any(s.start == 0 or s.stop == n for s, n in zip(box, labels.shape, strict=True))
    block = labels[box] == number if body is None else body
    if erosion_mm > 0:
        padded = np.pad(block, 1)
        distance = ndimage.distance_transform_edt(padded, sampling=spacing_mm[::-1])
        deep = (distance > erosion_mm * (1 + DISTANCE_SLACK)) & ndimage.binary_erosion(padded)
        block = _largest_piece(deep[1:-1, 1:-1, 1:-1])
    if not block.any():
        return TrabecularCore(None, at_border)
    offset = np.array([s.start for s in box])
    return TrabecularCore(Mask.from_indices(np.argwhere(block) + offset), at_border)


def _largest_piece(block: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = ndimage.label(block)
    if count <= 1:
        return block
    return np.asarray(pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1)
