"""Masks: sets of voxels, stored as the smallest block that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True, eq=False)
class Mask:
    """A set of voxels of an image.

    Parameters
    ----------
    offset : (z, y, x)
        Index in the image of ``voxels[0, 0, 0]``.
    voxels : bool array (z, y, x)
        True where the voxel belongs to the set; the block lies inside the image.
    """

    offset: tuple[int, int, int]
    voxels: NDArray[np.bool_]

    @classmethod
    def from_indices(cls, zyx: NDArray[np.integer]) -> Mask:
        """Return the mask of the given voxel indices, shape (n, 3) in (z, y, x) order, n >= 1."""
        low = zyx.min(axis=0)
        voxels = np.zeros(tuple(zyx.max(axis=0) - low + 1), dtype=bool)
        voxels[tuple((zyx - low).T)] = True
        return cls((int(low[0]), int(low[1]), int(low[2])), voxels)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the block in the image's array."""
        z, y, x = (slice(o, o + n) for o, n in zip(self.offset, self.voxels.shape, strict=True))
        return z, y, x

    @property
    def key(self) -> tuple[object, ...]:
        """A hashable key, equal for masks of the same voxels."""
        return self.offset, self.voxels.shape, self.voxels.tobytes()

    @property
    def count(self) -> int:
        """Number of voxels in the set."""
        return int(np.count_nonzero(self.voxels))

    def holds(self, zyx: Sequence[int]) -> bool:
        """Return whether a voxel (z, y, x) of the image belongs to the set."""
        inside = np.subtract(zyx, self.offset)
        within = np.all(inside >= 0) and np.all(inside < self.voxels.shape)
        return bool(within and self.voxels[tuple(inside)])

    def indices(self) -> NDArray[np.intp]:
        """Return the voxels' indices in the image, shape (n, 3) in (z, y, x) order."""
        return np.argwhere(self.voxels) + np.asarray(self.offset)

    def values(self, array: NDArray) -> NDArray:
        """Return the image's values in the set, shape (n,), in (z, y, x) order."""
        return array[self.slices][self.voxels]

    def filled(self, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
        """Return the mask as a boolean array of the image's whole shape."""
        whole = np.zeros(shape, dtype=bool)
        whole[self.slices] = self.voxels
        return whole


def near_each_other(masks: Sequence[Mask], margin: Sequence[int] | NDArray[np.integer] = (0, 0, 0)) -> list[list[int]]:
    """Group masks by number, so that masks of different groups neither overlap nor touch.

    Masks are in one group when their blocks, each grown by ``margin`` voxels (z, y, x) on every side,
    overlap or adjoin, directly or through others. Groups and their members are sorted.

    Examples
    --------
    >>> blocks = [Mask((z, 0, 0), np.ones((2, 2, 2), dtype=bool)) for z in (0, 5, 1)]
    >>> near_each_other(blocks)
    [[0, 2], [1]]
    """
    if not masks:
        return []
    offsets = np.array([mask.offset for mask in masks])
    low = offsets - np.asarray(margin)
    high = offsets + np.array([mask.voxels.shape for mask in masks]) + np.asarray(margin)
    side_by_side = np.all((low[:, None] <= high[None]) & (low[None] <= high[:, None]), axis=2)
    _, groups = connected_components(coo_array(side_by_side), directed=False)
    members: dict[int, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(int(group), []).append(number)
    return list(members.values())
