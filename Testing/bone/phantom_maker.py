"""A slab of plastic with rods behind a round patient, whose every number is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage

ROD_Y, SPACING = 95.0, 30.0


def scan(
    rods_hu: Sequence[float],
    *,
    pad_hu: float = 60.0,
    noise_hu: float = 8.0,
    drift_hu: float = 0.0,
    pixel_mm: tuple[float, float] = (1.0, 1.0),
    **acquisition: object,
) -> CTImage:
    """Return a CT of 30 slices of 3 mm, with rods of 7 mm radius at y 95 mm, 30 mm apart about x 0.

    ``pixel_mm`` is its width and height; 240 x 200 mm are shown.
    """
    columns, rows = round(240 / pixel_mm[0]), round(200 / pixel_mm[1])
    geometry = ImageGeometry((30, rows, columns), (*pixel_mm, 3.0), (-119.5, -80.0, 0.0))
    x, y = np.meshgrid(np.arange(columns) * pixel_mm[0] - 119.5, np.arange(rows) * pixel_mm[1] - 80.0)
    plane = np.full((rows, columns), -1000.0)
    plane[(x / 100) ** 2 + (y / 70) ** 2 <= 1] = 45
    plane[(np.abs(x) <= 105) & (np.abs(y - ROD_Y) <= 14)] = pad_hu
    hu = np.repeat(plane[None], 30, axis=0)
    for n, value in enumerate(rods_hu):
        center = SPACING * (n - (len(rods_hu) - 1) / 2)
        inside = np.hypot(x - center, y - ROD_Y) <= 7
        hu[:, inside] = value + drift_hu * (np.arange(30) / 29 - 0.5)[:, None]
    hu += np.random.default_rng(3).normal(0, noise_hu, hu.shape)
    return CTImage(np.rint(hu).astype(np.int16), geometry, Acquisition(**acquisition))  # type: ignore[arg-type]
