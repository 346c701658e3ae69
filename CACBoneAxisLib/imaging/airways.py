"""Trace the airways from the top: trachea, carina and main bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.image import CTImage

GRID_MM = 1.5
AIR_HU = -700.0
# A trachea is 13 to 27 mm wide and nearly round; margins for emphysema, scabbard shape and blur.
SMALLEST_TRACHEA_MM2, LARGEST_TRACHEA_MM2 = 70.0, 800.0
LONGEST_SIDES = 2.6
SMALLEST_BRONCHUS_MM2, LARGEST_BRONCHUS_MM2 = 18.0, 450.0
# Below this fraction of the area in the next slice, part of the airway was lost.
LOST_PART = 0.6
SHORTEST_TRACHEA_MM, SHORTEST_BRONCHI_MM = 20.0, 8.0
MIDDLE_MM = 45.0


@dataclass(frozen=True, eq=False)
class Airways:
    """Trachea and main bronchi.

    Parameters
    ----------
    lumen : bool array (slices, rows, columns), rows and columns every ``step`` pixels
    step : pixels between samples
    carina_slice : the lowest slice with an undivided trachea
    carina_zyx : its centre there, in voxels (z, y, x)
    """

    lumen: NDArray[np.bool_]
    step: int
    carina_slice: int
    carina_zyx: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class _Component:
    """A component of air in a slice: label, area, sides (rows, columns) and centre, on the grid."""

    number: int
    area_mm2: float
    sides_mm: tuple[float, float]
    middle: tuple[float, float]


def find_airways(image: CTImage) -> Airways | None:
    """Find trachea, carina and main bronchi; None without a dividing trachea in the scan.

    From the top down, a component of air of tracheal size near the midline is followed through the
    overlapping components of the next slices, until it divides into a right and a left one that both
    continue. The bronchi are followed until they open into the lung.

    Parameters
    ----------
    image : CT in axial order
    """
    dx, dy, dz = image.geometry.spacing_mm
    step = max(1, round(GRID_MM / dx))
    pixel = (dy * step, dx * step)
    planes = _Planes(image, step, pixel)
    last = image.geometry.shape[0] - 1
    tried: set[tuple[int, int]] = set()
    for top in range(last, 0, -1):
        for component in planes.components(top):
            if (top, component.number) in tried or not _is_trachea(component, planes.middle(top), pixel):
                continue
            found = _followed(planes, top, component, tried, dz)
            if found is not None:
                return found
    return None


class _Planes:
    """Slices of air on a coarser grid, labelled on first use."""

    def __init__(self, image: CTImage, step: int, pixel_mm: tuple[float, float]) -> None:
        self.image, self.step, self.pixel_mm = image, step, pixel_mm
        self._known: dict[int, tuple[NDArray[np.int32], list[_Component]]] = {}

    def labels(self, z: int) -> NDArray[np.int32]:
        return self._slice(z)[0]

    def components(self, z: int) -> list[_Component]:
        return self._slice(z)[1]

    def middle(self, z: int) -> float:
        """Return the middle column of the body in a slice."""
        columns = np.flatnonzero((self.image.hu[z, :: self.step, :: self.step] > -300).any(axis=0))
        return float(columns.min() + columns.max()) / 2 if columns.size else self.labels(z).shape[1] / 2

    def _slice(self, z: int) -> tuple[NDArray[np.int32], list[_Component]]:
        if z not in self._known:
            labels, _ = ndimage.label(self.image.hu[z, :: self.step, :: self.step] < AIR_HU)
            self._known[z] = labels, self._pieces(labels)
        return self._known[z]

    def _pieces(self, labels: NDArray[np.int32]) -> list[_Component]:
        height, width = self.pixel_mm
        areas = np.bincount(labels.ravel())
        found = []
        for number, box in enumerate(ndimage.find_objects(labels), start=1):
            area = float(areas[number]) * height * width
            if area < SMALLEST_BRONCHUS_MM2 or area > LARGEST_TRACHEA_MM2 or _at_edge(box, labels.shape):
                continue
            rows, columns = box
            sides = (rows.stop - rows.start) * height, (columns.stop - columns.start) * width
            y, x = np.nonzero(labels[box] == number)
            middle = float(y.mean()) + rows.start, float(x.mean()) + columns.start
            found.append(_Component(number, area, sides, middle))
        return found


def _at_edge(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(side.start == 0 or side.stop == size for side, size in zip(box, shape, strict=True))


def _is_trachea(component: _Component, middle: float, pixel_mm: tuple[float, float]) -> bool:
    if not SMALLEST_TRACHEA_MM2 <= component.area_mm2 <= LARGEST_TRACHEA_MM2:
        return False
    short, long = sorted(component.sides_mm)
    return long <= LONGEST_SIDES * short and abs(component.middle[1] - middle) * pixel_mm[1] <= MIDDLE_MM


def _below(planes: _Planes, z: int, numbers: list[int], steps: int = 1) -> list[_Component]:
    """Return the components of the next slice below that overlap these, dilated by one pixel."""
    above = ndimage.binary_dilation(np.isin(planes.labels(z), numbers))
    touched = set(np.unique(planes.labels(z - steps)[above]).tolist())
    return [component for component in planes.components(z - steps) if component.number in touched]


def _followed(
    planes: _Planes, top: int, component: _Component, tried: set[tuple[int, int]], dz: float
) -> Airways | None:
    """Follow a possible trachea down; None where it does not divide like one."""
    way = [(top, component)]
    while way[-1][0] > 0:
        z, number = way[-1][0], way[-1][1].number
        tried.add((z, number))
        steps, below = 1, _below(planes, z, [number])
        if z > 1 and sum(p.area_mm2 for p in below) < LOST_PART * way[-1][1].area_mm2:
            # In a single slice a thin wall can leak the airway, or one bronchus, into the lung.
            steps, below = 2, _below(planes, z, [number], 2)
        if len(below) >= 2:
            sides = _sides(below, way[-1][1].middle[1])
            if sides is not None:
                bronchi = _bronchi(planes, z - steps, sides, dz)
                if bronchi is not None and (top - z) * dz >= SHORTEST_TRACHEA_MM:
                    return _airways(planes, way, bronchi)
        large = [p for p in below if p.area_mm2 >= SMALLEST_TRACHEA_MM2]
        if not large:
            return None
        way.append((z - steps, max(large, key=lambda p: p.area_mm2)))
    return None


def _sides(components: list[_Component], column: float) -> tuple[_Component, _Component] | None:
    """Return the largest component on either side of a column."""
    right = [p for p in components if p.middle[1] < column and p.area_mm2 <= LARGEST_BRONCHUS_MM2]
    left = [p for p in components if p.middle[1] >= column and p.area_mm2 <= LARGEST_BRONCHUS_MM2]
    if not right or not left:
        return None
    return max(right, key=lambda p: p.area_mm2), max(left, key=lambda p: p.area_mm2)


def _bronchi(
    planes: _Planes, z: int, sides: tuple[_Component, _Component], dz: float
) -> list[tuple[int, list[int]]] | None:
    """Return the bronchi below as (slice, labels); None where one of them ends at once."""
    found = [(z, [side.number for side in sides])]
    lengths = []
    for side in sides:
        numbers, k = [side.number], z
        while k > 0:
            below = [p.number for p in _below(planes, k, numbers) if p.area_mm2 <= LARGEST_BRONCHUS_MM2]
            if not below:
                break
            k, numbers = k - 1, below
            found.append((k, numbers))
        lengths.append((z - k + 1) * dz)
    return found if min(lengths) >= SHORTEST_BRONCHI_MM else None


def _airways(planes: _Planes, way: list[tuple[int, _Component]], bronchi: list[tuple[int, list[int]]]) -> Airways:
    slices = planes.image.geometry.shape[0]
    rows, columns = planes.labels(way[0][0]).shape
    lumen = np.zeros((slices, rows, columns), dtype=bool)
    for z, component in way:
        lumen[z] |= planes.labels(z) == component.number
    for z, numbers in bronchi:
        lumen[z] |= np.isin(planes.labels(z), numbers)
    z, last = way[-1]
    y, x = (middle * planes.step for middle in last.middle)
    return Airways(lumen, planes.step, z, (float(z), y, x))
