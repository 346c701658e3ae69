"""Where the voxels of an image are in the patient (LPS, mm), and how RAS differs from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, degrees

import numpy as np
from numpy.typing import ArrayLike, NDArray

# DICOM, NRRD and NIfTI write a spacing with 16, 16 and 7 digits; seven are kept, so that the same patient gives
# the same digits from each.
SPACING_DIGITS = 7


def round_spacing(spacing_mm: float) -> float:
    """Round a spacing to the seven significant digits that every file format keeps.

    Examples
    --------
    >>> round_spacing(0.7000000123)
    0.7
    """
    return float(f"{spacing_mm:.{SPACING_DIGITS - 1}e}")


Point = tuple[float, float, float]

# LPS and RAS point opposite ways along the first two axes; the same matrix leads there and back.
RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def swap_ras_lps(points_mm: ArrayLike) -> NDArray[np.float64]:
    """Convert points from LPS to RAS, or back, shape (..., 3) to (..., 3).

    Examples
    --------
    >>> swap_ras_lps([[10.0, -20.0, 30.0]])
    array([[-10.,  20.,  30.]])
    """
    return np.asarray(points_mm, dtype=float) * (-1.0, -1.0, 1.0)


def as_point(values: ArrayLike) -> Point:
    """Return three coordinates as a tuple of Python floats.

    Examples
    --------
    >>> as_point(np.array([1, 2, 3]))
    (1.0, 2.0, 3.0)
    """
    x, y, z = np.asarray(values, dtype=float)
    return float(x), float(y), float(z)


def as_ras(point_lps_mm: ArrayLike) -> list[float]:
    """Return an LPS point as result files have it: a list of RAS mm, without -0.0.

    Examples
    --------
    >>> as_ras((0.0, -20.0, 30.0))
    [0.0, 20.0, 30.0]
    """
    return [float(value) + 0.0 for value in swap_ras_lps(point_lps_mm)]


@dataclass(frozen=True)
class ImageGeometry:
    """A regular grid of voxel centres in the patient.

    Parameters
    ----------
    shape : (slices, rows, columns)
        Shape of its array, ``(z, y, x)``.
    spacing_mm : (x, y, z)
        Distances between voxel centres; z is the slice increment.
    origin_mm : (L, P, S)
        Centre of voxel ``[0, 0, 0]``.
    direction : 3 rows of 3
        Columns are the unit vectors of x, y and z in LPS.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

    @property
    def slice_increment_mm(self) -> float:
        """Distance between the centres of neighbouring slices, mm."""
        return self.spacing_mm[2]

    @property
    def pixel_area_mm2(self) -> float:
        """In-plane area of a voxel, mm2."""
        return self.spacing_mm[0] * self.spacing_mm[1]

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of a voxel, mm3."""
        return self.pixel_area_mm2 * self.spacing_mm[2]

    @property
    def index_to_lps(self) -> NDArray[np.float64]:
        """4 x 4 matrix from a column ``(x, y, z, 1)`` of voxel indices to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.asarray(self.direction) * np.asarray(self.spacing_mm)
        matrix[:3, 3] = self.origin_mm
        return matrix

    def to_lps(self, indices_xyz: ArrayLike) -> NDArray[np.float64]:
        """Return LPS mm of (continuous) indices, shape (..., 3) to (..., 3)."""
        matrix = self.index_to_lps
        return np.asarray(indices_xyz, dtype=float) @ matrix[:3, :3].T + matrix[:3, 3]

    @property
    def index_to_ras(self) -> NDArray[np.float64]:
        """4 x 4 matrix from a column ``(x, y, z, 1)`` of voxel indices to RAS mm."""
        matrix: NDArray[np.float64] = RAS_LPS @ self.index_to_lps
        return matrix

    def voxel_center(self, voxel_zyx: ArrayLike) -> Point:
        """Return the centre of a voxel, LPS mm, of its (continuous) array indices.

        Examples
        --------
        >>> ImageGeometry((10, 512, 512), (0.5, 0.5, 3.0), (0.0, 0.0, -100.0)).voxel_center((2, 40, 20))
        (10.0, 20.0, -94.0)
        """
        return as_point(self.to_lps(np.asarray(voxel_zyx)[::-1]))

    def to_index(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return continuous indices (x, y, z) of LPS points, shape (..., 3) to (..., 3)."""
        matrix = self.index_to_lps
        offset = np.asarray(points_lps_mm, dtype=float) - matrix[:3, 3]
        return offset @ np.linalg.inv(matrix[:3, :3]).T

    @property
    def slice_tilt_degrees(self) -> float:
        """Angle between the slices' normal (rows x columns) and the patient's long axis."""
        direction = np.asarray(self.direction)
        normal = np.cross(direction[:, 0], direction[:, 1])
        cosine = abs(normal[2]) / np.linalg.norm(normal)
        return degrees(acos(min(1.0, float(cosine))))
