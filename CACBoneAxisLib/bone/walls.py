"""Find the wall of a vertebral body in its mid-height cross-section, and the spinal canal behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STEP_MM = 1.0
REACH_MM = {"left": 34.0, "front": 34.0, "back": 62.0}
ANGLES = 36
HALF_WIDTHS_MM = np.arange(10.0, 29.0, 2.0)
HALF_DEPTHS_MM = np.arange(8.0, 23.0, 2.0)
# Bodies are nearly round (mid thoracic) to twice as wide as deep (lumbar).
RATIO = (0.95, 1.9)
# The weight of a wall rises from 0 to 1 between these brightnesses.
WALL_HU = (60.0, 160.0)
FULL_FALL_HU = 100.0
# Inside the wall is spongy bone: a departure of this size counts fully against an ellipse, times the weight.
DEPARTURE_HU, INTERIOR_WEIGHT = 120.0, 1.0
MIDDLE_MM = 6.0
HOLLOW = 0.14
# Bodies are wider than deep; rounder ones are increasingly rare.
ROUND, ROUND_COST = 1.15, 0.5
CANDIDATES, LOOKED_AT, APART_MM = 3, 400, 4.5
CANAL_RADIUS_MM = 5.0
CANAL_STRIP_MM, CANAL_REACH_MM, LEAST_RISE_HU = 4.0, 18.0, 40.0
CANAL_HU = (-70.0, 120.0)
BONE_HU = 170.0


@dataclass(frozen=True)
class Wall:
    """An ellipse in the cross-section: centre to the left and back of the point (mm), half axes (mm), visibility.

    ``seen`` is the fraction of the contour that falls from bone to softer tissue.
    """

    left_mm: float
    back_mm: float
    half_width_mm: float
    half_depth_mm: float
    seen: float


@dataclass(frozen=True)
class Canal:
    """The spinal canal: centre to the left and back of the point (mm), HU, and fraction surrounded by bone."""

    left_mm: float
    back_mm: float
    hu: float
    enclosed: float


def cross_section_axes() -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the sampling grid of cross-sections (mm, to the left and to the back)."""
    return (
        np.arange(-REACH_MM["left"], REACH_MM["left"] + 0.1, STEP_MM),
        np.arange(-REACH_MM["front"], REACH_MM["back"] + 0.1, STEP_MM),
    )


@cache
def _angles() -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    return np.cos(angle), np.sin(angle)


@cache
def _outline() -> tuple[NDArray[np.floating], ...]:
    """Return points, outward normals and weights of the outline with half axes 1.

    An ellipse in front; behind flatter (a superellipse of exponent 3) and concave towards the canal.
    Directions of pedicles and ribs get little weight.
    """
    cos, sin = _angles()
    x = np.where(sin > 0, np.sign(cos) * np.abs(cos) ** (2 / 3), cos)
    y = np.where(sin > 0, np.abs(sin) ** (2 / 3) - HOLLOW * np.maximum(0.0, 1 - (x / 0.75) ** 2), sin)
    along_x, along_y = np.roll(x, -1) - np.roll(x, 1), np.roll(y, -1) - np.roll(y, 1)
    length = np.hypot(along_x, along_y)
    weight = np.where((y > 0.3) & (np.abs(x) > 0.5), 0.35, 1.0)
    return x, y, along_y / length, -along_x / length, weight / weight.sum()


@cache
def _interior() -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return points spread evenly within the outline, up to the blurred wall."""
    x, y, *_ = _outline()
    parts = [(r, np.arange(0, ANGLES, step)) for r, step in ((0.0, ANGLES), (0.3, 7), (0.55, 4), (0.75, 3), (0.88, 2))]
    x, y = (np.concatenate([r * axis[picked] for r, picked in parts]) for axis in (x, y))
    bone = (y < 0.45) | (np.abs(x) < 0.45)
    return x[bone], y[bone]


def find_wall(section: NDArray[np.floating], reach_mm: float) -> Wall | None:
    """Find the ellipse whose contour falls most from bright wall to softer surroundings; None without one.

    Parameters
    ----------
    section : array (left, back) on the grid of ``cross_section_axes``, HU
    reach_mm : largest distance of its centre from the point
    """
    known = np.where(np.isfinite(section), section, 0.0)
    u, v = cross_section_axes()
    spongy = float(np.median(known[np.hypot(u[:, None], v[None, :]) <= MIDDLE_MM]))
    far = np.arange(-reach_mm, reach_mm + 0.1, 3.0)
    rough = ndimage.gaussian_filter(known, 1.8)
    sharp = ndimage.gaussian_filter(known, 0.8)
    best: tuple[float, Wall] | None = None
    for _, start in _ellipses(rough, (far, far), HALF_WIDTHS_MM, HALF_DEPTHS_MM, spongy, CANDIDATES):
        found = start
        for near in (np.arange(-2.0, 2.1), np.arange(-1.5, 1.6, 0.75)):
            centers = (found.left_mm + near, found.back_mm + near)
            finer = _ellipses(sharp, centers, found.half_width_mm + near, found.half_depth_mm + near, spongy, 1)
            if not finer:
                break
            score, found = finer[0]
        else:
            if best is None or score > best[0]:
                best = score, found
    return best[1] if best and best[1].seen > 0 else None


def _ellipses(
    section: NDArray[np.floating],
    centers_mm: tuple[NDArray[np.floating], NDArray[np.floating]],
    half_widths_mm: NDArray[np.floating],
    half_depths_mm: NDArray[np.floating],
    spongy_hu: float,
    count: int,
) -> list[tuple[float, Wall]]:
    """Return the best ellipses with their scores, best first, none close to another."""
    gradient = np.gradient(section, STEP_MM)
    inside = np.clip((section - WALL_HU[0]) / (WALL_HU[1] - WALL_HU[0]), 0.0, 1.0)
    u, v = cross_section_axes()
    x, y, normal_x, normal_y, weight = _outline()
    cu, cv = centers_mm
    a, b = (half.ravel() for half in np.meshgrid(half_widths_mm, half_depths_mm, indexing="ij"))
    allowed = (
        (a / b >= RATIO[0])
        & (a / b <= RATIO[1])
        & (b >= HALF_DEPTHS_MM[0])
        & (b <= HALF_DEPTHS_MM[-1])
        & (a >= HALF_WIDTHS_MM[0])
    )
    a, b = a[allowed], b[allowed]
    if not a.size:
        return []
    nu, nv = normal_x / a[:, None], normal_y / b[:, None]
    length = np.hypot(nu, nv)
    nu, nv = nu / length, nv / length
    pu = (cu[:, None, None] + a[:, None] * x - u[0]) / STEP_MM
    pv = (cv[:, None, None] + b[:, None] * y - v[0]) / STEP_MM

    def place(du: Any, dv: Any) -> NDArray[np.integer]:
        i = np.clip(np.rint(pu + du), 0, len(u) - 1).astype(np.int32)[:, None]
        j = np.clip(np.rint(pv + dv), 0, len(v) - 1).astype(np.int32)[None, :]
        return i * len(v) + j

    # Drop across the wall, weighted by the brightness a millimetre further in.
    on, within = place(0.0, 0.0), place(-nu / STEP_MM, -nv / STEP_MM)
    fall = -(gradient[0].ravel()[on] * nu + gradient[1].ravel()[on] * nv) * 2
    score = np.clip(fall / FULL_FALL_HU, -0.3, 1.0) * inside.ravel()[within]
    iu, iv = _interior()
    pu = (cu[:, None, None] + a[:, None] * iu - u[0]) / STEP_MM
    pv = (cv[:, None, None] + b[:, None] * iv - v[0]) / STEP_MM
    departure = np.clip(np.abs(section - spongy_hu) / DEPARTURE_HU, 0.0, 1.0)
    contour = (score * weight).sum(axis=-1)
    total = contour - INTERIOR_WEIGHT * departure.ravel()[place(0.0, 0.0)].mean(axis=-1)
    total -= ROUND_COST * np.maximum(0.0, ROUND - a / b)
    found: list[tuple[float, Wall]] = []
    for n in np.argsort(total, axis=None)[::-1][:LOOKED_AT]:
        i, j, k = np.unravel_index(int(n), total.shape)
        wall = Wall(float(cu[i]), float(cv[j]), float(a[k]), float(b[k]), float(contour[i, j, k]))
        if all(_apart(wall, other) for _, other in found):
            found.append((float(total[i, j, k]), wall))
            if len(found) == count:
                break
    return found


def _apart(one: Wall, other: Wall) -> bool:
    """Return whether two ellipses differ by more than the refinement covers."""
    ends = [(w.back_mm - w.half_depth_mm, w.back_mm + w.half_depth_mm, w.half_width_mm) for w in (one, other)]
    return any(abs(p - q) > APART_MM for p, q in zip(*ends, strict=True))


def find_canal(slab: NDArray[np.floating], wall: Wall) -> Canal | None:
    """Find the canal behind a body: continuous soft tissue surrounded by bone; None without soft tissue.

    Parameters
    ----------
    slab : array (left, back, along) on the grid of ``cross_section_axes``, HU, from endplate to endplate
    wall : of the body
    """
    u, v = cross_section_axes()
    filled = np.where(np.isfinite(slab), slab, 0.0)
    mean, most = filled.mean(axis=2), ndimage.gaussian_filter(filled, (0.7, 0.7, 0.0)).max(axis=2)
    grid_u, grid_v = np.meshgrid(np.arange(-9, 9.1, 1.5), np.arange(4.0, 19.1, 1.5), indexing="ij")
    cu, cv = grid_u.ravel() + wall.left_mm, grid_v.ravel() + wall.back_mm + wall.half_depth_mm
    du, dv = (d.ravel() for d in np.meshgrid(np.arange(-5, 5.1), np.arange(-5, 5.1), indexing="ij"))
    near = np.hypot(du, dv) <= CANAL_RADIUS_MM

    def at(array: NDArray[np.floating], pu: NDArray[np.floating], pv: NDArray[np.floating]) -> NDArray[np.floating]:
        i = np.clip(np.rint((pu - u[0]) / STEP_MM).astype(int), 0, len(u) - 1)
        j = np.clip(np.rint((pv - v[0]) / STEP_MM).astype(int), 0, len(v) - 1)
        return np.asarray(array[i, j])

    within = at(mean, cu[:, None] + du[near], cv[:, None] + dv[near])
    hu, spread = within.mean(axis=1), within.std(axis=1)
    cos, sin = _angles()
    radii = np.arange(6.0, 19.0)
    rays = at(most, cu[:, None, None] + radii[:, None] * cos, cv[:, None, None] + radii[:, None] * sin)
    ahead = sin < -0.3
    enclosed = (rays.max(axis=1)[:, ~ahead] > BONE_HU).mean(axis=1)
    soft = (hu > CANAL_HU[0]) & (hu < CANAL_HU[1])
    score = np.where(soft, enclosed - spread / 120 - np.abs(grid_u.ravel()) / 60, -np.inf)
    n = int(np.argmax(score))
    if not np.isfinite(score[n]):
        return None
    return Canal(float(cu[n]), float(cv[n]), float(hu[n]), float(enclosed[n]))


def with_posterior_wall(section: NDArray[np.floating], wall: Wall, canal: Canal) -> Wall:
    """Set the depth of the wall by the front of the canal, which is better visible than the thin wall.

    Parameters
    ----------
    section : as for ``find_wall``
    wall : from ``find_wall``
    canal : behind it
    """
    u, v = cross_section_axes()
    known = np.where(np.isfinite(section), section, 0.0)
    strip = known[np.abs(u - canal.left_mm) <= CANAL_STRIP_MM]
    profile = ndimage.gaussian_filter1d(strip.mean(axis=0), 0.8)
    within = float(profile[np.abs(v - canal.back_mm) <= 3.0].mean())
    ahead = (v <= canal.back_mm - 3.0) & (v >= canal.back_mm - CANAL_REACH_MM)
    rise = float(profile[ahead].max()) - within
    border = v[ahead & (profile > within + rise / 2)]
    if rise < LEAST_RISE_HU or not border.size:
        return wall
    front = wall.back_mm - wall.half_depth_mm
    # The strip lies in the concavity of the wall.
    half_depth = (float(border.max()) + STEP_MM / 2 - front) / (2 - HOLLOW)
    if not HALF_DEPTHS_MM[0] <= half_depth <= wall.half_width_mm / RATIO[0]:
        return wall
    return replace(wall, back_mm=front + half_depth, half_depth_mm=half_depth)
