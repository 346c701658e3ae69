"""Implicit shapes, negative inside: ellipsoids, tubes, columns varying with height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from CACBoneAxisLib.phantom.canvas import ONE, Array, Bounds, Counts, Frame, Slab

Points = ArrayLike
Vector = tuple[float, float, float]


class Profile:
    """A quantity that changes smoothly with height, from a few (S mm, value) knots."""

    def __init__(self, heights_mm: Sequence[float], values: Sequence[float]) -> None:
        self._z = np.arange(min(heights_mm) - 40.0, max(heights_mm) + 41.0)
        inside = np.clip(self._z, heights_mm[0], heights_mm[-1])
        self._values = PchipInterpolator(heights_mm, values)(inside)

    def __call__(self, z_mm: NDArray[np.floating] | float) -> Array:
        """Return the value at each height, same shape."""
        return np.interp(z_mm, self._z, self._values).astype(np.float32)


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid; ``axes`` holds its own axes as rows."""

    center: Vector
    radii: Vector
    axes: tuple[Vector, Vector, Vector] | None = None

    def grown(self, by_mm: float) -> Ellipsoid:
        """Return the ellipsoid with every radius increased."""
        x, y, z = (r + by_mm for r in self.radii)
        return Ellipsoid(self.center, (x, y, z), self.axes)

    @property
    def box(self) -> tuple[tuple, tuple]:
        """Low and high corner of the box around it, mm."""
        axes = np.eye(3) if self.axes is None else np.asarray(self.axes)
        reach = np.sqrt(((axes * np.asarray(self.radii)[:, None]) ** 2).sum(axis=0))
        return tuple(np.asarray(self.center) - reach), tuple(np.asarray(self.center) + reach)

    def _scaled(self, x: Array, y: Array, z: Array, power: int = 1) -> Array:
        """Return the squared distance from the centre in units of the radii to a power."""
        dx, dy, dz = (p - np.float32(c) for p, c in zip((x, y, z), self.center, strict=True))
        radii = [r**power for r in self.radii]
        if self.axes is None:
            rx, ry, rz = (np.float32(1 / r) for r in radii)
            return (dx * rx) ** 2 + (dy * ry) ** 2 + (dz * rz) ** 2
        total: Array = np.float32(0.0)  # type: ignore[assignment]
        for axis, radius in zip(self.axes, radii, strict=True):
            a, b, c = (np.float32(v / radius) for v in axis)
            total = total + (a * dx + b * dy + c * dz) ** 2
        return total

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance from the surface, mm, to first order, negative inside."""
        k0 = np.sqrt(self._scaled(x, y, z)) + np.float32(1e-6)
        k1 = np.sqrt(self._scaled(x, y, z, 2)) + np.float32(1e-6 / min(self.radii))
        return k0 * (k0 - 1) / k1

    def __call__(self, x: Array, y: Array, z: Array) -> Array:
        """Return a function that is zero on the surface, negative inside and near it changes by about 1 in a mm."""
        return (self._scaled(x, y, z) - 1) * np.float32(min(self.radii) / 2)


def frame_along(direction: Points, up: Vector = (0.0, 0.0, 1.0)) -> tuple[Vector, Vector, Vector]:
    """Return three orthonormal rows, the first along ``direction``, the third as near to ``up`` as it can be."""
    first = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    second = np.cross(up, first)
    if np.linalg.norm(second) < 1e-6:
        second = np.cross((0.0, 1.0, 0.0), first)
    second /= np.linalg.norm(second)
    third = np.cross(first, second)
    return tuple(tuple(float(c) for c in v) for v in (first, second, third))  # type: ignore[return-value]


class Curve:
    """A smooth path through points, parametrised by fraction of length from 0 to 1."""

    def __init__(self, points: Points) -> None:
        knots = np.asarray(points, dtype=float)
        chord = np.r_[0, np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))]
        dense = CubicSpline(chord, knots)(np.linspace(0, chord[-1], 300))
        length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))]
        self.length_mm = float(length[-1])
        self._fraction, self._points = length / length[-1], dense

    def point(self, fraction: float | NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the points, mm."""
        return np.stack([np.interp(fraction, self._fraction, axis) for axis in self._points.T], axis=-1)

    def tangent(self, fraction: float) -> NDArray[np.float64]:
        """Return the unit tangent at a fraction."""
        t = self.point(min(fraction + 0.005, 1.0)) - self.point(max(fraction - 0.005, 0.0))
        return np.asarray(t / np.linalg.norm(t))


class Tubes:
    """Straight pieces of round tube: ends (n, 3) and radii (n,), mm; ``flat`` scales the cross-section along S."""

    def __init__(self, start: Points, end: Points, radius_start: Points, radius_end: Points, flat: float = 1.0) -> None:
        self.start, self.end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        self.radius_start, self.radius_end = np.asarray(radius_start, dtype=float), np.asarray(radius_end, dtype=float)
        self.flat = flat
        self._boxes: dict[tuple[int, float], list[tuple[int, Bounds]]] = {}

    @classmethod
    def along(cls, points: Points, radii: float | Points, flat: float = 1.0) -> Tubes:
        """Return the tube through points (n, 3), of one radius or as many as points."""
        points = np.asarray(points, dtype=float)
        r = np.broadcast_to(np.asarray(radii, dtype=float), len(points))
        return cls(points[:-1], points[1:], r[:-1], r[1:], flat)

    @classmethod
    def joined(cls, parts: Sequence[Tubes]) -> Tubes:
        """Return several sets as one; they share the first's ``flat``."""
        names = ("start", "end", "radius_start", "radius_end")
        start, end, first, last = (np.concatenate([getattr(p, n) for p in parts]) for n in names)
        return cls(start, end, first, last, parts[0].flat)

    def _found(self, frame: Frame, reach_mm: float) -> list[tuple[int, Bounds]]:
        """Return the pieces that touch the scan, each with the block of voxels around it."""
        key = (id(frame), reach_mm)
        if key not in self._boxes:
            grow = np.maximum(self.radius_start, self.radius_end)[:, None] * [1, 1, 1 / self.flat] + reach_mm
            low, high = np.minimum(self.start, self.end) - grow, np.maximum(self.start, self.end) + grow
            boxes = ((i, frame.bounds(low[i], high[i], 0.0)) for i in range(len(low)))
            self._boxes[key] = [(i, b) for i, b in boxes if b is not None]
        return self._boxes[key]

    def distance(self, slab: Slab, reach_mm: float = 2.0) -> tuple[Bounds, Array] | None:
        """Return the block around the tubes in a slab and the distance from their surface there, mm.

        Exact up to ``reach_mm`` outside; farther voxels keep ``reach_mm``.
        """
        near = (slab.z0, slab.z1)
        kept = [
            (i, ((max(z[0], near[0]), min(z[1], near[1])), y, x))
            for i, (z, y, x) in self._found(slab.frame, reach_mm)
            if z[0] < near[1] and z[1] > near[0]
        ]
        if not kept:
            return None
        ends = np.array([b for _, b in kept])
        first, last = ends[:, :, 0].min(axis=0), ends[:, :, 1].max(axis=0)
        whole: Bounds = tuple((int(a), int(b)) for a, b in zip(first, last, strict=True))  # type: ignore[assignment]
        return whole, self._nearest(slab.frame, kept, whole, reach_mm, ONE)

    def within(self, frame: Frame, whole: Bounds, reach_mm: float, oversampling: Counts) -> Array:
        """Return the distance from the tubes' surface on the finer grid of a block, mm, up to ``reach_mm``."""
        kept = []
        for i, box in self._found(frame, reach_mm):
            cut = tuple((max(a, c), min(b, d)) for (a, b), (c, d) in zip(box, whole, strict=True))
            if all(a < b for a, b in cut):
                kept.append((i, cut))
        return self._nearest(frame, kept, whole, reach_mm, oversampling)  # type: ignore[arg-type]

    def _nearest(
        self, frame: Frame, kept: list[tuple[int, Bounds]], whole: Bounds, reach_mm: float, oversampling: Counts
    ) -> Array:
        size = tuple((b - a) * n for (a, b), n in zip(whole, oversampling, strict=True))
        nearest = np.full(size, reach_mm, dtype=np.float32)
        for i, bounds in kept:
            part = tuple(
                slice((a - o) * n, (b - o) * n) for (a, b), (o, _), n in zip(bounds, whole, oversampling, strict=True)
            )
            np.minimum(nearest[part], self._one(i, *frame.coordinates(bounds, oversampling)), out=nearest[part])
        return nearest

    def _one(self, i: int, x: Array, y: Array, z: Array) -> Array:
        scale = np.array([1.0, 1.0, self.flat])
        a = self.start[i] * scale
        d = self.end[i] * scale - a
        px, py, pz = x - np.float32(a[0]), y - np.float32(a[1]), z * np.float32(self.flat) - np.float32(a[2])
        dx, dy, dz = (np.float32(v) for v in d)
        along = (px * dx + py * dy + pz * dz) * np.float32(1 / max(float(d @ d), 1e-9))
        t = np.clip(along, 0, 1)
        away = np.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2 + (pz - t * dz) ** 2)
        return away - (np.float32(self.radius_start[i]) + t * np.float32(self.radius_end[i] - self.radius_start[i]))


def edge(distance_mm: Array, voxel_mm: float) -> Array:
    """Return how much of a voxel lies where a distance in mm is negative, for an edge one voxel wide."""
    return np.clip(0.5 - distance_mm * np.float32(1 / voxel_mm), 0, 1)
