"""Which voxels a lesion has at another threshold than the one that it was grown at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.calcium.pieces import structure_of
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# At a lower threshold a lesion's rim is wider by a part of its blur; farther away lies something else.
RIM_MM = 3.0


def at_threshold(
    image: CTImage, masks: Mapping[int, Mask], grown_at_hu: float, threshold_hu: float, connectivity: int
) -> dict[int, Mask]:
    """Return the lesions at another threshold, by the same keys; those that have no voxel there are left out.

    At a higher threshold a lesion keeps those of its voxels that reach it. At a lower one
    it also has the voxels within ``RIM_MM`` of it that reach that threshold and are
    connected to it; a voxel near two lesions is the nearer one's, among equals that of
    the smaller key.

    Parameters
    ----------
    image : CT in axial order
    masks : the lesions' voxels at ``grown_at_hu``
    grown_at_hu, threshold_hu : HU, inclusive
    connectivity : 6, 18 or 26
    """
    if threshold_hu >= grown_at_hu:
        kept = {key: Mask(m.offset, m.voxels & (image.hu[m.slices] >= threshold_hu)) for key, m in masks.items()}
        return {key: Mask.from_indices(m.indices()) for key, m in kept.items() if m.count}
    keys = sorted(key for key, mask in masks.items() if mask.count)
    claims = [_with_rim(image, masks[key], threshold_hu, connectivity) for key in keys]
    if not claims:
        return {}
    voxels = np.concatenate([zyx for zyx, _ in claims])
    distances = np.concatenate([distance for _, distance in claims])
    owners = np.concatenate([np.full(len(zyx), number) for number, (zyx, _) in enumerate(claims)])
    order = np.lexsort((owners, distances, *voxels.T))
    voxels, owners = voxels[order], owners[order]
    first = np.append(True, np.any(voxels[1:] != voxels[:-1], axis=1))
    voxels, owners = voxels[first], owners[first]
    return {key: Mask.from_indices(voxels[owners == number]) for number, key in enumerate(keys)}


def candidate_mask(mask: Mask, low: Sequence[int] | NDArray[np.integer], shape: Sequence[int]) -> NDArray[np.bool_]:
    """Return a mask as a boolean block of the image that begins at ``low`` (z, y, x) and has this shape."""
    block = np.zeros(tuple(shape), dtype=bool)
    block[tuple((mask.indices() - np.asarray(low)).T)] = True
    return block


def _with_rim(
    image: CTImage, mask: Mask, threshold_hu: float, connectivity: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the voxels of a lesion and its rim, shape (n, 3), and their distances from the lesion, mm."""
    spacing = np.asarray(image.geometry.spacing_mm[::-1])
    margin = np.ceil(RIM_MM / spacing).astype(int)
    low = np.maximum(np.asarray(mask.offset) - margin, 0)
    high = np.minimum(np.asarray(mask.offset) + mask.voxels.shape + margin, image.geometry.shape)
    own = candidate_mask(mask, low, high - low)
    # Rounded to 1 nm, so that equal distances tie in every storage order of the same scan.
    distance = ndimage.distance_transform_edt(~own, sampling=spacing).round(6)
    block = image.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] >= threshold_hu
    labels, _ = ndimage.label(own | (block & (distance <= RIM_MM)), structure_of(connectivity))
    here = np.isin(labels, np.unique(labels[own]))
    return np.argwhere(here) + low, distance[here]
