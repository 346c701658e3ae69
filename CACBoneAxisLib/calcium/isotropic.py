"""Volume after interpolation to isotropic voxels (Callister 1998, Radiology 208:807)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.rethreshold import candidate_mask
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask


def isotropic_volume_mm3(image: CTImage, mask: Mask, threshold_hu: float) -> float:
    """Return the volume of a lesion, mm3, interpolated to cubes of the smaller pixel size.

    HU are interpolated linearly between voxel centres onto a grid of cubes. A cube counts when its
    HU reach the threshold and the lesion's voxels weigh more in it, by the same interpolation, than
    those of neighbouring candidates. The lesion thus ends where the interpolated HU cross the
    threshold, not at slice borders; beyond the scan the last values continue.

    Parameters
    ----------
    image : CT in axial order
    mask : the lesion's voxels, each at or above the threshold
    threshold_hu : HU, inclusive
    """
    if not mask.count:
        return 0.0
    # Two voxels of margin: one to interpolate to, one for the weight of other lesions.
    low = np.maximum(np.asarray(mask.offset) - 2, 0)
    high = np.minimum(np.asarray(mask.offset) + mask.voxels.shape + 2, image.geometry.shape)
    block = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    hu = image.hu[block].astype(np.float64)
    own = candidate_mask(mask, low, hu.shape)
    other = (hu >= threshold_hu) & ~own
    spacing = np.asarray(image.geometry.spacing_mm[::-1])
    cube = float(spacing[1:].min())
    inside = _interpolated(hu, spacing, cube) >= threshold_hu
    # Interpolating the difference equals the difference of the interpolated weights.
    inside &= _interpolated(own.astype(np.float64) - other, spacing, cube) > 0
    return float(np.count_nonzero(inside)) * cube**3


def _interpolated(block: NDArray[np.float64], spacing: NDArray[np.float64], cube: float) -> NDArray[np.float64]:
    """Resample a block (z, y, x) to cubes, aligned at the border of the block."""
    for axis, step in enumerate(spacing):
        if step == cube:
            # Pixels already have the size of the cubes.
            continue
        count = max(1, round(block.shape[axis] * step / cube))
        index = np.clip((np.arange(count) + 0.5) * cube / step - 0.5, 0, block.shape[axis] - 1)
        below = np.minimum(index.astype(int), max(block.shape[axis] - 2, 0))
        above = np.minimum(below + 1, block.shape[axis] - 1)
        shape = [1, 1, 1]
        shape[axis] = count
        part = (index - below).reshape(shape)
        block = block.take(below, axis) * (1 - part) + block.take(above, axis) * part
    return block
