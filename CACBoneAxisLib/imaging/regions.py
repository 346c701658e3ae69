"""Regions of simple shape in any orientation, and the voxels inside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask

RegionShape = Literal["box", "ellipsoid", "elliptic-cylinder"]
REGION_SHAPES: tuple[str, ...] = get_args(RegionShape)

# A voxel centre on the surface is inside. This slack, relative to the half axes, absorbs rounding in the last digits
# of a stored direction (1e-6 of 20 mm is 20 nm).
SURFACE_SLACK = 1e-6
# Largest number of voxels of a region that are counted one by one, or that of the image if larger.
COUNTED_VOXELS = 1_000_000
SHAPE_PART: dict[str, float] = {"box": 1.0, "ellipsoid": pi / 6, "elliptic-cylinder": pi / 4}


@dataclass(frozen=True)
class Region:
    """A box in the patient, and the shape that fills it.

    Parameters
    ----------
    center_mm : LPS
    size_mm : full lengths along the box's own x, y and z
    axes : 3 rows of 3
        Columns are the unit vectors of the box's x, y and z in LPS. The elliptic
        cylinder stands along z, which for a vertebra is its long axis.
    shape : that fills the box

    Examples
    --------
    >>> region = Region((0.0, 0.0, 0.0), (20.0, 20.0, 10.0), shape="ellipsoid")
    >>> region.contains([[10.0, 0.0, 0.0], [8.0, 8.0, 0.0]]).tolist()
    [True, False]
    """

    center_mm: tuple[float, float, float]
    size_mm: tuple[float, float, float]
    axes: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    shape: RegionShape = "elliptic-cylinder"

    def contains(self, points_lps_mm: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which of the points, shape (..., 3), are in the region, shape (...)."""
        local = (points_lps_mm - np.asarray(self.center_mm)) @ np.asarray(self.axes)
        unit = local / (np.asarray(self.size_mm) / 2)
        if self.shape == "box":
            inside = np.abs(unit).max(axis=-1) <= 1 + SURFACE_SLACK
        elif self.shape == "ellipsoid":
            inside = (unit**2).sum(axis=-1) <= 1 + SURFACE_SLACK
        else:
            in_ellipse = (unit[..., :2] ** 2).sum(axis=-1) <= 1 + SURFACE_SLACK
            inside = in_ellipse & (np.abs(unit[..., 2]) <= 1 + SURFACE_SLACK)
        return np.asarray(inside, dtype=bool)

    def voxels(self, geometry: ImageGeometry) -> RegionVoxels:
        """Return the voxels with centres in the region, and how many lie outside the image.

        The image's grid is continued beyond its borders to count what is missing. Where that
        would be more than the image has, the count is the region's volume over a voxel's, so
        that time and memory follow the scan however large the region is.
        """
        half = np.asarray(self.size_mm) / 2 * (1 + SURFACE_SLACK)
        signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
        corners = geometry.to_index(np.asarray(self.center_mm) + (signs * half) @ np.asarray(self.axes).T)
        low = np.ceil(corners.min(axis=0) - 1e-6)
        high = np.floor(corners.max(axis=0) + 1e-6) + 1
        if np.any(high <= low):
            return RegionVoxels(None, 0, 0)
        shape_xyz = np.asarray(geometry.shape[::-1])
        first, last = (np.clip(ends, 0, shape_xyz).astype(int) for ends in (low, high))
        block = np.zeros((0, 0, 0), dtype=bool)
        if np.all(last > first):
            block = np.stack(list(self._planes(first, last, geometry)))
        within = total = int(np.count_nonzero(block))
        if np.prod(high - low) > max(COUNTED_VOXELS, shape_xyz.prod()):
            total = round(SHAPE_PART[self.shape] * float(np.prod(self.size_mm)) / geometry.voxel_volume_mm3)
        elif np.any(low < first) or np.any(high > last):
            total = sum(
                int(np.count_nonzero(plane)) for plane in self._planes(low.astype(int), high.astype(int), geometry)
            )
        mask = Mask((int(first[2]), int(first[1]), int(first[0])), block) if within else None
        return RegionVoxels(mask, within, max(total, within))

    def _planes(
        self, first: NDArray[np.integer], last: NDArray[np.integer], geometry: ImageGeometry
    ) -> Iterator[NDArray[np.bool_]]:
        """Yield, slice by slice, which voxels of a block of indices (x, y, z) lie in the region."""
        x, y, z = (np.arange(a, b) for a, b in zip(first, last, strict=True))
        for index in z:
            grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None], index), axis=-1)
            yield self.contains(geometry.to_lps(grid))


@dataclass(frozen=True)
class RegionVoxels:
    """Voxels of a region: ``within`` of the ``total`` lie in the image; ``mask`` is None without any."""

    mask: Mask | None
    within: int
    total: int
