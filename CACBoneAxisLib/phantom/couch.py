"""The couch and the calibration phantom on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CACBoneAxisLib.phantom.canvas import Array, Shape, Slab
from CACBoneAxisLib.phantom.parameters import ROD_K2HPO4_MG_CM3, ROD_NAMES, ROD_WATER_MG_CM3, rod_hu
from CACBoneAxisLib.phantom.trunk import BODY_BACK, WIDE

ROD_RADIUS_MM, ROD_SPACING_MM = 7.5, 34.0
PAD_HU, GEL_HU, COUCH_SHELL_HU, COUCH_FOAM_HU = 78.0, 5.0, 10.0, -900.0
PAD_CENTER_P_MM, PAD_HALF_THICKNESS_MM, PAD_HALF_WIDTH_MM = 142.0, 12.0, 92.0


@dataclass(frozen=True)
class Rod:
    """A calibration rod along the patient: position (L, P in patient mm) and material."""

    name: str
    center_mm: tuple[float, float]
    k2hpo4_mg_cm3: float
    water_mg_cm3: float

    @property
    def hu(self) -> float:
        """HU of the rod by the phantom's calibration."""
        return rod_hu(self.k2hpo4_mg_cm3, self.water_mg_cm3)


def rods() -> tuple[Rod, ...]:
    """Return the five rods from the patient's right to the left."""
    made = []
    for i, (name, k, water) in enumerate(zip(ROD_NAMES, ROD_K2HPO4_MG_CM3, ROD_WATER_MG_CM3, strict=True)):
        made.append(Rod(name, (ROD_SPACING_MM * (i - 2), PAD_CENTER_P_MM), k, water))
    return tuple(made)


def _slab_of(center: float, half_thickness: float, half_width: float) -> Shape:
    def shape(x: Array, y: Array, z: Array) -> Array:
        return (x / half_width) ** 8 + ((y - center) / half_thickness) ** 8 - 1 + 0 * z

    return shape


def _bowl(top_mm: float) -> Shape:
    """The couch: what lies below an arc that is lowest in the middle."""

    def shape(x: Array, y: Array, z: Array) -> Array:
        arc = top_mm - 0.0011 * x**2
        return arc - y + 0 * z

    return shape


def paint_couch(slab: Slab, with_rods: bool) -> None:
    """Paint the couch and, if wanted, the gel pad and the phantom with its rods under the back."""
    top = PAD_CENTER_P_MM + PAD_HALF_THICKNESS_MM + 4.0
    low, high = (-215.0, top - 60, -500.0), (215.0, top + 90, 500.0)
    for inset, hu in ((0.0, COUCH_SHELL_HU), (1.6, COUCH_FOAM_HU), (32.0, COUCH_SHELL_HU), (33.6, -1000.0)):
        slab.paint(low, high, _bowl(top + inset), hu, upright=True)
    if not with_rods:
        return

    def gel(x: Array, y: Array, z: Array) -> Array:
        top, end = BODY_BACK(z) - 12, np.float32(PAD_CENTER_P_MM - PAD_HALF_THICKNESS_MM + 4)
        return (x / (PAD_HALF_WIDTH_MM - 4)) ** 8 + ((y - (top + end) / 2) / ((end - top) / 2)) ** 8 - 1

    slab.paint((-110, 70, -500), (110, 160, 500), gel, GEL_HU, upright=True)
    pad = _slab_of(PAD_CENTER_P_MM, PAD_HALF_THICKNESS_MM, PAD_HALF_WIDTH_MM)
    slab.paint((-110, 100, -500), (110, 190, 500), pad, PAD_HU, upright=True)
    for rod in rods():
        x0, y0 = rod.center_mm

        def bar(x: Array, y: Array, z: Array, x0: float = x0, y0: float = y0) -> Array:
            return np.sqrt((x - x0) ** 2 + (y - y0) ** 2) - np.float32(ROD_RADIUS_MM) + 0 * z

        slab.paint((x0 - 9, y0 - 9, WIDE[0][2]), (x0 + 9, y0 + 9, WIDE[1][2]), bar, rod.hu, upright=True)
