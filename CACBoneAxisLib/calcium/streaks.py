"""Dark streaks beside calcium, a sign of motion."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# Fat is -100 +- 30 HU; anything darker by so many standard deviations of the noise is not fat.
DARKEST_FAT_HU, NOISE_SD = -130.0, 3.0
# Search distance from calcium, and margin from lung, whose edge is as dark.
BESIDE_MM, LUNG_MARGIN_MM = 6.0, 4.0
LUNG_HU = -400.0
# The project's own choice: a smaller area may be a few voxels of lung that the margin missed.
SMALLEST_STREAK_MM2 = 1.0


def dark_streak_mm2(image: CTImage, mask: Mask, noise_hu: float) -> float:
    """Return the area darker than fat within 6 mm of a lesion, in its slices, mm2.

    No tissue is darker than fat. Inconsistent projections leave darker streaks beside dense calcium
    that moved during the scan; so do metal and a sharp kernel. A margin of 4 mm around lung is left
    out.

    Parameters
    ----------
    image : CT in axial order
    mask : the lesion's voxels
    noise_hu : standard deviation of the noise
    """
    dy, dx = image.geometry.spacing_mm[1], image.geometry.spacing_mm[0]
    reach = np.ceil((BESIDE_MM + LUNG_MARGIN_MM) / np.array([dy, dx])).astype(int)
    low = np.maximum(np.array(mask.offset[1:]) - reach, 0)
    high = np.minimum(np.array(mask.offset[1:]) + mask.voxels.shape[1:] + reach, image.geometry.shape[1:])
    dark = 0
    for number, plane in enumerate(mask.voxels):
        if not plane.any():
            continue
        block = image.hu[mask.offset[0] + number, low[0] : high[0], low[1] : high[1]]
        own = np.zeros(block.shape, dtype=bool)
        y, x = np.nonzero(plane)
        own[y + mask.offset[1] - low[0], x + mask.offset[2] - low[1]] = True
        darker = block < DARKEST_FAT_HU - NOISE_SD * noise_hu
        if not darker.any():
            continue
        beside = ndimage.distance_transform_edt(~own, sampling=(dy, dx)) <= BESIDE_MM
        lung = block < LUNG_HU
        if lung.any():
            beside &= ndimage.distance_transform_edt(~lung, sampling=(dy, dx)) > LUNG_MARGIN_MM
        dark += int(np.count_nonzero(darker & beside))
    return dark * dx * dy
