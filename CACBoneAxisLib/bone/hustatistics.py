"""Statistics of HU in a set of voxels, identical to the last digit in any voxel order."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (10.0, 90.0)


@dataclass(frozen=True)
class HuStatistics:
    """HU statistics of the voxels of a region.

    ``sd_hu`` is the standard deviation with n - 1 in the denominator, as in Slicer's segment
    statistics; None for a single voxel. Percentiles are interpolated linearly between sorted values,
    at rank (n - 1) x p / 100 counted from 0.
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

    Integers are summed exactly, fractions with one rounding at the end, so that the digits do not
    depend on the storage order.

    Examples
    --------
    >>> found = measure(np.array([100, 120, 140, 160]), voxel_volume_mm3=0.5)
    >>> found.mean_hu, found.median_hu, round(found.sd_hu, 2), found.volume_mm3
    (130.0, 130.0, 25.82, 2.0)

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
