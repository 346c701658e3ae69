"""Calibration factor for calcium mass from a rod and water in the same scan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region

ROD_NAME = re.compile(r"rod[-_ ]?(\d+)", re.IGNORECASE)
WATER_NAME = "water"
FEWEST_VOXELS = 20
# Published factors at 120 kVp range from .712e-3 to .929e-3 mg/mm3/HU; other voltages shift them by a quarter.
USUAL_FACTORS = (0.5e-3, 1.3e-3)


@dataclass(frozen=True)
class MassCalibration:
    """Measurements behind the factor: mean HU and voxels of rod and water, and the rod's density."""

    factor_mg_per_mm3_per_hu: float
    rod_mg_cm3: float
    rod_hu: float
    rod_voxels: int
    water_hu: float
    water_voxels: int

    def to_mapping(self) -> dict[str, Any]:
        """Return the ``mass_calibration`` part of result.json."""
        return asdict(self)


def is_calibration_region(box: Box) -> bool:
    """Return whether a region is named for the calibration of mass: ``rod-200`` or ``water``."""
    name = box.name.strip()
    return name.lower() == WATER_NAME or ROD_NAME.fullmatch(name) is not None


def mass_calibration(
    image: CTImage, boxes: Sequence[Box], protocol: CalciumProtocol
) -> tuple[MassCalibration | None, tuple[Finding, ...]]:
    """Measure the factor c = density / (HU of the rod - HU of water), mg/mm3/HU.

    For a rod of 200 mg/cm3 hydroxyapatite: 0.2 mg/mm3 / (HU rod - HU water). Each region is the
    elliptic cylinder in its box. A factor given by the user overrides a measured one.

    Parameters
    ----------
    image : CT in axial order
    boxes : regions named ``rod-200`` (density in mg/cm3) and ``water``, one of each
    protocol : its own factor, if any, is used

    Returns
    -------
    calibration, findings
        None with the reason as a finding, when it cannot be measured.
    """
    if not boxes:
        return None, ()
    rods = [(box, match) for box in boxes if (match := ROD_NAME.fullmatch(box.name.strip()))]
    waters = [box for box in boxes if box.name.strip().lower() == WATER_NAME]
    if len(rods) != 1 or len(waters) != 1:
        return None, (_failed("one region rod-200 (or of another density in mg/cm3) and one region water are needed"),)
    rod, match = rods[0]
    means = []
    for box in (rod, waters[0]):
        voxels = Region(box.center_mm, box.size_mm, box.axes).voxels(image.geometry)
        if voxels.mask is None or voxels.within < voxels.total:
            return None, (_failed(f"the region {box.name} does not lie within the scan"),)
        if voxels.within < FEWEST_VOXELS:
            return None, (_failed(f"the region {box.name} has only {voxels.within} voxels"),)
        means.append((float(voxels.mask.values(image.hu).astype(float).mean()), voxels.within))
    (rod_hu, rod_voxels), (water_hu, water_voxels) = means
    density = float(match.group(1))
    if rod_hu <= water_hu or density <= 0:
        return None, (_failed(f"the rod measures {rod_hu:.0f} HU and water {water_hu:.0f} HU"),)
    factor = density / 1000 / (rod_hu - water_hu)
    found = MassCalibration(factor, density, rod_hu, rod_voxels, water_hu, water_voxels)
    findings = []
    if not USUAL_FACTORS[0] <= factor <= USUAL_FACTORS[1]:
        findings.append(finding("mass-factor-unusual", factor=f"{factor:.4g}"))
    if protocol.mass_factor_mg_per_mm3_per_hu is not None:
        typed = f"{protocol.mass_factor_mg_per_mm3_per_hu:.4g}"
        findings.append(finding("mass-factor-typed", typed=typed, measured=f"{factor:.4g}"))
    return found, tuple(findings)


def _failed(reason: str) -> Finding:
    return finding("mass-calibration-failed", why=reason)
