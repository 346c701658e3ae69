"""Resolve a click: a lesion already taken, a free candidate, or nothing that can be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.lesions import Lesion
from CACBoneAxisLib.calcium.partition import structure_of
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Growth, Seed, hu_at, nearest_candidate
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

Kind = Literal["taken", "free", "large", "bone", "below", "outside"]


@dataclass(frozen=True)
class Place:
    """What lies at a position.

    Parameters
    ----------
    kind
        ``taken``: a lesion with seeds. ``free``: candidates without a seed. ``large``: free, but
        larger than a plausible lesion. ``bone``: connected to skeleton. ``below``: no candidate near
        the position. ``outside``: not in the scan.
    hu : of the voxel at the position, None outside the scan
    voxel : candidate voxel (z, y, x), None where there is none
    lesion : index of the lesion that has it, from 0; None for a free candidate
    volume_mm3 : volume a seed here would take, None where it would take nothing
    """

    kind: Kind
    hu: float | None
    voxel: tuple[int, int, int] | None = None
    lesion: int | None = None
    volume_mm3: float | None = None


def point_at(
    image: CTImage,
    candidates: Candidates,
    lesions: Sequence[Lesion],
    position_mm: tuple[float, float, float],
    protocol: CalciumProtocol,
    *,
    growth: Growth = "lesion",
    cut_radius_mm: float | None = None,
) -> Place:
    """Return what lies where a reader clicks.

    Parameters
    ----------
    image : CT in axial order
    candidates : of the image at the protocol's threshold
    lesions : already taken, as grown
    position_mm : LPS
    protocol : gives search distance and volume limits
    growth, cut_radius_mm : of a new seed at the position
    """
    hu = hu_at(image, position_mm)
    if hu is None:
        return Place("outside", None)
    voxel = nearest_candidate(image, position_mm, protocol.threshold_hu, protocol.seed_search_mm)
    label = None if voxel is None else candidates.label_at(voxel)
    if voxel is None or label is None:
        return Place("below", hu)
    voxel_mm3 = image.geometry.voxel_volume_mm3
    for number, lesion in enumerate(lesions):
        if lesion.mask is not None and lesion.mask.holds(voxel):
            return Place("taken", hu, voxel, number, lesion.mask.count * voxel_mm3)
    if cut_radius_mm is not None:
        return Place("free", hu, voxel)
    if growth == "slice":
        volume = candidates.component(label, in_slice=voxel[0]).count * voxel_mm3
    else:
        volume = candidates.size(label) * voxel_mm3
    skeleton = _in_skeleton(image, candidates, lesions, label, protocol)
    if skeleton is not None:
        return Place("taken", hu, voxel, skeleton, volume)
    large, bone = protocol.maximum_lesion_volume_mm3, protocol.bone_volume_mm3
    return Place("bone" if volume > bone else "large" if volume > large else "free", hu, voxel, None, volume)


def _in_skeleton(
    image: CTImage, candidates: Candidates, lesions: Sequence[Lesion], label: int, protocol: CalciumProtocol
) -> int | None:
    """Return the lesion without a mask (too large to keep one) whose seed lies in a component."""
    for number, lesion in enumerate(lesions):
        if lesion.mask is not None:
            continue
        for seed in lesion.seeds:
            voxel = nearest_candidate(image, seed.position_mm, protocol.threshold_hu, protocol.seed_search_mm)
            if voxel is not None and candidates.label_at(voxel) == label:
                return number
    return None


def brightest_along(
    image: CTImage, position_mm: ArrayLike, direction: ArrayLike, length_mm: float
) -> tuple[float, float, float]:
    """Return the centre (LPS mm) of the brightest voxel on a line centred at a position.

    Parameters
    ----------
    image : CT in axial order
    position_mm, direction : LPS; the direction is a unit vector
    length_mm : of the line; the position itself is returned where the line misses the scan
    """
    step = min(image.geometry.spacing_mm) / 2
    along = np.arange(-length_mm / 2, length_mm / 2 + step / 2, step)
    points = np.asarray(position_mm, dtype=float) + along[:, None] * np.asarray(direction, dtype=float)
    zyx = np.rint(image.geometry.to_index(points)).astype(int)[:, ::-1]
    zyx = zyx[np.all((zyx >= 0) & (zyx < image.geometry.shape), axis=1)]
    if not len(zyx):
        left, posterior, superior = (float(v) for v in np.asarray(position_mm, dtype=float))
        return left, posterior, superior
    return image.geometry.voxel_center(zyx[int(np.argmax(image.hu[tuple(zyx.T)]))])


def rest_of(
    image: CTImage, whole: Mask, part: Mask, seeds: Sequence[Seed], protocol: CalciumProtocol
) -> tuple[tuple[float, float, float], ...]:
    """Return a point (LPS mm) in each remainder of a lesion that has no seed after a part is taken out.

    Parameters
    ----------
    image : CT in axial order
    whole : the lesion's voxels
    part : voxels taken out of it, possibly with others
    seeds : remaining seeds of the lesion
    protocol : gives the connectivity
    """
    left = whole.voxels.copy()
    taken = part.indices() - np.asarray(whole.offset)
    taken = taken[np.all((taken >= 0) & (taken < whole.voxels.shape), axis=1)]
    left[tuple(taken.T)] = False
    labels, count = ndimage.label(left, structure_of(protocol.growth_connectivity))
    stood_for = set()
    for seed in seeds:
        voxel = nearest_candidate(image, seed.position_mm, protocol.threshold_hu, protocol.seed_search_mm)
        if voxel is not None and whole.holds(voxel):
            stood_for.add(int(labels[tuple(np.subtract(voxel, whole.offset))]))
    hu = image.hu[whole.slices]
    places = [np.unravel_index(np.argmax(np.where(labels == n, hu, -(2**15))), hu.shape) for n in range(1, count + 1)]
    return tuple(
        image.geometry.voxel_center(np.add(place, whole.offset))
        for n, place in enumerate(places, start=1)
        if n not in stood_for
    )
