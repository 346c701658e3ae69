"""Find the descending aorta by its shape and measure the blood in it.

In an axial slice the descending aorta is a homogeneous disc, bordered by lung and fat on most
sides and by the spine behind or to the right. The search uses no blood threshold, so it works with
and without contrast agent. Discs of neighbouring slices form the path that looks most like an
aorta; without a convincing path of sufficient length nothing is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.contrast import ENHANCED_HU
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region

# Grid of the search; an aorta is 18 to 35 mm wide. Blood needs few slices, the course of the vessel more.
GRID_MM, FINE_GRID_MM, STEP_MM, FINE_STEP_MM = 3.0, 2.2, 15.0, 6.0
RADII_MM = (9.0, 11.0, 13.0, 15.0, 17.0)
DIRECTIONS = np.arange(24) * np.pi / 12
# Margin for the wall, which partial volume blurs and calcium brightens.
WALL_MM = 3.0
EVEN_HU = 28.0
DARKER_HU, BRIGHTER_HU, BONE_HU = 45.0, 60.0, 160.0
DARKEST_BLOOD_HU, BRIGHTEST_BLOOD_HU = -5.0, 700.0
FEWEST_DARK, MOST_BRIGHT = 0.3, 0.4
# Weight of a bright direction (spine) around a disc relative to a dark one (lung, fat).
BRIGHT_PART = 0.7
LUNG_HU, FEWEST_LUNG, LUNG_PART = -500.0, 0.15, 0.3
CANDIDATES = 6
# Relative difference of row and column spacing above which pixels are resampled to squares: 0.2 mm over a vessel.
SQUARE_TOLERANCE = 0.005
LOWEST_SCORE, PATH_SCORE = 0.45, 0.75
SHORTEST_PATH_MM = 30.0
# Largest movement of the centre between slices, in mm and in mm per mm of distance.
MOVE_MM, MOVE_PART = 2.0, 0.85
CHANGE_HU = 20.0
MIDDLE_PART = 0.6


@dataclass(frozen=True)
class Disc:
    """A disc in one slice that may be the aorta.

    Parameters
    ----------
    z : slice index
    y, x : centre, in pixels
    radius_mm : of the vessel with its wall
    score : quality of the fit, about 0 to 1
    hu : mean of its blood
    beside_lung : whether it borders lung
    """

    z: int
    y: float
    x: float
    radius_mm: float
    score: float
    hu: float
    beside_lung: bool


@dataclass(frozen=True)
class BloodPool:
    """HU and noise of blood.

    Parameters
    ----------
    hu : median of the voxels in the centre of the vessel
    noise_hu : standard deviation within a slice (from the median deviation), median over slices
    voxels, slices : numbers measured
    where : ``descending aorta`` or ``region``
    discs : the vessel in each slice measured; none for a region
    """

    hu: float
    noise_hu: float
    voxels: int
    slices: int
    where: str
    discs: tuple[Disc, ...] = ()


def blood_in_region(image: CTImage, box: Box) -> BloodPool | None:
    """Measure blood in the reader's region; None where it holds fewer than 20 voxels."""
    voxels = Region(box.center_mm, box.size_mm, box.axes).voxels(image.geometry)
    if voxels.mask is None or voxels.within < 20:
        return None
    mask = voxels.mask
    planes = image.hu[mask.slices]
    return _measured([plane[inside] for plane, inside in zip(planes, mask.voxels, strict=True)], "region", ())


def find_blood(image: CTImage, step_mm: float = STEP_MM) -> BloodPool | None:
    """Find the descending aorta and measure its blood; None where it is not found.

    Parameters
    ----------
    image : CT in axial order
    step_mm : approximate distance between the slices searched
    """
    dz = image.geometry.slice_increment_mm
    step = max(1, round(step_mm / dz))
    grid_mm = GRID_MM if step_mm > FINE_STEP_MM else FINE_GRID_MM
    found = [discs_in_slice(image, z, grid_mm) for z in range(0, image.geometry.shape[0], step)]
    path = _best_path(found, image.geometry.spacing_mm, step * dz)
    if path is None:
        return None
    layers = []
    dx, dy, _ = image.geometry.spacing_mm
    for disc in path:
        reach = MIDDLE_PART * disc.radius_mm
        y0, y1 = _span(disc.y, reach / dy, image.geometry.shape[1])
        x0, x1 = _span(disc.x, reach / dx, image.geometry.shape[2])
        y, x = np.ogrid[y0:y1, x0:x1]
        inside = ((y - disc.y) * dy) ** 2 + ((x - disc.x) * dx) ** 2 <= reach**2
        layers.append(image.hu[disc.z, y0:y1, x0:x1][inside])
    return _measured(layers, "descending aorta", tuple(path))


def _span(center: float, reach: float, size: int) -> tuple[int, int]:
    return max(0, int(np.ceil(center - reach))), min(size, int(np.floor(center + reach)) + 1)


def _measured(layers: list[NDArray], where: str, discs: tuple[Disc, ...]) -> BloodPool:
    values = np.concatenate(layers).astype(np.float64)
    # A median deviation is 0.6745 standard deviations of a normal distribution, and robust against calcium.
    noise = [float(np.median(np.abs(v - np.median(v)))) / 0.6745 for v in layers if v.size > 1]
    return BloodPool(float(np.median(values)), float(np.median(noise)), int(values.size), len(layers), where, discs)


def discs_in_slice(image: CTImage, z: int, grid_mm: float = FINE_GRID_MM) -> list[Disc]:
    """Return the discs of a slice that could be the descending aorta, best first."""
    plane, pixel, to_y, to_x = _coarse(image, z, grid_mm)
    body = _body(plane)
    if body is None:
        return []
    (top, bottom), (left, right) = body
    middle = (left + right) / 2
    rows = (int(top + 0.35 * (bottom - top)), int(top + 0.92 * (bottom - top)))
    columns = (max(0, int(middle - 30 / pixel)), min(plane.shape[1], int(middle + 75 / pixel)))
    if rows[1] - rows[0] < 3 or columns[1] - columns[0] < 3:
        return []
    margin = int((max(RADII_MM) + 15) / pixel) + 2
    padded = np.pad(plane, margin, mode="edge")
    fits = _fits(padded, margin, rows, columns, pixel)
    scores = np.stack([fit.score for fit in fits])
    found = []
    apart = round(8 / pixel)
    for _ in range(CANDIDATES):
        r, i, j = np.unravel_index(int(np.argmax(scores)), scores.shape)
        best = float(scores[r, i, j])
        if best <= LOWEST_SCORE:
            break
        y, x = float(rows[0] + i) * to_y[0] + to_y[1], float(columns[0] + j) * to_x[0] + to_x[1]
        found.append(Disc(z, y, x, RADII_MM[r], best, float(fits[r].mean[i, j]), bool(fits[r].lung[i, j])))
        scores[:, max(0, i - apart) : i + apart + 1, max(0, j - apart) : j + apart + 1] = 0
    return found


Line = tuple[float, float]


def _coarse(image: CTImage, z: int, grid_mm: float) -> tuple[NDArray[np.float32], float, Line, Line]:
    """Return a slice as block means on square pixels, their size, and (factor, offset) to rows and to columns."""
    dx, dy, _ = image.geometry.spacing_mm
    down, across = max(1, round(grid_mm / dy)), max(1, round(grid_mm / dx))
    height, width = image.hu.shape[1] // down, image.hu.shape[2] // across
    blocks = image.hu[z, : height * down, : width * across].reshape(height, down, width, across)
    plane = blocks.mean(axis=(1, 3), dtype=np.float32)
    pixel, ratio = dx * across, dx * across / (dy * down)
    if abs(ratio - 1) <= SQUARE_TOLERANCE:
        ratio = 1.0
    else:
        size = (int((height - 1) / ratio) + 1, width)
        plane = ndimage.affine_transform(plane, (ratio, 1.0), output_shape=size, order=1)
    return plane, pixel, (ratio * down, (down - 1) / 2), (float(across), (across - 1) / 2)


def _body(plane: NDArray[np.float32]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return the rows and columns spanned by the largest component of soft tissue."""
    labels, count = ndimage.label(plane > -300)
    if not count:
        return None
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    rows, columns = ndimage.find_objects(labels)[largest - 1]
    return (rows.start, rows.stop), (columns.start, columns.stop)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Fit of discs of one radius at every centre: score, mean HU, and whether lung borders it."""

    score: NDArray[np.float64]
    mean: NDArray[np.float64]
    lung: NDArray[np.bool_]


def _fits(
    padded: NDArray[np.float32], margin: int, rows: tuple[int, int], columns: tuple[int, int], pixel: float
) -> list[_Fit]:
    """Fit discs of all radii around the centres in these rows and columns."""
    shape = (rows[1] - rows[0], columns[1] - columns[0])
    most = int((RADII_MM[-1] - WALL_MM) / pixel)
    steps = [(a, b) for a in range(-most, most + 1) for b in range(-most, most + 1)]
    steps.sort(key=lambda step: step[0] ** 2 + step[1] ** 2)
    total, squares, count = np.zeros(shape), np.zeros(shape), 0
    fits = []
    for radius in RADII_MM:
        # Sums accumulate: each disc contains the smaller ones.
        while count < len(steps) and np.hypot(*steps[count]) * pixel <= radius - WALL_MM:
            y, x = (first + margin + step for first, step in zip((rows[0], columns[0]), steps[count], strict=True))
            values = padded[y : y + shape[0], x : x + shape[1]].astype(np.float64)
            total += values
            squares += values * values
            count += 1
        mean = total / count
        spread = np.sqrt(np.maximum(squares / count - mean * mean, 0.0))
        even = (mean >= DARKEST_BLOOD_HU) & (mean <= BRIGHTEST_BLOOD_HU) & (spread <= EVEN_HU)
        centers = np.argwhere(even)
        score, lung = np.zeros(shape), np.zeros(shape, dtype=bool)
        if len(centers):
            places = centers + np.array([rows[0] + margin, columns[0] + margin])
            score[even], lung[even] = _surrounded(padded, places, mean[even], radius, pixel)
        fits.append(_Fit(score, mean, lung))
    return fits


def _surrounded(
    padded: NDArray[np.float32], places: NDArray[np.intp], mean: NDArray[np.float64], radius: float, pixel: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Score the surroundings of discs at places (n, 2), and tell whether lung borders them."""

    def around(distance: float, angles: NDArray[np.float64]) -> NDArray[np.float32]:
        y = places[:, :1] + np.rint(distance * np.sin(angles) / pixel).astype(int)
        x = places[:, 1:] + np.rint(distance * np.cos(angles) / pixel).astype(int)
        return padded[y, x]

    count = DIRECTIONS.size
    ring = around(radius + 2.5, DIRECTIONS)
    dark = (ring < mean[:, None] - DARKER_HU).sum(axis=1)
    bright = (ring > mean[:, None] + BRIGHTER_HU).sum(axis=1)
    lung = (np.minimum(ring, around(radius + 7.0, DIRECTIONS)) < LUNG_HU).sum(axis=1)
    spine = DIRECTIONS[(np.sin(DIRECTIONS) > -0.2) & (np.cos(DIRECTIONS) < 0.5)]
    bone = np.maximum.reduce([around(radius + beyond, spine) for beyond in (5.0, 8.0, 11.0, 14.0)]).max(axis=1)
    fits = (bone > BONE_HU) & (dark >= FEWEST_DARK * count) & (bright <= MOST_BRIGHT * count)
    # Of two equal fits the larger is the vessel, the smaller a part of it.
    return np.where(fits, (dark + BRIGHT_PART * bright) / count + 0.004 * radius, 0.0), lung >= FEWEST_LUNG * count


def _best_path(found: list[list[Disc]], spacing_mm: tuple[float, float, float], step_mm: float) -> list[Disc] | None:
    """Return the path of discs in consecutive slices with the largest sum of scores above ``PATH_SCORE``."""
    dx, dy, _ = spacing_mm
    reach = MOVE_MM + MOVE_PART * step_mm
    ends: list[tuple[float, list[Disc]]] = []
    before: list[tuple[float, list[Disc]]] = []
    for discs in found:
        here = []
        for disc in discs:
            best: tuple[float, list[Disc]] = (0.0, [])
            for total, path in before:
                last = path[-1]
                moved = np.hypot((disc.y - last.y) * dy, (disc.x - last.x) * dx)
                if moved <= reach and abs(disc.hu - last.hu) <= CHANGE_HU and total > best[0]:
                    best = total, path
            here.append((best[0] + disc.score - PATH_SCORE, [*best[1], disc]))
        before = here
        ends += here
    if not ends:
        return None
    _, path = max(ends, key=lambda end: end[0])
    while path and path[-1].score < PATH_SCORE:
        path = path[:-1]
    if (len(path) - 1) * step_mm < SHORTEST_PATH_MM:
        return None
    # Round muscle beside the spine borders no lung and is never as bright as enhanced blood.
    thoracic = sum(disc.beside_lung for disc in path) >= LUNG_PART * len(path)
    return path if thoracic or np.median([disc.hu for disc in path]) > ENHANCED_HU else None
