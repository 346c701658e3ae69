"""Calibration phantoms: their rods, and the equations from rod HU to a calibration line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from CACBoneAxisLib.data import load_table


@dataclass(frozen=True)
class Rod:
    """A rod of a phantom: name and certified densities, mg/cm3.

    ``water_mg_cm3`` is the water-equivalent density of a K2HPO4 rod, None for an HA rod.
    """

    name: str
    density_mg_cm3: float
    water_mg_cm3: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, in one clause, for a density that is not a number."""
        for value in (self.density_mg_cm3, self.water_mg_cm3):
            if value is not None and not isfinite(value):
                raise ValueError("bone.calibration.rods must have numbers as densities")


@dataclass(frozen=True)
class Phantom:
    """A kind of phantom: equations ``k2hpo4-water`` or ``linear``, material, rods in order."""

    name: str
    title: str
    equations: str
    material: str
    rods: tuple[Rod, ...]
    source: str

    def with_rods(self, rods: Sequence[Rod]) -> Phantom:
        """Return the phantom with the densities of a certificate, unchanged without one.

        Raises
        ------
        ValueError
            When the certificate has another number of rods or lacks a water density.
        """
        if not rods:
            return self
        if len(rods) != len(self.rods):
            raise ValueError(f"bone.calibration.rods must be {len(self.rods)} for {self.name}, not {len(rods)}")
        if self.equations == "k2hpo4-water" and any(rod.water_mg_cm3 is None for rod in rods):
            raise ValueError(f"bone.calibration.rods of {self.name} must each have water_mg_cm3")
        return Phantom(self.name, self.title, self.equations, self.material, tuple(rods), "certificate of the phantom")


@cache
def phantoms() -> dict[str, Phantom]:
    """Return the phantoms on file by name."""
    return {
        row["name"]: Phantom(
            row["name"],
            row["title"],
            row["equations"],
            row["material"],
            tuple(Rod(**rod) for rod in row["rods"]),
            row["source"],
        )
        for row in load_table("calibration_phantoms")["phantoms"]
    }


@dataclass(frozen=True)
class RodFit:
    """A line through the rods.

    ``slope`` and ``intercept`` are those of BMD = slope x HU + intercept. ``reference_slope``
    and ``reference_intercept`` describe the rods themselves: HU = reference_slope x density
    + reference_intercept (+ water-equivalent density, for K2HPO4). ``fitted_hu`` are the
    rods' HU on that line.
    """

    slope: float
    intercept: float
    reference_slope: float
    reference_intercept: float
    r2: float
    fitted_hu: tuple[float, ...]


def fit_rods(equations: str, hu: Sequence[float], rods: Sequence[Rod]) -> RodFit:
    """Fit the least-squares line through the HU of the rods.

    ``k2hpo4-water`` (Mindways QCT PRO guide v5.0): HU - water = sigma_ref x K2HPO4 +
    beta_ref; sigma_ct = sigma_ref - 0.2174, beta_ct = beta_ref + 999.6;
    BMD = (HU - beta_ct) / sigma_ct.

    ``linear``: density = slope x HU + intercept.

    Raises
    ------
    ValueError
        When there are fewer than two rods or no line.
    """
    density = np.array([rod.density_mg_cm3 for rod in rods])
    measured = np.asarray(hu, dtype=float)
    if len(measured) < 2 or np.ptp(measured) == 0:
        raise ValueError("at least two rods of different HU are needed")
    if equations == "linear":
        slope, intercept, r2 = line(measured, density)
        fitted = (density - intercept) / slope
        return RodFit(slope, intercept, 1 / slope, -intercept / slope, r2, tuple(map(float, fitted)))
    water = np.array([rod.water_mg_cm3 for rod in rods], dtype=float)
    sigma_ref, beta_ref, r2 = line(density, measured - water)
    uniformity = load_table("calibration_phantoms")["field_uniformity"]
    sigma_ct, beta_ct = sigma_ref - uniformity["sigma"], beta_ref + uniformity["beta"]
    fitted = sigma_ref * density + beta_ref + water
    return RodFit(1 / sigma_ct, -beta_ct / sigma_ct, sigma_ref, beta_ref, r2, tuple(map(float, fitted)))


def line(x: ArrayLike, y: ArrayLike) -> tuple[float, float, float]:
    """Return slope, intercept and squared correlation of the least-squares line y over x.

    Examples
    --------
    >>> line([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    (2.0, 1.0, 1.0)
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    da, db = a - a.mean(), b - b.mean()
    slope = float(da @ db / (da @ da))
    spread = float(db @ db)
    r2 = float((da @ db) ** 2 / ((da @ da) * spread)) if spread > 0 else 0.0
    return slope, float(b.mean() - slope * a.mean()), r2
