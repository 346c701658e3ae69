"""Reorient an image of any axis order and sign to axial slices."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry


def to_axial(array: NDArray, geometry: ImageGeometry) -> tuple[NDArray, ImageGeometry]:
    """Return the image with x towards the patient's left, y to the back and z to the head.

    Axes are only permuted and reversed: the order whose axes lie nearest to L, P and S is taken, so
    an oblique image stays oblique. Every voxel keeps its position in the patient.

    Parameters
    ----------
    array : (z, y, x), any type
    geometry : ImageGeometry of that array; left-handed directions are accepted

    Returns
    -------
    view : array (z, y, x)
        A view without copying; strides may be negative.
    geometry : ImageGeometry of the view

    Examples
    --------
    >>> upside_down = ImageGeometry((2, 1, 1), (1.0, 1.0, 3.0), (0.0, 0.0, 30.0), ((1, 0, 0), (0, 1, 0), (0, 0, -1)))
    >>> view, geometry = to_axial(np.array([[[10]], [[20]]]), upside_down)
    >>> view.ravel().tolist(), geometry.origin_mm
    ([20, 10], (0.0, 0.0, 27.0))
    """
    direction = np.asarray(geometry.direction)
    nearness = np.abs(direction)
    # order[i] is the stored axis (x, y, z = 0, 1, 2) that becomes canonical axis i.
    order = max(permutations(range(3)), key=lambda axes: sum(nearness[i, axis] for i, axis in enumerate(axes)))
    backwards = [direction[i, axis] < 0 for i, axis in enumerate(order)]

    view = array.transpose([2 - axis for axis in reversed(order)])
    view = view[tuple(slice(None, None, -1 if back else 1) for back in reversed(backwards))]

    first = np.zeros(3)
    for axis, back in zip(order, backwards, strict=True):
        if back:
            first[axis] = geometry.shape[2 - axis] - 1
    origin = geometry.to_lps(first)
    # + 0.0 turns -0.0 into 0.0.
    columns = np.stack([direction[:, a] * (-1.0 if b else 1.0) for a, b in zip(order, backwards, strict=True)], 1) + 0.0
    z, y, x = view.shape
    return view, ImageGeometry(
        shape=(z, y, x),
        spacing_mm=(geometry.spacing_mm[order[0]], geometry.spacing_mm[order[1]], geometry.spacing_mm[order[2]]),
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
        direction=tuple((float(r[0]), float(r[1]), float(r[2])) for r in columns),
    )
