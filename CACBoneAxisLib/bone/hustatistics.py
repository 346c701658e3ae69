"""Statistics of the HU in a set of voxels, the same to the last digit in any voxel order."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.masks import Mask

PERCENTILES = (10.0, 90.0)


@dataclass(frozen=True)
class HuStatistics:
    """What the voxels of a region measure.

    ``sd_hu`` is the standard deviation with n - 1 in the denominator, as Slicer's
    segment statistics give it; None for a single voxel. The percentiles are
    interpolated linearly between the two nearest of the sorted values, at rank
    (n - 1) x p / 100 counted from 0.
    """

    mean_hu: float
    median_hu: float
    sd_hu: float | None
    p10_hu: float
    p90_hu: float
    voxels: int
    volume_mm3: float


def measure(values_hu: NDArray[np.generic], voxel_volume_mm3: float) -> HuStatistics:
    """Return the statistics of HU values, shape (n,).

    Whole numbers are summed exactly, as integers; fractions with one rounding at the
    end. So the digits depend on the values alone, not on how the image is stored.

    Raises
    ------
    ValueError
        When there is no value.
    """
    count = int(values_hu.size)
    if count == 0:
        raise ValueError("there are no values to measure")
    if np.issubdtype(values_hu.dtype, np.integer):
        whole = values_hu.astype(np.int64)
        total, squares = int(whole.sum()), int((whole * whole).sum())
        mean = total / count
        spread = (count * squares - total * total) / (count * (count - 1)) if count > 1 else None
    else:
        numbers = values_hu.astype(float)
        mean = fsum(numbers) / count
        spread = fsum((numbers - mean) ** 2) / (count - 1) if count > 1 else None
    ordered = np.sort(values_hu).astype(float)
    p10, median, p90 = (float(v) for v in np.percentile(ordered, [PERCENTILES[0], 50.0, PERCENTILES[1]]))
    return HuStatistics(
        mean_hu=mean,
        median_hu=median,
        sd_hu=None if spread is None else sqrt(spread),
        p10_hu=p10,
        p90_hu=p90,
        voxels=count,
        volume_mm3=count * voxel_volume_mm3,
    )


def measure_mask(hu: NDArray[np.generic], mask: Mask, voxel_volume_mm3: float) -> HuStatistics:
    """Return the statistics of the image's HU, shape (z, y, x), in the mask."""
    return measure(mask.values(hu), voxel_volume_mm3)
