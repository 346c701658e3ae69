"""Vertebrae of a labelmap: which number is which level, and the trabecular core of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask

Box = tuple[slice, slice, slice]

# A distance that equals the erosion does not exceed it; this much slack, relative, keeps
# rounding of the spacing's last digits from deciding (as in imaging/regions.py).
DISTANCE_SLACK = 1e-6
# VerSe numbers its vertebrae 1 to 28; TotalSegmentator's start at 27 (L5), beside many other organs.
VERSE_LARGEST = 28
VERSE_NUMBERS = range(8, 26)
SCHEMES = {"verse": "VerSe", "totalsegmentator": "TotalSegmentator"}


def label_boxes(labels: NDArray[np.integer]) -> dict[int, Box]:
    """Return, for every number in an array of labels, the smallest block (z, y, x) that holds it."""
    return {n: box for n, box in enumerate(ndimage.find_objects(labels), start=1) if box is not None}


def level_numbers(
    labels: LabelImage, present: Iterable[int], numbering: str | Mapping[int, str] = "auto"
) -> tuple[dict[str, int], tuple[Finding, ...]]:
    """Return which label number is which level, and how that was decided.

    A numbering that was stated (``totalsegmentator``, ``verse`` or a mapping) stands.
    With ``auto`` the segments' names decide where the file has any; otherwise the
    numbers are VerSe's when none is above 28 and one is from 8 to 25, else
    TotalSegmentator's, and a finding says which was taken. The two overlap only at
    27 and 28, L5 and L4 of TotalSegmentator, sacral and coccygeal numbers of VerSe.

    Parameters
    ----------
    labels : LabelImage
    present : the numbers that occur in it
    numbering : as in ``BoneProtocol``

    Returns
    -------
    number by level, from T1 to L5 : only levels whose number occurs
    findings

    Raises
    ------
    UnusableInputError
        When the file holds no label of a known level, or two labels of the same level.
    """
    present = list(present)
    findings: tuple[Finding, ...] = ()
    if not isinstance(numbering, str):
        table = dict(numbering)
    elif numbering == "auto" and labels.names:
        named = {number: parse_level(name) for number, name in labels.names.items()}
        table = {number: level for number, level in named.items() if level is not None}
    else:
        if numbering == "auto":
            numbering = _guess(present)
            findings = (finding("numbering-assumed", file=labels.name, numbering=SCHEMES[numbering]),)
        table = {level.verse if numbering == "verse" else level.totalsegmentator: c for c, level in levels().items()}
    found: dict[str, int] = {}
    for code in levels():
        numbers = [n for n in present if table.get(n) == code]
        if len(numbers) > 1:
            raise refusal("region-duplicate", level=code)
        if numbers:
            found[code] = numbers[0]
    if not found:
        raise refusal("labels-none", file=labels.name)
    return found, findings


def _guess(present: list[int]) -> str:
    if present and max(present) <= VERSE_LARGEST and any(n in VERSE_NUMBERS for n in present):
        return "verse"
    return "totalsegmentator"


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
