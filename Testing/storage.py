"""One image in every axis order and sign, by SimpleITK, which knows nothing of the library."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.geometry import ImageGeometry

Order = tuple[tuple[int, ...], tuple[bool, ...]]
ORDERS: list[Order] = [(order, flips) for order in permutations(range(3)) for flips in product([False, True], repeat=3)]


def stored(
    hu: np.ndarray, spacing_mm: Sequence[float], origin_mm: Sequence[float], order: Sequence[int], flips: Sequence[bool]
) -> sitk.Image:
    """Return axial HU (z, y, x) as an image whose axes are permuted and flipped, and which lies where it lay."""
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(spacing_mm)
    image.SetOrigin(origin_mm)
    return sitk.Flip(sitk.PermuteAxes(image, order), flips, False)


def geometry_of(image: sitk.Image) -> ImageGeometry:
    """Return where the voxels of an ITK image are."""
    x, y, z = image.GetSize()
    rows = tuple(map(tuple, np.reshape(image.GetDirection(), (3, 3)).tolist()))
    return ImageGeometry((z, y, x), image.GetSpacing(), image.GetOrigin(), rows)
