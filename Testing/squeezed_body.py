"""L1 of the digital torso squeezed by known parts in front, in the middle and behind: known heights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.heights import PART_OF_DEPTH, PLACES
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.phantom.spine import vertebrae

L1 = next(v for v in vertebrae() if v.level == "L1")


def squeezed(image: CTImage, middle: NDArray[np.floating], parts: Sequence[float], slices: int = 1) -> CTImage:
    """Return the scan with L1 squeezed to these parts of its height at the three places, as the mean of some slices."""
    g = image.geometry
    z, y, x = np.meshgrid(*(np.arange(n) for n in g.shape), indexing="ij")
    at = g.to_lps(np.stack([x, y, z], axis=-1)) - middle
    depth = np.clip(at[..., 1] / (2 * L1.half_depth_mm) + 0.5, 0, 1)
    part = np.polyval(np.polyfit(list(PLACES.values()), parts, 2), depth)
    up, half = np.abs(at[..., 2]), L1.half_height_mm
    # What lies beyond the body comes nearer by what it lost.
    source = np.where(up < half * part, up / part, up + half * (1 - part)) * np.sign(at[..., 2])
    from_z = z + (source - at[..., 2]) / g.spacing_mm[2]
    hu = ndimage.map_coordinates(image.hu.astype(np.float32), [from_z, y, x], order=1, mode="nearest")
    hu = hu[: len(hu) // slices * slices].reshape(-1, slices, *hu.shape[1:]).mean(axis=1)
    origin = tuple(float(v) for v in g.to_lps([0, 0, (slices - 1) / 2]))
    geometry = ImageGeometry(hu.shape, (*g.spacing_mm[:2], g.spacing_mm[2] * slices), origin, g.direction)
    return CTImage(np.rint(hu).astype(np.int16), geometry)


def true_heights(parts: Sequence[float]) -> list[float]:
    """Return the mean height of the torso's L1, whose endplates are hollowed by 1.1 mm (phantom/spine.py), squeezed."""
    found = []
    for place, part in zip(PLACES.values(), parts, strict=True):
        v = np.linspace(place - PART_OF_DEPTH / 2, place + PART_OF_DEPTH / 2, 5)[:, None] * 2 - 1
        u = np.linspace(-5, 5, 7) / L1.half_width_mm
        found.append(part * 2 * np.mean(L1.half_height_mm - 1.1 * (1 - u**2 - v**2)))
    return found
