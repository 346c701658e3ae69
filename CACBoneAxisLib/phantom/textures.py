"""Fine structure inside tissues: random, repeatable, of zero mean."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from CACBoneAxisLib.phantom.canvas import Array, Bounds, Frame


class Texture:
    """A periodic block of random structure of unit SD and zero mean.

    Parameters
    ----------
    rng : source of the random numbers
    sigma_mm : (S, P, L) widths of the structures
    step_mm : sampling of the block
    high_pass : leave out what is slower than three times ``sigma_mm``, so that small regions average to nearly zero
    """

    SIZE = 64

    def __init__(
        self,
        rng: np.random.Generator,
        sigma_mm: tuple[float, float, float],
        step_mm: float,
        high_pass: bool = False,
    ) -> None:
        white = rng.standard_normal((self.SIZE,) * 3, dtype=np.float32)
        sigma = np.asarray(sigma_mm) / step_mm
        block = gaussian_filter(white, sigma, mode="wrap", truncate=3)
        if high_pass:
            block -= gaussian_filter(white, 3 * sigma, mode="wrap", truncate=2)
        block -= block.mean()
        self._block: Array = block / block.std()
        self._step_mm = step_mm

    def on(self, frame: Frame, bounds: Bounds) -> Array:
        """Return the texture at the voxel centres of a block, by nearest sample."""
        index = []
        for (a, b), axis in zip(bounds, (2, 1, 0), strict=True):
            mm = frame.geometry.origin_mm[axis] + frame.geometry.spacing_mm[axis] * np.arange(a, b)
            index.append(np.round(mm / self._step_mm).astype(int) % self.SIZE)
        return self._block[np.ix_(*index)]

    def at(self, x: Array, y: Array, z: Array) -> Array:
        """Return the texture at points of the patient (mm), linearly interpolated."""
        points = np.stack([c / self._step_mm for c in np.broadcast_arrays(z, y, x)])
        return map_coordinates(self._block, points, order=1, mode="grid-wrap")
