"""Find calibration rods: a row of equal discs below the back, followed along the scan.

A rod is round, homogeneous and distinct from its surroundings; rods of a phantom have equal size, lie
in a straight row at equal distances, keep their positions from slice to slice, and have only couch
behind them. Nothing in a patient is all of that. Missing rods become a finding
(``bone/phantomscan.py``), never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, hypot

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from CACBoneAxisLib.imaging.image import CTImage

Array = NDArray[np.floating]

# Slices averaged into one search image, and the largest number of such images.
BLOCK_MM, MOST_BLOCKS = 40.0, 8
WORKING_PIXEL_MM = 1.0
RADII_MM = (5.0, 6.0, 7.0, 8.0, 9.5, 11.0, 13.0)
# Disc inside the rod and ring around it, in radii; the blurred edge lies between them.
DISC, RING_FROM, RING_TO = 0.7, 1.25, 1.5
LEAST_CONTRAST_HU, LARGEST_DISC_SD_HU = 20.0, 25.0
LEAST_SCORE = 2.0
NEAR_MM = 6.0
# Limits of the distance of neighbouring rods: not touching, and within the width of a phantom.
SPACING_RADII, LARGEST_SPACING_MM = 2.2, 60.0
LARGEST_ANGLE_TANGENT = 0.4
PLACE_TOLERANCE_MM = 3.0
RADIUS_RATIO = 1.4
LARGEST_RING_DIFFERENCE_HU = 60.0
# Largest fraction of tissue density behind a phantom, where couch and air lie.
TISSUE_HU, TISSUE_BEHIND = -300.0, 0.4
BEHIND_FROM_MM, BEHIND_TO_MM = 15.0, 60.0
LEAST_PRESENCE = 0.6
MEASURED_RADII = 0.6
RECENTRE_TIMES = 3


@dataclass(frozen=True)
class RodAxis:
    """Axis of a rod: LPS x and y (mm) at height z are ``at(z)``; radius in mm."""

    x0: float
    y0: float
    dx_dz: float
    dy_dz: float
    radius_mm: float

    def at(self, z_mm: float) -> tuple[float, float]:
        """Return L and P of the axis at a height S, mm."""
        return self.x0 + self.dx_dz * z_mm, self.y0 + self.dy_dz * z_mm


@dataclass(frozen=True)
class _Spot:
    x: float
    y: float
    radius: float
    score: float
    ring_hu: float


def find_rods(image: CTImage, expected: int) -> tuple[RodAxis, ...]:
    """Find a row of rods below the back, from the patient's right to left; empty without one.

    Parameters
    ----------
    image : CT in axial order, the patient on the back
    expected
        Number of rods of the phantom. A row of another number is returned as found, unless it has
        fewer than two.
    """
    blocks = _blocks(image)
    rows = [(z, _row(picture, image, expected)) for z, picture in blocks]
    found = [(z, row) for z, row in rows if row]
    if len(found) < LEAST_PRESENCE * len(blocks):
        return ()
    counts = [len(row) for _, row in found]
    usual = max(set(counts), key=lambda n: (counts.count(n), n == expected))
    chosen = [(z, row) for z, row in found if len(row) == usual]
    if len(chosen) < LEAST_PRESENCE * len(blocks):
        return ()
    heights = np.array([z for z, _ in chosen])
    axes = []
    for spots in zip(*(row for _, row in chosen), strict=True):
        x, y = np.array([s.x for s in spots]), np.array([s.y for s in spots])
        (dx, x0), (dy, y0) = _straight(heights, x), _straight(heights, y)
        off = np.hypot(x - x0 - dx * heights, y - y0 - dy * heights)
        if np.median(off) > PLACE_TOLERANCE_MM:
            return ()
        axes.append(RodAxis(x0, y0, dx, dy, float(np.median([s.radius for s in spots]))))
    return tuple(axes)


def measure_rods(image: CTImage, axes: tuple[RodAxis, ...]) -> Array:
    """Return the mean HU in each rod in each slice, shape (rods, slices); NaN where a rod leaves the scan.

    Over voxels with centres within 0.6 radii of the axis, clear of the blurred edge.
    """
    geometry = image.geometry
    sx, sy, _ = geometry.spacing_mm
    count = geometry.shape[0]
    values = np.full((len(axes), count), np.nan)
    for k in range(count):
        height = float(geometry.to_lps([0, 0, k])[2])
        for number, axis in enumerate(axes):
            x, y = axis.at(height)
            i, j, _ = geometry.to_index([x, y, height])
            reach = MEASURED_RADII * axis.radius_mm
            rows = np.arange(max(0, ceil(j - reach / sy)), min(geometry.shape[1], int(j + reach / sy) + 1))
            columns = np.arange(max(0, ceil(i - reach / sx)), min(geometry.shape[2], int(i + reach / sx) + 1))
            inside = np.hypot((rows[:, None] - j) * sy, (columns[None, :] - i) * sx) <= reach
            rx, ry = axis.radius_mm / sx, axis.radius_mm / sy
            whole = min(i - rx, j - ry) >= -0.5
            whole &= i + rx <= geometry.shape[2] - 0.5 and j + ry <= geometry.shape[1] - 0.5
            if whole and inside.any():
                values[number, k] = image.hu[k][np.ix_(rows, columns)][inside].mean(dtype=float)
    return values


def _blocks(image: CTImage) -> list[tuple[float, Array]]:
    """Return means over neighbouring slices, with the height of their middle."""
    count, increment = image.geometry.shape[0], image.geometry.slice_increment_mm
    number = int(np.clip(round(count * increment / BLOCK_MM), 1, MOST_BLOCKS))
    size = min(max(1, round(BLOCK_MM / increment)), count)
    blocks = []
    for middle in (np.arange(number) + 0.5) * count / number:
        first = int(np.clip(round(middle - size / 2), 0, count - size))
        picture = image.hu[first : first + size].mean(axis=0, dtype=np.float32)
        blocks.append((float(image.geometry.to_lps([0, 0, first + (size - 1) / 2])[2]), picture))
    return blocks


def _row(picture: Array, image: CTImage, expected: int) -> list[_Spot]:
    spacing = np.array(image.geometry.spacing_mm[1::-1])
    shrink = np.minimum(1.0, spacing / WORKING_PIXEL_MM)
    coarse = (
        picture if np.all(shrink > 0.95) else ndimage.zoom(picture, shrink, order=1, grid_mode=True, mode="nearest")
    )
    pixel = spacing * np.array(picture.shape) / np.array(coarse.shape)
    clipped = np.clip(coarse, -1000, 1500)
    # The score is a plateau in a homogeneous rod, so its peak may lie off the centre.
    spots = [_recentre(spot, clipped, pixel) for spot in _spots(clipped, pixel)]
    best: list[_Spot] = []
    for first in spots:
        for second in spots:
            run = _run(first, second, spots)
            if len(run) >= 2 and _rank(run, expected) > _rank(best, expected) and _nothing_behind(run, coarse, pixel):
                best = run
    if not best:
        return []
    recentred = [_recentre(spot, picture, spacing) for spot in best]
    origin = image.geometry.to_lps([0, 0, 0])
    radius = float(np.median([s.radius for s in best]))
    return [
        _Spot(float(origin[0]) + s.x, float(origin[1]) + s.y, radius, s.score, s.ring_hu)
        for s in sorted(recentred, key=lambda s: s.x)
    ]


def _rank(run: list[_Spot], expected: int) -> tuple[int, float]:
    """Rank a row by its distance from the expected number, then by its clarity."""
    return (-abs(len(run) - expected) if run else -99, sum(s.score for s in run))


def _spots(picture: Array, pixel: Array) -> list[_Spot]:
    """Return round homogeneous spots of a picture (y, x), positions and radius in mm from its first pixel's centre."""
    margin = ceil(RADII_MM[-1] * RING_TO / pixel.min()) + 1
    padded = np.pad(picture, margin, mode="edge")
    size = [fft.next_fast_len(n, real=True) for n in padded.shape]
    center = float(np.median(picture))
    plain, squared = (fft.rfft2((padded - center) ** power, size) for power in (1, 2))

    def local(inner: float, outer: float) -> tuple[Array, Array]:
        reach = [int(outer / p) for p in pixel]
        y, x = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
        distance = np.hypot(y * pixel[0], x * pixel[1])
        kernel = ((distance <= outer) & (distance >= inner)).astype(float)
        kernel /= kernel.sum()
        spectrum = fft.rfft2(kernel, size)
        window = tuple(slice(margin + r, margin + r + n) for r, n in zip(reach, picture.shape, strict=True))
        mean, square = (fft.irfft2(s * spectrum, size)[window] for s in (plain, squared))
        return mean + center, np.sqrt(np.maximum(square - mean**2, 0))

    best = np.zeros(picture.shape)
    radius, around = np.zeros(picture.shape), np.zeros(picture.shape)
    for r in RADII_MM:
        disc, disc_sd = local(0, DISC * r)
        ring, ring_sd = local(RING_FROM * r, RING_TO * r)
        contrast = np.abs(disc - ring)
        score = contrast / (disc_sd + 0.4 * ring_sd + 5)
        score[(contrast < LEAST_CONTRAST_HU) | (disc_sd > LARGEST_DISC_SD_HU) | (ring < TISSUE_HU)] = 0
        # Smaller discs fit into a rod too; the largest that scores nearly as well is the rod.
        better = score > best * 0.97
        best[better], radius[better], around[better] = score[better], r, ring[better]
    near = [2 * ceil(NEAR_MM / 2 / p) + 1 for p in pixel]
    peaks = np.argwhere((best >= LEAST_SCORE) & (best == ndimage.maximum_filter(best, near)))
    spots = [
        _Spot(float(x * pixel[1]), float(y * pixel[0]), float(radius[y, x]), float(best[y, x]), float(around[y, x]))
        for y, x in peaks
    ]
    return sorted(spots, key=lambda s: -s.score)[:120]


def _run(first: _Spot, second: _Spot, spots: list[_Spot]) -> list[_Spot]:
    """Extend two neighbours, the first on the patient's right, to a row."""
    dx, dy = second.x - first.x, second.y - first.y
    spacing = hypot(dx, dy)
    least = SPACING_RADII * max(first.radius, second.radius)
    if dx <= 0 or not least <= spacing <= LARGEST_SPACING_MM or abs(dy) > LARGEST_ANGLE_TANGENT * dx:
        return []
    if not _alike(first, second):
        return []
    run = [first, second]
    for ahead in (True, False):
        while True:
            end, other = (run[-1], run[-2]) if ahead else (run[0], run[1])
            x, y = 2 * end.x - other.x, 2 * end.y - other.y
            near = [s for s in spots if hypot(s.x - x, s.y - y) <= PLACE_TOLERANCE_MM and _alike(s, first)]
            if not near:
                break
            nearest = max(near, key=lambda s: s.score)
            run = [*run, nearest] if ahead else [nearest, *run]
    return run


def _alike(a: _Spot, b: _Spot) -> bool:
    ratio = max(a.radius, b.radius) / min(a.radius, b.radius)
    return ratio <= RADIUS_RATIO and abs(a.ring_hu - b.ring_hu) <= LARGEST_RING_DIFFERENCE_HU


def _nothing_behind(run: list[_Spot], picture: Array, pixel: Array) -> bool:
    """Return whether almost no tissue lies behind a row; beyond the image border lies none."""
    back = max(s.y + s.radius for s in run)
    low, high = (int((back + d) / pixel[0]) for d in (BEHIND_FROM_MM, BEHIND_TO_MM))
    columns = slice(max(0, int(run[0].x / pixel[1])), int(run[-1].x / pixel[1]) + 1)
    behind = picture[low:high, columns]
    return behind.size == 0 or float((behind > TISSUE_HU).mean()) <= TISSUE_BEHIND


def _recentre(spot: _Spot, picture: Array, spacing: Array) -> _Spot:
    """Move a spot to the centroid of the pixels that differ from its ring."""
    x, y = spot.x, spot.y
    reach = RING_FROM * spot.radius
    for _ in range(RECENTRE_TIMES):
        rows = np.arange(
            max(0, ceil((y - reach) / spacing[0])), min(picture.shape[0], int((y + reach) / spacing[0]) + 1)
        )
        columns = np.arange(
            max(0, ceil((x - reach) / spacing[1])), min(picture.shape[1], int((x + reach) / spacing[1]) + 1)
        )
        block = picture[np.ix_(rows, columns)] - spot.ring_hu
        sign = np.sign(block[len(rows) // 2, len(columns) // 2])
        inside = np.hypot(rows[:, None] * spacing[0] - y, columns[None, :] * spacing[1] - x) <= reach
        peak = np.median(np.abs(block[inside]))
        weight = np.clip(sign * block, 0, 2 * max(peak, 1.0)) * inside
        if weight.sum() <= 0:
            break
        y = float((weight.sum(axis=1) @ rows) / weight.sum() * spacing[0])
        x = float((weight.sum(axis=0) @ columns) / weight.sum() * spacing[1])
    if hypot(x - spot.x, y - spot.y) > 0.75 * spot.radius:
        return spot
    return _Spot(x, y, spot.radius, spot.score, spot.ring_hu)


def _straight(z: Array, value: Array) -> tuple[float, float]:
    """Fit a line robust against one outlier (median of slopes); return slope and value at 0."""
    if len(z) < 2:
        return 0.0, float(value[0])
    first, second = np.triu_indices(len(z), 1)
    slope = float(np.median((value[second] - value[first]) / (z[second] - z[first])))
    return slope, float(np.median(value - slope * z))
