"""Paint shapes on a CT grid, slab by slab, with partial volume at edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry

Array = NDArray[np.floating]
Bounds = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
Counts = tuple[int, int, int]
ONE: Counts = (1, 1, 1)
Shape = Callable[[Array, Array, Array], Array]
Fill = float | Callable[[Bounds], Array]


@dataclass(frozen=True, eq=False)
class Frame:
    """The scan grid and the patient's pose in it: scan = rotation @ patient (LPS, mm) * scale."""

    geometry: ImageGeometry
    thickness_mm: float
    rotation: NDArray[np.float64]
    scale: float = 1.0

    @property
    def turned(self) -> bool:
        """Whether the patient's axes differ from the scan's."""
        return not np.array_equal(self.rotation, np.eye(3))

    def to_scan(self, patient_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return scan LPS of points of the patient, shape (..., 3)."""
        return np.asarray(patient_mm, dtype=float) @ self.rotation.T * self.scale

    def bounds(self, low: NDArray[np.floating], high: NDArray[np.floating], margin: float = 1.5) -> Bounds | None:
        """Return the voxels ((z, z), (y, y), (x, x)) that hold a box of the patient, None where none does."""
        if self.turned:
            picks = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T
            corners = self.to_scan(np.where(picks, high, low))
            low, high = corners.min(axis=0), corners.max(axis=0)
        else:
            low, high = np.asarray(low) * self.scale, np.asarray(high) * self.scale
        spacing = np.asarray(self.geometry.spacing_mm)
        origin = np.asarray(self.geometry.origin_mm)
        first = np.maximum(np.floor((low - origin) / spacing - margin), 0).astype(int)
        last = np.minimum(np.ceil((high - origin) / spacing + margin) + 1, self.geometry.shape[::-1]).astype(int)
        if np.any(last <= first):
            return None
        return (int(first[2]), int(last[2])), (int(first[1]), int(last[1])), (int(first[0]), int(last[0]))

    def coordinates(self, bounds: Bounds, oversampling: Counts = ONE) -> tuple[Array, Array, Array]:
        """Return the patient's L, P, S (mm) of the sample points in a block of voxels, as arrays that broadcast.

        ``oversampling`` (z, y, x) points along each axis of a voxel, equidistant, over the slice's thickness along z.
        """
        (z0, z1), (y0, y1), (x0, x1) = bounds
        step_z, step_y, step_x = ((np.arange(n) + 0.5) / n - 0.5 for n in oversampling)
        sx, sy, sz = self.geometry.spacing_mm
        ox, oy, oz = self.geometry.origin_mm
        x = (ox + sx * (np.arange(x0, x1)[:, None] + step_x)).ravel()
        y = (oy + sy * (np.arange(y0, y1)[:, None] + step_y)).ravel()
        z = (oz + sz * np.arange(z0, z1)[:, None] + self.thickness_mm * step_z).ravel()
        x, y, z = x[None, None, :] / self.scale, y[None, :, None] / self.scale, z[:, None, None] / self.scale
        if self.turned:
            r = self.rotation
            x, y, z = (r[0, i] * x + r[1, i] * y + r[2, i] * z for i in range(3))
        return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def coverage(f: Array, z_ratio: float = 1.0) -> Array:
    """Return the fraction of each voxel where ``f < 0``, for a smooth ``f`` sampled at centres, shape (z, y, x).

    To first order the edge is a plane, and ``f`` changes across a voxel by the sum of its
    differences along the three axes; ``z_ratio`` is slice thickness over increment. The
    scale of ``f`` does not matter.
    """
    width = np.zeros(f.shape, dtype=np.float32)
    for axis, ratio in ((0, z_ratio), (1, 1.0), (2, 1.0)):
        if f.shape[axis] > 1 and ratio > 0:
            step = np.abs(np.diff(f, axis=axis))
            if ratio != 1:
                step *= np.float32(ratio)
            part: list[slice] = [slice(None)] * 3
            part[axis] = slice(0, -1)
            width[tuple(part)] += step
            part[axis] = slice(-1, None)
            width[tuple(part)] += step[tuple(part)]
    np.maximum(width, np.float32(1e-12), out=width)
    np.divide(f, width, out=width)
    np.subtract(np.float32(0.5), width, out=width)
    return np.clip(width, 0, 1, out=width)


def block_mean(fine: Array, oversampling: Counts) -> Array:
    """Return the mean over blocks of ``oversampling`` (z, y, x) samples."""
    (nz, ny, nx), (a, b, c) = (n // k for n, k in zip(fine.shape, oversampling, strict=True)), oversampling
    blocks = fine.reshape(nz, a, ny, b, nx, c)
    return blocks.mean(axis=(1, 3, 5), dtype=np.float64).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Patch:
    """A finished structure: its block, premultiplied HU, and transparency to what lies below."""

    bounds: Bounds
    color: Array
    transparency: Array | float


class Slab:
    """A stack of adjacent slices being painted."""

    def __init__(self, frame: Frame, z0: int, z1: int, background_hu: float = -1000.0) -> None:
        self.frame = frame
        self.z0, self.z1 = z0, z1
        _, ny, nx = frame.geometry.shape
        self.hu: Array = np.full((z1 - z0, ny, nx), background_hu, dtype=np.float32)

    def clip(self, bounds: Bounds | None) -> Bounds | None:
        """Return the part of a block that lies in this slab."""
        if bounds is None:
            return None
        (a, b), y, x = bounds
        a, b = max(a, self.z0), min(b, self.z1)
        return ((a, b), y, x) if a < b else None

    def index(self, bounds: Bounds) -> tuple[slice, slice, slice]:
        """Return a block as an index into the slab's array."""
        (a, b), y, x = bounds
        return slice(a - self.z0, b - self.z0), slice(*y), slice(*x)

    def cover(self, low: tuple, high: tuple, shape: Shape, upright: bool = False) -> tuple[Bounds, Array] | None:
        """Return the block around a shape in this slab and the fraction of each voxel it fills.

        An ``upright`` shape has vertical walls, so only in-plane edges matter.
        """
        bounds = self.clip(self.frame.bounds(np.asarray(low), np.asarray(high)))
        if bounds is None:
            return None
        (a, b), y, x = bounds
        if upright and not self.frame.turned:
            f = np.broadcast_to(shape(*self.frame.coordinates(bounds)), (b - a, y[1] - y[0], x[1] - x[0]))
            return bounds, coverage(f, 0.0)
        wide: Bounds = ((a - 1, b + 1), y, x)
        f = shape(*self.frame.coordinates(wide))
        size = (b - a + 2, y[1] - y[0], x[1] - x[0])
        f = np.broadcast_to(f, size)
        ratio = self.frame.thickness_mm / self.frame.geometry.slice_increment_mm
        return bounds, coverage(f, ratio)[1:-1]

    def paint(self, low: tuple, high: tuple, shape: Shape, fill: Fill, upright: bool = False) -> None:
        """Paint a shape (negative inside, patient mm) over the slab."""
        found = self.cover(low, high, shape, upright)
        if found is not None:
            self.blend(found[0], found[1], fill)

    def blend(self, bounds: Bounds, opacity: Array, fill: Fill) -> None:
        """Blend a block of given opacity over the slab."""
        view = self.hu[self.index(bounds)]
        color = fill(bounds) if callable(fill) else np.float32(fill)
        change = color - view
        change *= opacity
        view += change

    def compose(self, patch: Patch) -> None:
        """Composite a finished structure over the slab."""
        bounds = self.clip(patch.bounds)
        if bounds is None:
            return
        start = patch.bounds[0][0]
        part = slice(bounds[0][0] - start, bounds[0][1] - start)
        view = self.hu[self.index(bounds)]
        if not isinstance(patch.transparency, float):
            view *= patch.transparency[part]
        view += patch.color[part]


class Brush:
    """Paints one structure on an oversampled grid and averages it to voxels."""

    def __init__(self, frame: Frame, bounds: Bounds, oversampling: Counts) -> None:
        self.bounds, self.oversampling = bounds, oversampling
        self.x, self.y, self.z = frame.coordinates(bounds, oversampling)
        self.shape = tuple((b - a) * n for (a, b), n in zip(bounds, oversampling, strict=True))
        self.color: Array = np.zeros(self.shape, dtype=np.float32)
        self.below: Array = np.ones(self.shape, dtype=np.float32)

    def fill(self, f: Array, hu: float | Array) -> Array:
        """Paint where ``f < 0`` and return the opacity on the fine grid."""
        opacity = coverage(np.broadcast_to(f, self.shape))
        self.blend(opacity, hu)
        return opacity

    def blend(self, opacity: Array, hu: float | Array) -> None:
        """Paint with a given opacity on the fine grid."""
        self.color += opacity * (hu - self.color)
        self.below *= 1 - opacity

    def patch(self) -> Patch:
        """Return the structure averaged to voxels."""
        n = self.oversampling
        return Patch(self.bounds, block_mean(self.color, n), block_mean(self.below, n))
