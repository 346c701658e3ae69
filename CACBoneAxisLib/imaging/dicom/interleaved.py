"""Detect two interleaved scans by their values where no header tells them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from CACBoneAxisLib.imaging.findings import refusal

# A slice between two others is their mean but for noise and edges, which come and go. What changes its sign
# with every slice over so many, by more than chance does once in a hundred thousand, is of two scans.
WINDOW_SLICES, SHORTEST_SLICES = 36, 12
DIFFERENCE_HU, CHANCE = 30.0, 1e-5
# In interleaved scans a slice is closer to the next but one than to its neighbour from the other scan.
ALIKE, TIMES_WITHIN = 0.8, 1.5
# Fraction of sampled voxels; by chance it would be a hundredth of this.
SMALLEST_SHARE = 0.002
# Noise ratio of alternate slices, as between kernels or tube voltages.
NOISE_RATIO, LARGEST_NOISE_HU = 1.3, 200.0
GRID = 96


def check_not_interleaved(hu: NDArray, name: str) -> None:
    """Raise UnusableInputError (``volumes-interleaved``) when every other slice belongs to another scan.

    Parameters
    ----------
    hu : (z, y, x) in stack order; about every fifth row and column is used
    name : used in the message
    """
    if len(hu) < SHORTEST_SLICES:
        return
    step_y, step_x = (max(1, size // GRID) for size in hu.shape[1:])
    if _alternates(hu[:, ::step_y, ::step_x]) or _noise_alternates(hu[:, :: 4 * step_y]):
        raise refusal("volumes-interleaved", file=name)


def _alternates(hu: NDArray) -> bool:
    flat = hu.reshape(len(hu), -1).astype(np.float32)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / (flat.std(axis=1, keepdims=True) + 1)
    if np.mean(flat[2:] * flat[:-2]) < ALIKE:
        return False
    within = np.sqrt(np.mean(np.square(hu[2:].astype(np.float32) - hu[:-2]), axis=0))
    # Disjoint triples of slices, so that their noise is independent.
    some = hu[: len(hu) // 3 * 3].astype(np.float32).reshape(-1, 3, *hu.shape[1:])
    signs = np.where(np.arange(len(some)) % 2, -1.0, 1.0).astype(np.float32)
    apart = (some[:, 1] - (some[:, 0] + some[:, 2]) / 2) * signs[:, None, None]
    for part in np.array_split(apart, max(1, len(hu) // WINDOW_SLICES)):
        mean = np.abs(part.mean(axis=0))
        limit = special.stdtrit(len(part) - 1, 1 - CHANCE) / np.sqrt(len(part))
        beyond = (mean > DIFFERENCE_HU) & (mean > limit * part.std(axis=0, ddof=1)) & (mean > TIMES_WITHIN * within)
        if np.mean(beyond) > SMALLEST_SHARE:
            return True
    return False


def _noise_alternates(hu: NDArray) -> bool:
    # Along rows through the middle, where anatomy hardly changes from one slice to the next.
    middle = max(0, hu.shape[2] // 2 - GRID)
    rows = hu[:, :, middle : middle + 2 * GRID].astype(np.float32)
    # Differences at bone and air edges are clipped to this, HU.
    noise = np.log(np.minimum(np.abs(np.diff(rows, axis=2)), LARGEST_NOISE_HU).mean(axis=(1, 2)) + 1)
    signs = np.where(np.arange(1, len(noise) - 1) % 2, 1.0, -1.0)
    steps = (noise[1:-1] - (noise[:-2] + noise[2:]) / 2) * signs
    return bool(abs(steps.mean()) > np.log(NOISE_RATIO) and np.all(np.sign(steps) == np.sign(steps.mean())))
