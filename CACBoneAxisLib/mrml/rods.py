"""Show calibration phantom rods over the CT to check and correct."""

from __future__ import annotations

from typing import Any

import numpy as np

from CACBoneAxisLib.bone.phantomscan import PhantomScan
from CACBoneAxisLib.bone.rods import MEASURED_RADII, RodAxis
from CACBoneAxisLib.imaging.geometry import ImageGeometry, swap_ras_lps
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.mrml.markups import add_points_node, points_from_node
from CACBoneAxisLib.report.bonefigures import ROD_COLORS
from CACBoneAxisLib.report.segmentation import Segment

# Node references of a reading: segmentation showing the rods, points locating them.
ROD_SEGMENTS, ROD_POINTS = "rodSegments", "rodPoints"


def rod_names(scan: PhantomScan) -> list[str]:
    """Return rod names: from the certificate, or numbers if the rods differ."""
    names = [rod.name for rod in scan.phantom.rods]
    return names if len(names) == len(scan.axes) else [str(n) for n in range(1, len(scan.axes) + 1)]


def rod_segments(scan: PhantomScan, geometry: ImageGeometry) -> list[Segment]:
    """Return a segment per detected rod: the measured disc in every slice.

    Rejected rods are shown too, because the reader has to see what is wrong with them.

    Parameters
    ----------
    scan : phantom measurement of the scan
    geometry : geometry of the CT in axial order
    """
    return [
        Segment(f"rod-{name}", f"Rod {name}", ROD_COLORS[number % len(ROD_COLORS)], "", (mask,))
        for number, (name, axis) in enumerate(zip(rod_names(scan), scan.axes, strict=True))
        if (mask := disc_mask(axis, geometry)) is not None
    ]


def add_rod_points(scan: PhantomScan, geometry: ImageGeometry, scene: Any) -> Any:
    """Add and return a point list with a point per detected rod, certificate order.

    Rods are measured at the points, which the reader can move (``rod_centers_ras_mm``).
    """
    height = float(geometry.to_lps((np.asarray(geometry.shape[::-1]) - 1) / 2)[2])
    points = tuple(
        ControlPoint(name, (*axis.at(height), height)) for name, axis in zip(rod_names(scan), scan.axes, strict=True)
    )
    return add_points_node(PointList("Phantom rods", points), scene)


def rod_centers_ras_mm(node: Any) -> list[list[float]]:
    """Return a point list node's placed points, RAS mm, in settings form.

    Empty without a node.
    """
    points = () if node is None else points_from_node(node).points
    return [[float(value) for value in swap_ras_lps(point.position_mm)] for point in points]


def disc_mask(axis: RodAxis, geometry: ImageGeometry) -> Mask | None:
    """Return the measured voxels of a rod in every slice, None if outside the scan."""
    slices, rows, columns = geometry.shape
    radius = MEASURED_RADII * axis.radius_mm
    heights = geometry.to_lps(np.column_stack([np.zeros((slices, 2)), np.arange(slices)]))[:, 2]
    centers = np.array([(*axis.at(float(z)), z) for z in heights])
    middle = geometry.to_index(centers)
    reach = radius / np.asarray(geometry.spacing_mm[:2]) + 1
    low = np.maximum(np.floor(middle[:, :2].min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(middle[:, :2].max(axis=0) + reach) + 1, (columns, rows)).astype(int)
    if np.any(high <= low):
        return None
    x, y, z = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]), np.arange(slices), indexing="ij")
    points = geometry.to_lps(np.stack([x, y, z], axis=-1))
    away = np.hypot(points[..., 0] - centers[:, 0], points[..., 1] - centers[:, 1])
    inside = np.argwhere(away.transpose(2, 1, 0) <= radius)
    return Mask.from_indices(inside + np.array([0, low[1], low[0]])) if len(inside) else None
