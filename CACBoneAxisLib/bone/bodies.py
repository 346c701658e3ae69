"""Separate the body of a labelled vertebra from its posterior elements and fit its frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.geometry import ImageGeometry

# A ball of this radius fits into the smallest body (T1: about 20 x 25 x 17 mm) but not into pedicles (lumbar ones
# are up to 15 mm high but 8 to 10 mm wide, thoracic ones narrower) or processes.
OPENING_MM = 6.0
# Opening rounds the edges of a body, up to a tenth of it; posterior elements are a third of a vertebra.
POSTERIOR_FRACTION = 0.2
# Central part of width and depth in which endplates are fitted, as they are nearly flat there.
ENDPLATE_PART = 0.5
LARGEST_TILT_DEGREES = 45.0
MIDDLE_MM = 4.0


def vertebral_body(inside: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> tuple[NDArray[np.bool_], bool]:
    """Return the body of a vertebra's mask, and whether posterior elements were removed.

    Opening by a ball of 6 mm, with true spacing: the voxels within 6 mm of the largest component of
    those more than 6 mm from the outside. A mask that loses less than a fifth is already a body and
    is returned unchanged.

    Parameters
    ----------
    inside : bool array (z, y, x), with the whole vertebra
    spacing_mm : (x, y, z)
    """
    padded = np.pad(inside, 1)
    sampling = spacing_mm[::-1]
    deep = ndimage.distance_transform_edt(padded, sampling=sampling) > OPENING_MM
    components, count = ndimage.label(deep)
    if count == 0:
        return inside, False
    deep = components == int(np.argmax(np.bincount(components.ravel())[1:])) + 1
    # Distances to the first voxel outside are half a voxel too long; half the smallest spacing is subtracted.
    reach = OPENING_MM + min(spacing_mm) / 2
    body = (ndimage.distance_transform_edt(~deep, sampling=sampling) <= reach) & padded
    body = body[1:-1, 1:-1, 1:-1]
    if np.count_nonzero(body) >= (1 - POSTERIOR_FRACTION) * np.count_nonzero(inside):
        return inside, False
    return body, True


@dataclass(frozen=True)
class BodyFrame:
    """Frame of a vertebral body: centre (LPS mm), axes (columns left, back, head), and size.

    Width and depth are those at mid-height, height is that between the endplates at the centre.
    """

    center_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    width_mm: float
    depth_mm: float
    height_mm: float


def body_frame(body: NDArray[np.bool_], offset: tuple[int, int, int], geometry: ImageGeometry) -> BodyFrame | None:
    """Fit the frame of a body; None without usable endplates (too few voxels, or tilted over 45 degrees).

    The axis is the mean normal of the two endplates, each the least-squares plane through the
    outermost voxels of the central columns.

    Parameters
    ----------
    body : bool array (z, y, x), z to the head
    offset : (z, y, x) of ``body[0, 0, 0]`` in the image
    geometry : of the image
    """
    columns = body.any(axis=0)
    if np.count_nonzero(columns) < 9:
        return None
    y, x = np.nonzero(columns)
    middle, half = np.array([y.mean(), x.mean()]), np.array([np.ptp(y) + 1, np.ptp(x) + 1]) / 2 * ENDPLATE_PART
    central = (np.abs(y - middle[0]) <= half[0]) & (np.abs(x - middle[1]) <= half[1])
    y, x = y[central], x[central]
    low = body[:, y, x].argmax(axis=0) - 0.5
    high = body.shape[0] - body[::-1, y, x].argmax(axis=0) - 0.5
    ends = []
    for z in (low, high):
        points = geometry.to_lps(np.stack([x + offset[2], y + offset[1], z + offset[0]], axis=-1))
        center = points.mean(axis=0)
        # The direction of least spread is the normal of the plane.
        normal = np.linalg.svd(points - center, full_matrices=False)[2][-1] if len(points) >= 3 else np.zeros(3)
        ends.append((center, normal if normal[2] >= 0 else -normal))
    axis = ends[0][1] + ends[1][1]
    length = float(np.linalg.norm(axis))
    if length == 0 or axis[2] / length < np.cos(np.radians(LARGEST_TILT_DEGREES)):
        return None
    up = axis / length
    back = np.array([0.0, 1.0, 0.0]) - up[1] * up
    back /= np.linalg.norm(back)
    axes = np.column_stack([np.cross(back, up), back, up])
    center = (ends[0][0] + ends[1][0]) / 2
    points = geometry.to_lps((np.argwhere(body) + np.asarray(offset))[:, ::-1])
    local = (points - center) @ axes
    level = local[np.abs(local[:, 2]) <= max(MIDDLE_MM, geometry.slice_increment_mm)]
    if len(level) < 9:
        return None
    size = np.ptp(level[:, :2], axis=0) + np.array(geometry.spacing_mm[:2])
    center = center + axes[:, :2] @ ((level[:, :2].max(axis=0) + level[:, :2].min(axis=0)) / 2)
    height = float((ends[1][0] - ends[0][0]) @ up)
    return BodyFrame(center, axes, float(size[0]), float(size[1]), height)
