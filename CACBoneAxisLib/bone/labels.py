"""Vertebrae of a labelmap: where each lies, and the trabecular core of it."""

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
    """Return, for every number in an array of labels, the smallest block (z, y, x) that holds it."""
    return {n: box for n, box in enumerate(ndimage.find_objects(labels), start=1) if box is not None}


@dataclass(frozen=True)
class TrabecularCore:
    """The core of a labelled vertebra: its voxels (None when erosion left none), and what to say about it."""

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
    """Return the voxels of a label that lie more than ``erosion_mm`` from its outside.

    The distance of a voxel is the one from its centre to the centre of the nearest
    voxel that is not of the label, in mm, with the true spacing in each direction
    (scipy's exact Euclidean distance transform). So the first layer of voxels has the
    distance of one spacing, not of half of one: at 3 mm, ``> 4 mm`` strips a layer and
    every voxel whose diagonal neighbour (4.24 mm) is all that separates it stays. At
    least one layer goes on every side, also where the spacing is wider than the erosion:
    else slices of 5 mm would keep the endplates.

    What lies beyond the border of the scan counts as outside, because it cannot be
    shown to be bone. Of several pieces that erosion leaves, such as the core of the
    body and islands in the posterior arch, the largest is the core (voxels that share
    a face belong together).

    Parameters
    ----------
    labels : int array (z, y, x)
    number : label of the vertebra
    box : the block that holds it, of ``label_boxes``
    spacing_mm : (x, y, z)
    erosion_mm : 0 keeps every voxel of the label, in all its pieces
    body : bool array of the box's shape, what of the label is the vertebral body; all of it where None
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
