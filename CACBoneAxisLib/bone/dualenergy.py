"""Hydroxyapatite density from two volumes of a scan at two energies.

In a mixture of water and hydroxyapatite HU = a(E) x c + b(E), with the density c and the HU b of
water. Two energies give c = ((HU1 - b1) - (HU2 - b2)) / (a1 - a2), independent of fat or protein that
replace water equally at both. ``a`` is tabulated for monoenergetic images (``data/attenuation.json``)
or given; the equation is linear, so it holds for the mean HU of a region. A site's regression then
gives BMD = slope x c + intercept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# Closer energies leave nothing but noise.
FEWEST_KEV = 20.0
SAME_GRID_MM = 0.01
# Approximate voxel size of the registration around the vertebrae.
GRID_MM, SHIFT_MM, MARGIN_MM = 2.0, 8.0, 20.0
ALIGNED_MM, LEAST_CORRELATION = 1.5, 0.85
CLIP_HU = (-300.0, 1500.0)


@dataclass(frozen=True)
class DualMeasurement:
    """Mean HU of a region in both volumes, and the resulting hydroxyapatite density, mg/cm3."""

    mean_hu: float
    second_mean_hu: float
    ha_mg_cm3: float

    def to_mapping(self) -> dict[str, Any]:
        """Return the measurement as in the result file."""
        return {"mean_hu": self.mean_hu, "second_mean_hu": self.second_mean_hu, "ha_mg_cm3": self.ha_mg_cm3}


@dataclass(frozen=True, eq=False)
class SecondVolume:
    """The second volume registered to the first by ``shift_mm`` (LPS), with findings."""

    image: CTImage
    shift_mm: tuple[float, float, float]
    correlation: float
    findings: tuple[Finding, ...]

    def values(self, mask: Mask, geometry: ImageGeometry) -> NDArray[np.floating] | None:
        """Return HU at the voxels of a mask of the first volume, None where some lie outside this one."""
        if self.findings == () and same_grid(self.image.geometry, geometry):
            return np.asarray(mask.values(self.image.hu), dtype=float)
        points = geometry.to_lps(mask.indices()[:, ::-1]) + np.asarray(self.shift_mm)
        index = self.image.geometry.to_index(points)[:, ::-1]
        if np.any(index < 0) or np.any(index > np.asarray(self.image.hu.shape) - 1):
            return None
        low = np.floor(index.min(axis=0)).astype(int)
        high = np.ceil(index.max(axis=0)).astype(int) + 1
        block = self.image.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float32)
        return np.asarray(ndimage.map_coordinates(block, (index - low).T, order=1), dtype=float)


def same_grid(one: ImageGeometry, other: ImageGeometry) -> bool:
    """Return whether the voxels of two images coincide."""
    if one.shape != other.shape:
        return False
    corners = np.array([[0, 0, 0], np.array(one.shape[::-1]) - 1])
    return bool(np.abs(one.to_lps(corners) - other.to_lps(corners)).max() <= SAME_GRID_MM)


def hydroxyapatite_hu(kev: float) -> float:
    """Return the HU that 100 mg/cm3 of hydroxyapatite add to water at an energy.

    Raises
    ------
    UnusableInputError
        Outside the table, 40 to 140 keV.

    Examples
    --------
    >>> round(hydroxyapatite_hu(60), 1)
    165.9
    """
    row = load_table("attenuation")["hydroxyapatite"]
    known = row["energies_kev"]
    if not known[0] <= kev <= known[-1]:
        raise refusal("dual-energy", why=f"{kev:g} keV is outside the table ({known[0]} to {known[-1]} keV)")
    return float(np.exp(np.interp(log(kev), np.log(known), np.log(row["hu_per_100_mg_cm3"]))))


def density_ha(calibration: Calibration, first_hu: float, second_hu: float) -> float:
    """Return the hydroxyapatite density for the mean HU in both volumes, mg/cm3.

    Raises
    ------
    UnusableInputError
        When the energies are missing, too close, or not in the table.
    """
    a, b = coefficients(calibration)
    return 100 * ((first_hu - b[0]) - (second_hu - b[1])) / (a[0] - a[1])


def coefficients(calibration: Calibration) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return HU per 100 mg HA/cm3, and HU of water, in both volumes. Raises as ``density_ha`` does."""
    given, water = calibration.ha_hu_per_100, calibration.water_hu or (0.0, 0.0)
    if len(given) == 2:
        a = (float(given[0]), float(given[1]))
    else:
        energies = calibration.energies_kev
        if len(energies) != 2:
            raise refusal("dual-energy", why="the energies of both volumes, or their coefficients, must be given")
        if abs(energies[0] - energies[1]) < FEWEST_KEV:
            reason = f"{energies[0]:g} and {energies[1]:g} keV are closer than {FEWEST_KEV:g} keV"
            raise refusal("dual-energy", why=reason)
        a = (hydroxyapatite_hu(energies[0]), hydroxyapatite_hu(energies[1]))
    return a, (float(water[0]), float(water[1]))


def laid_over(first: CTImage, second: CTImage, places_mm: Sequence[ArrayLike]) -> SecondVolume:
    """Register the second volume to the first around the vertebrae.

    Shifts of up to 8 mm in steps of 2 mm are tried; the best one is applied, with a finding, where it
    exceeds 1.5 mm.

    Raises
    ------
    UnusableInputError
        When the volumes do not overlap there, or do not match after the shift.
    """
    places = np.asarray(places_mm, dtype=float)
    low, high = places.min(axis=0) - MARGIN_MM, places.max(axis=0) + MARGIN_MM
    axes = [np.arange(a, b + GRID_MM / 2, GRID_MM) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    base = _sampled(first, grid)
    steps = int(SHIFT_MM / GRID_MM)
    wide = [np.arange(-steps, len(axis) + steps) * GRID_MM + axis[0] for axis in axes]
    other = _sampled(second, np.stack(np.meshgrid(*wide, indexing="ij"), axis=-1))
    best, shift = -1.0, (0, 0, 0)
    for moved in sorted(np.ndindex((2 * steps + 1,) * 3), key=lambda m: sum((v - steps) ** 2 for v in m)):
        part = other[tuple(slice(m, m + n) for m, n in zip(moved, base.shape, strict=True))]
        known = np.isfinite(base) & np.isfinite(part)
        if np.count_nonzero(known) < 0.6 * base.size:
            continue
        correlation = float(np.corrcoef(base[known], part[known])[0, 1])
        # Among equal shifts the smallest, which comes first, wins.
        if correlation > best + 1e-4:
            best, shift = correlation, tuple(m - steps for m in moved)
    if best < 0:
        raise refusal("dual-energy", why="the volumes do not overlap about the vertebrae")
    if best < LEAST_CORRELATION:
        raise refusal("dual-energy", why=f"the volumes do not show the same (correlation {best:.2f})")
    x, y, z = (float(s) * GRID_MM for s in shift)
    millimetres = (x, y, z)
    findings: list[Finding] = []
    if np.linalg.norm(millimetres) > ALIGNED_MM:
        findings.append(finding("dual-shifted", shift=f"{np.linalg.norm(millimetres):.0f}"))
    elif not same_grid(first.geometry, second.geometry):
        millimetres = (0.0, 0.0, 0.0)
        findings.append(finding("dual-resampled"))
    else:
        millimetres = (0.0, 0.0, 0.0)
    return SecondVolume(second, millimetres, best, tuple(findings))


def with_line(calibration: Calibration) -> Calibration:
    """Complete the calibration with BMD = c where no regression of the site is given."""
    if calibration.slope is not None:
        return calibration
    return replace(calibration, slope=1.0, intercept=0.0, material="HA")


def _sampled(image: CTImage, points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
    index = image.geometry.to_index(points_mm)[..., ::-1]
    low = np.clip(np.floor(index.min(axis=(0, 1, 2))).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(index.max(axis=(0, 1, 2))).astype(int) + 2, image.hu.shape)
    if np.any(high <= low):
        return np.full(points_mm.shape[:-1], np.nan, dtype=np.float32)
    block = np.clip(image.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], *CLIP_HU).astype(np.float32)
    sigma = [GRID_MM / 2 / s for s in image.geometry.spacing_mm[::-1]]
    block = ndimage.gaussian_filter(block, [s if s > 0.7 else 0.0 for s in sigma])
    found = ndimage.map_coordinates(block, np.moveaxis(index - low, -1, 0), order=1, mode="constant", cval=np.nan)
    return np.asarray(found, dtype=np.float32)
