"""Voxels of lesions at another threshold than the one they were grown at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.calcium.partition import structure_of
from CACBoneAxisLib.imaging.cache import NO_CACHE, Cache
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask, near_each_other

# At a lower threshold the blurred rim of a lesion widens by at most this; beyond lies something else.
RIM_MM = 3.0


def at_threshold(
    image: CTImage,
    masks: Mapping[int, Mask],
    grown_at_hu: float,
    threshold_hu: float,
    connectivity: int,
    cache: Cache = NO_CACHE,
) -> dict[int, Mask]:
    """Return the lesions at another threshold, by the same keys, without those that have no voxel there.

    At a higher threshold a lesion keeps the voxels that reach it. At a lower one it gains the
    connected voxels within ``RIM_MM`` that reach that threshold; a voxel near two lesions goes to the
    nearer one, at equal distance to the one that begins first in the scan, whatever the order of the seeds.

    Parameters
    ----------
    image : CT in axial order
    masks : voxels of the lesions at ``grown_at_hu``
    grown_at_hu, threshold_hu : HU, inclusive
    connectivity : 6, 18 or 26
    cache : holds earlier results for the same lesions
    """
    keys = sorted((key for key, mask in masks.items() if mask.count), key=lambda key: tuple(masks[key].indices()[0]))
    if threshold_hu >= grown_at_hu:
        kept = {
            key: cache.get(("above", masks[key].key, threshold_hu), partial(_above, image, masks[key], threshold_hu))
            for key in keys
        }
        return {key: mask for key, mask in kept.items() if mask is not None}
    found: dict[int, Mask] = {}
    # Distant lesions do not change a rim, so only groups of near ones are cached together.
    for group in near_each_other([masks[key] for key in keys], _margin(image)):
        members = [masks[keys[number]] for number in group]
        key = ("rim", tuple(mask.key for mask in members), threshold_hu, connectivity)
        with_rims = cache.get(key, partial(_with_rims, image, members, threshold_hu, connectivity))
        found |= {keys[number]: mask for number, mask in zip(group, with_rims, strict=True)}
    return dict(sorted(found.items()))


def candidate_mask(mask: Mask, low: Sequence[int] | NDArray[np.integer], shape: Sequence[int]) -> NDArray[np.bool_]:
    """Return a mask as a boolean block of this shape that begins at ``low`` (z, y, x) of the image."""
    block = np.zeros(tuple(shape), dtype=bool)
    block[tuple((mask.indices() - np.asarray(low)).T)] = True
    return block


def _above(image: CTImage, mask: Mask, threshold_hu: float) -> Mask | None:
    """Return the voxels of a lesion that reach a higher threshold, None without any."""
    kept = Mask(mask.offset, mask.voxels & (image.hu[mask.slices] >= threshold_hu))
    return Mask.from_indices(kept.indices()) if kept.count else None


def _with_rims(image: CTImage, masks: Sequence[Mask], threshold_hu: float, connectivity: int) -> list[Mask]:
    """Return lesions near each other with their rims at a lower threshold."""
    claims = [_with_rim(image, mask, threshold_hu, connectivity) for mask in masks]
    voxels = np.concatenate([zyx for zyx, _ in claims])
    distances = np.concatenate([distance for _, distance in claims])
    owners = np.concatenate([np.full(len(zyx), number) for number, (zyx, _) in enumerate(claims)])
    order = np.lexsort((owners, distances, *voxels.T))
    voxels, owners = voxels[order], owners[order]
    first = np.append(True, np.any(voxels[1:] != voxels[:-1], axis=1))
    voxels, owners = voxels[first], owners[first]
    return [Mask.from_indices(voxels[owners == number]) for number in range(len(masks))]


def _margin(image: CTImage) -> NDArray[np.integer]:
    """Return the largest width of a rim in voxels (z, y, x)."""
    return np.asarray(np.ceil(RIM_MM / np.asarray(image.geometry.spacing_mm[::-1])).astype(int))


def _with_rim(
    image: CTImage, mask: Mask, threshold_hu: float, connectivity: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the voxels of a lesion and its rim, shape (n, 3), and their distances from the lesion, mm."""
    spacing = np.asarray(image.geometry.spacing_mm[::-1])
    margin = _margin(image)
    low = np.maximum(np.asarray(mask.offset) - margin, 0)
    high = np.minimum(np.asarray(mask.offset) + mask.voxels.shape + margin, image.geometry.shape)
    own = candidate_mask(mask, low, high - low)
    # Rounded to 1 nm, so that equal distances tie in every storage order of the same scan.
    distance = ndimage.distance_transform_edt(~own, sampling=spacing).round(6)
    block = image.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] >= threshold_hu
    labels, _ = ndimage.label(own | (block & (distance <= RIM_MM)), structure_of(connectivity))
    here = np.isin(labels, np.unique(labels[own]))
    return np.argwhere(here) + low, distance[here]
