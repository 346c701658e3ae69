"""Find candidates: the voxels at or above the threshold, as connected components.

Calcium and bone are sparse in a CT, so a component is kept as runs: stretches of
candidates along a row. Finding the runs costs one pass over the volume; joining
them costs time and memory in proportion to the number of runs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from CACBoneAxisLib.imaging.masks import Mask

# For each connectivity: the earlier rows that a run can touch, as steps (slices, rows), and the largest
# gap in columns across which it still touches (corners or edges). The order matters to _needed: first the
# row above, then the slice below (straight, above, below).
_REACH: dict[int, tuple[tuple[int, int, int], ...]] = {
    6: ((0, 1, 0), (1, 0, 0)),
    18: ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, -1, 0)),
    26: ((0, 1, 1), (1, 0, 1), (1, 1, 1), (1, -1, 1)),
}
# Pairs of runs that touch: (later, earlier), int arrays (pairs,).
Link = tuple[NDArray[Any], NDArray[Any]]

# NumPy releases the interpreter lock while it compares and searches; more threads gain little.
THREADS = 2
SLAB = 16


@dataclass(frozen=True, eq=False)
class Candidates:
    """The candidate voxels of an image as labelled runs.

    Parameters
    ----------
    shape : (z, y, x) of the image
    starts, stops : int arrays (runs,)
        Each run as positions in the image's rows laid end to end with a margin of one
        column and one row around every slice; ``stops`` is exclusive.
    labels : int array (runs,)
        Connected component of each run, 0 to ``count - 1``.
    count : number of components
    """

    shape: tuple[int, int, int]
    starts: NDArray[np.signedinteger]
    stops: NDArray[np.signedinteger]
    labels: NDArray[np.signedinteger]
    count: int

    @property
    def voxels(self) -> int:
        """Number of candidate voxels."""
        return int((self.stops - self.starts).sum(dtype=np.int64))

    def positions_of(self, zyx: NDArray[np.integer]) -> NDArray[np.int64]:
        """Convert voxel indices, shape (n, 3), to positions as in ``starts``, shape (n,)."""
        _, rows, columns = self.shape
        z, y, x = np.asarray(zyx, dtype=np.int64).T
        return (z * (rows + 2) + y + 1) * (columns + 2) + x + 1

    def label_at(self, zyx: tuple[int, int, int]) -> int | None:
        """Return the component of a voxel, None where it is not a candidate."""
        # The dtype of ``starts``; any other makes searchsorted convert the whole array.
        position = self.positions_of(np.array([zyx]))[0].astype(self.starts.dtype)
        run = int(np.searchsorted(self.starts, position, side="right")) - 1
        return int(self.labels[run]) if run >= 0 and position < self.stops[run] else None

    def size(self, label: int) -> int:
        """Return the number of voxels of a component."""
        own = self._runs(label)
        return int((self.stops[own] - self.starts[own]).sum(dtype=np.int64))

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of voxels of every component, shape (count,)."""
        lengths = (self.stops - self.starts).astype(np.float64)
        return np.bincount(self.labels, weights=lengths, minlength=self.count).astype(np.int64)

    def component(self, label: int, in_slice: int | None = None) -> Mask:
        """Return the voxels of a component, or those in one slice, which must not be empty."""
        _, rows, columns = self.shape
        own = self._runs(label)
        if in_slice is not None:
            z = self.starts[own] // ((rows + 2) * (columns + 2))
            own = own[z == in_slice]
        line, x = np.divmod(self._positions(own), columns + 2)
        z, y = np.divmod(line, rows + 2)
        return Mask.from_indices(np.stack([z, y - 1, x - 1], axis=1))

    def remainder(self, label: int, taken: NDArray[np.integer], connectivity: int) -> Candidates:
        """Return a component without the voxels ``taken``, shape (n, 3), as new candidates, relabelled."""
        left = np.setdiff1d(self._positions(self._runs(label)), self.positions_of(taken), assume_unique=True)
        left.sort()
        first = np.flatnonzero(np.diff(left, prepend=-2) != 1)
        last = np.append(first[1:], left.size) - 1
        return _joined(self.shape, left[first], left[last] + 1 if left.size else left, connectivity)

    @cached_property
    def _by_component(self) -> tuple[NDArray[np.signedinteger], NDArray[np.signedinteger]]:
        """Run numbers sorted by component, and the start of each component among them."""
        # The conversion to CSR is a counting sort, as fast as one search for a label.
        runs = np.arange(self.labels.size)
        table = coo_array((np.ones(runs.size, dtype=bool), (self.labels, runs)), shape=(self.count, runs.size)).tocsr()
        return table.indices, table.indptr

    def _runs(self, label: int) -> NDArray[np.signedinteger]:
        runs, begin = self._by_component
        return runs[begin[label] : begin[label + 1]]

    def _positions(self, own: NDArray[np.signedinteger]) -> NDArray[np.int64]:
        """Return the positions of all voxels of the given runs."""
        starts = self.starts[own].astype(np.int64)
        lengths = self.stops[own].astype(np.int64) - starts
        ends = np.cumsum(lengths)
        return np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)


def find_candidates(
    hu: NDArray[Any],
    threshold_hu: float,
    connectivity: int = 26,
    progress: Callable[[float], None] | None = None,
) -> Candidates:
    """Find the voxels at or above a threshold and label their components.

    Parameters
    ----------
    hu : array (z, y, x)
    threshold_hu : HU, inclusive
    connectivity : 6, 18 or 26
    progress : called with the fraction done, 0 to 1

    Notes
    -----
    One pass over the volume, slice by slice, with a slice of working memory for each
    thread; then O(runs log runs) time and about 60 bytes a run.
    """
    if hu.dtype.kind in "iu":
        # An integer threshold avoids converting integer HU to floating point.
        threshold_hu = hu.dtype.type(ceil(threshold_hu))
    slices = hu.shape[0]
    starts_of_slabs = range(0, slices, SLAB)
    found = []
    with ThreadPoolExecutor(THREADS) as pool:
        slabs = pool.map(lambda first: _edges(hu, threshold_hu, first, min(first + SLAB, slices)), starts_of_slabs)
        for first, edges in zip(starts_of_slabs, slabs, strict=True):
            found.append(edges)
            if progress is not None:
                progress(first / slices)
    together = np.concatenate(found) if found else np.empty(0, dtype=np.int32)
    return _joined(hu.shape, together[::2].copy(), together[1::2].copy(), connectivity)


def _edges(hu: NDArray[Any], threshold_hu: float, first: int, stop: int) -> NDArray[Any]:
    """Return the starts and stops of runs, alternating, in some of the slices."""
    slices, rows, columns = hu.shape
    width, plane = columns + 2, (rows + 2) * (columns + 2)
    padded = np.zeros((rows + 2, width), dtype=bool)
    flat, core = padded.reshape(-1), padded[1:-1, 1:-1]
    changes = np.empty(plane - 1, dtype=bool)
    index_type = np.int32 if slices * plane < np.iinfo(np.int32).max else np.int64
    found = []
    for z in range(first, stop):
        np.greater_equal(hu[z], threshold_hu, out=core)
        np.not_equal(flat[1:], flat[:-1], out=changes)
        found.append((np.flatnonzero(changes) + (z * plane + 1)).astype(index_type))
    return np.concatenate(found)


def _joined(
    shape: tuple[int, ...],
    starts: NDArray[np.signedinteger],
    stops: NDArray[np.signedinteger],
    connectivity: int,
) -> Candidates:
    """Label the connected components of runs."""
    slices, rows, columns = shape
    width, plane = columns + 2, (rows + 2) * (columns + 2)
    count, labels = 0, np.empty(0, dtype=np.int32)
    if starts.size:
        with ThreadPoolExecutor(THREADS) as pool:
            links = list(
                pool.map(
                    lambda step: _touching(starts, stops, step[0] * plane + step[1] * width, step[2]),
                    _REACH[connectivity],
                )
            )
        links = _needed(links, starts.size)
        first = np.concatenate([a for a, _ in links])
        second = np.concatenate([b for _, b in links])
        graph = coo_array((np.ones(first.size, dtype=bool), (first, second)), shape=(starts.size, starts.size))
        count, labels = connected_components(graph, directed=False)
    return Candidates((slices, rows, columns), starts, stops, labels, int(count))


def _needed(links: list[Link], runs: int) -> list[Link]:
    """Drop most links that others imply, almost half of them in solid bone.

    A run linked to the run straight below it needs no link to that run's own neighbours in the row
    above (or below).
    """
    if len(links) < 4:
        return links
    in_slice, straight, above, below = links
    to_row_above = _first_link(in_slice, runs)
    to_below = _first_link(straight, runs)
    run, other = above
    through = to_below[run]
    keep = (through < 0) | (to_row_above[through] != other)
    above = run[keep], other[keep]
    run, other = below
    through = to_below[run]
    keep = (through < 0) | (to_row_above[other] != through)
    return [in_slice, straight, above, (run[keep], other[keep])]


def _first_link(link: Link, runs: int) -> NDArray[Any]:
    """Return the first run that each run is linked to, or -1."""
    run, other = link
    target = np.full(runs, -1, dtype=other.dtype)
    target[run[::-1]] = other[::-1]
    return target


def _touching(starts: NDArray[np.signedinteger], stops: NDArray[np.signedinteger], step: int, reach: int) -> Link:
    """Return the pairs (run, earlier run) that touch after the first is moved back by ``step`` positions.

    Two runs touch when they share a column; with a reach of 1 also when one ends where the
    other begins.
    """
    low = starts - starts.dtype.type(step + reach - 1)
    high = stops - starts.dtype.type(step - reach + 1)
    other = np.searchsorted(stops, low, side="left").astype(starts.dtype)
    np.minimum(other, starts.dtype.type(starts.size - 1), out=other)
    run = np.flatnonzero((starts[other] <= high) & (stops[other] >= low)).astype(starts.dtype)
    other = other[run]
    runs, others = [run], [other]
    # A run may touch several in the other row; each round takes the next one.
    while run.size:
        other = other + starts.dtype.type(1)
        if other[-1] == starts.size:
            run, other = run[:-1], other[:-1]
        goes_on = starts[other] <= high[run]
        run, other = run[goes_on], other[goes_on]
        runs.append(run)
        others.append(other)
    return np.concatenate(runs), np.concatenate(others)
