"""The heart's region, roughly, from the lungs and the descending aorta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.aorta import Disc
from CACBoneAxisLib.imaging.image import CTImage

GRID_MM = 3.0
LUNG_HU = -500.0
SMALLEST_LUNG_MM2 = 400.0
# The arch is where the descending aorta's discs end; the carina lies about this much below its top.
BELOW_ARCH_MM = 25.0
SMOOTH_MM = 8.0


@dataclass(frozen=True, eq=False)
class HeartRegion:
    """Where the heart and its arteries may be.

    Parameters
    ----------
    inside : bool array (slices, rows, columns), rows and columns every ``step`` pixels
    airway : the same for places in or beside an airway
    step : pixels between them
    aorta : centre (y, x) in pixels and radius in mm of the descending aorta in every slice, array (slices, 3)
    """

    inside: NDArray[np.bool_]
    airway: NDArray[np.bool_]
    step: int
    aorta: NDArray[np.float64]

    def holds(self, zyx: NDArray[np.floating]) -> bool:
        """Return whether a voxel (z, y, x) lies in the region and at no airway."""
        z, y, x = (int(v) for v in zyx)
        row, column = min(y // self.step, self.inside.shape[1] - 1), min(x // self.step, self.inside.shape[2] - 1)
        return bool(self.inside[z, row, column] and not self.airway[z, row, column])


def heart_region(image: CTImage, discs: Sequence[Disc]) -> HeartRegion | None:
    """Return the region between the lungs, in front of the descending aorta and below the carina.

    A place belongs to it when lung lies to its right and to its left in the same row, which
    ends at the diaphragm by itself. None without a descending aorta.

    Parameters
    ----------
    image : CT in axial order
    discs : the descending aorta as :func:`CACBoneAxisLib.imaging.aorta.find_blood` found it
    """
    if not discs:
        return None
    dx, dy, dz = image.geometry.spacing_mm
    step = max(1, round(GRID_MM / dx))
    slices = image.hu.shape[0]
    aorta = np.stack(
        [
            np.interp(np.arange(slices), [d.z for d in discs], [value(d) for d in discs])
            for value in (lambda d: d.y, lambda d: d.x, lambda d: d.radius_mm)
        ],
        axis=1,
    )
    # One disc is a few mm off; a vessel bends slowly.
    aorta[:, :2] = ndimage.gaussian_filter1d(aorta[:, :2], SMOOTH_MM / dz, axis=0, mode="nearest")
    top = discs[-1].z - BELOW_ARCH_MM / dz
    inside, airway = [], []
    for z in range(slices):
        plane = image.hu[z, ::step, ::step]
        air = plane < LUNG_HU
        lung = _lung(air, dx * dy * step * step)
        between = _between(lung)
        airway.append(ndimage.binary_dilation(air & ~lung & between, iterations=2))
        rows = np.arange(plane.shape[0])[:, None] * step
        inside.append(between & (rows < aorta[z, 0]) if z <= top else np.zeros(plane.shape, dtype=bool))
    return HeartRegion(np.stack(inside), np.stack(airway), step, aorta)


def _lung(air: NDArray[np.bool_], pixel_mm2: float) -> NDArray[np.bool_]:
    """Return the large pieces of air in a slice that do not touch its border."""
    labels, count = ndimage.label(air)
    large = np.bincount(labels.ravel(), minlength=count + 1) * pixel_mm2 >= SMALLEST_LUNG_MM2
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        large[edge] = False
    large[0] = False
    return np.asarray(large[labels])


def _between(lung: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels outside the lungs with lung on both sides in their row."""
    to_right = np.maximum.accumulate(lung, axis=1)
    to_left = np.maximum.accumulate(lung[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(to_right & to_left & ~lung)
