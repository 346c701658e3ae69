"""Regions of simple shape in any orientation, and the voxels whose centres they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask

RegionShape = Literal["box", "ellipsoid", "elliptic-cylinder"]
REGION_SHAPES: tuple[str, ...] = get_args(RegionShape)

# A voxel centre on the surface is inside. This much slack, relative to the half axes, keeps
# rounding in the last digits of a stored direction from moving it out (1e-6 of 20 mm is 20 nm).
SURFACE_SLACK = 1e-6


@dataclass(frozen=True)
class Region:
    """A box in the patient and the shape that fills it.

    Parameters
    ----------
    center_mm : LPS
    size_mm : full lengths along the box's own x, y and z
    axes : 3 rows of 3
        Columns are the unit vectors of the box's x, y and z in LPS. The elliptic
        cylinder stands along z, which for a vertebra is its long axis.
    shape : what fills the box
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
        """Return the image's voxels whose centres lie in the region, and how many would lie outside the image.

        The image's grid is continued beyond its borders to count what is missing,
        so time and memory follow the size of the region, not of the image.
        """
        half = np.asarray(self.size_mm) / 2 * (1 + SURFACE_SLACK)
        signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
        corners = geometry.to_index(np.asarray(self.center_mm) + (signs * half) @ np.asarray(self.axes).T)
        low = np.ceil(corners.min(axis=0) - 1e-6).astype(int)
        high = np.floor(corners.max(axis=0) + 1e-6).astype(int) + 1
        if np.any(high <= low):
            return RegionVoxels(None, 0, 0)
        x, y, z = (np.arange(a, b) for a, b in zip(low, high, strict=True))
        inside = np.empty((z.size, y.size, x.size), dtype=bool)
        # Slice by slice, so that the coordinates of a large region do not fill the memory.
        for plane, index in zip(inside, z, strict=True):
            grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None], index), axis=-1)
            plane[...] = self.contains(geometry.to_lps(grid))
        total = int(np.count_nonzero(inside))
        shape_xyz = np.asarray(geometry.shape[::-1])
        first, last = np.maximum(low, 0), np.minimum(high, shape_xyz)
        if np.any(last <= first):
            return RegionVoxels(None, 0, total)
        block = inside[tuple(slice(a - o, b - o) for a, b, o in zip(first[::-1], last[::-1], low[::-1], strict=True))]
        within = int(np.count_nonzero(block))
        if within == 0:
            return RegionVoxels(None, 0, total)
        return RegionVoxels(Mask((int(first[2]), int(first[1]), int(first[0])), block), within, total)


@dataclass(frozen=True)
class RegionVoxels:
    """A region's voxels: ``within`` of the ``total`` lie in the image; ``mask`` is None when none does."""

    mask: Mask | None
    within: int
    total: int
