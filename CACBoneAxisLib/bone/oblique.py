"""A coarse block of a scan around a point, sampled along oblique axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.geometry import ImageGeometry

# Approximate voxel size after averaging: less noise, and a cortex of 1 mm stays visible.
WORKING_MM = 1.2
# Clips lung, metal and cement to fat and cortex, which show the borders of bone as well.
LOWEST_HU, HIGHEST_HU = -200.0, 700.0


@dataclass(frozen=True, eq=False)
class Block:
    """A block of a scan in coarser voxels, float32 HU between -200 and 700 (z, y, x); positions in LPS mm."""

    hu: NDArray[np.float32]
    geometry: ImageGeometry
    maximum_hu: float

    def at(self, points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return linearly interpolated HU at LPS points, shape (..., 3) to (...), NaN outside the scan."""
        index = self.geometry.to_index(points_mm)[..., ::-1]
        found = ndimage.map_coordinates(
            self.hu, np.moveaxis(index, -1, 0), output=np.float32, order=1, mode="constant", cval=np.nan
        )
        return np.asarray(found, dtype=np.float32)

    def grid(
        self,
        center_mm: NDArray[np.floating],
        axes: NDArray[np.floating],
        u: NDArray[np.floating],
        v: NDArray[np.floating],
        w: NDArray[np.floating],
    ) -> NDArray[np.float32]:
        """Return HU on a grid along the axes (columns of a 3 x 3 matrix) about a point, shape (u, v, w)."""
        along = [values[:, None] * axes[:, n] for n, values in enumerate((u, v, w))]
        points = along[0][:, None, None] + along[1][None, :, None] + along[2][None, None, :]
        return self.at(points + np.asarray(center_mm))


def block_around(
    hu: NDArray[np.generic], geometry: ImageGeometry, point_mm: NDArray[np.floating], reach_mm: tuple[float, ...]
) -> Block | None:
    """Return a block of a scan around a point, None when the point lies outside.

    Parameters
    ----------
    hu : array (z, y, x)
    geometry : of the array
    point_mm : LPS
    reach_mm
        To the right, left, front, back, feet and head, along the image's own axes.
    """
    index = geometry.to_index(point_mm)
    shape = np.asarray(geometry.shape[::-1])
    if np.any(index < -0.5) or np.any(index > shape - 0.5):
        return None
    spacing = np.asarray(geometry.spacing_mm)
    reach = np.asarray(reach_mm).reshape(3, 2) / spacing[:, None]
    low = np.maximum(np.floor(index - reach[:, 0]).astype(int), 0)
    high = np.minimum(np.ceil(index + reach[:, 1]).astype(int) + 1, shape)
    factor = np.maximum(1, np.minimum(np.rint(WORKING_MM / spacing).astype(int), high - low))
    size = (high - low) // factor
    part = hu[tuple(slice(a, a + n * f) for a, n, f in zip(low[::-1], size[::-1], factor[::-1], strict=True))]
    coarse_hu = np.clip(part, LOWEST_HU, HIGHEST_HU)
    for axis, f in enumerate(factor[::-1]):
        if f > 1:
            # Summing integers is faster, and 27 voxels of 700 HU fit.
            every = [coarse_hu[(slice(None),) * axis + (slice(k, None, f),)] for k in range(int(f))]
            coarse_hu = sum(every[1:], start=every[0])
    coarse_hu = coarse_hu.astype(np.float32) / np.float32(np.prod(factor))
    origin = geometry.to_lps(low + (factor - 1) / 2)
    coarse = ImageGeometry(
        (int(size[2]), int(size[1]), int(size[0])),
        tuple(float(s) for s in spacing * factor),  # type: ignore[arg-type]
        tuple(float(o) for o in origin),  # type: ignore[arg-type]
        geometry.direction,
    )
    return Block(coarse_hu, coarse, float(part.max()))
