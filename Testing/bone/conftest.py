"""A vertebra whose truth is known, for the tests of bone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage

MIDDLES_MM = {"T12": 64.0, "L1": 32.0, "L2": 0.0}


@pytest.fixture
def spine() -> Callable[..., CTImage]:
    """Return a maker of a spine of three bodies in soft tissue.

    Each body is a cylinder of 20 mm radius and 24 mm height about (0, 0, middle), with
    a 2 mm cortex of 600 HU at its wall and trabecular bone inside; 40 HU around it.
    """

    def make(trabecular: dict[str, float] | None = None, noise_hu: float = 0.0, **acquisition: object) -> CTImage:
        inside = {"T12": 160, "L1": 150, "L2": 130} | (trabecular or {})
        spacing = (1.0, 1.0, 2.0)
        geometry = ImageGeometry((65, 90, 90), spacing, (-44.5, -44.5, -32.0))
        x = np.arange(90) - 44.5
        z = np.arange(65) * 2.0 - 32.0
        radius = np.hypot(x[None, None, :], x[None, :, None])
        hu = np.full(geometry.shape, 40.0)
        for level, middle in MIDDLES_MM.items():
            body = (abs(z[:, None, None] - middle) <= 12) & (radius <= 20)
            hu[body] = 600
            hu[body & (radius <= 18)] = inside[level]
        hu += np.random.default_rng(1).normal(0, noise_hu, hu.shape) if noise_hu else 0
        return CTImage(np.rint(hu).astype(np.int16), geometry, Acquisition(**acquisition))  # type: ignore[arg-type]

    return make


@pytest.fixture
def labelled() -> Callable[..., LabelImage]:
    """Return a maker of a labelmap on a geometry."""

    def make(labels: np.ndarray, geometry: ImageGeometry, names: dict[int, str] | None = None) -> LabelImage:
        return LabelImage(labels, geometry, names, "labels.nii.gz")

    return make
