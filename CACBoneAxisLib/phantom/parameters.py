"""Parameters of the digital torso, with units and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from math import pi
from typing import Any, Literal

LEVELS = ("T10", "T11", "T12", "L1", "L2", "L3")

# HU that 1 mg/cm3 of hydroxyapatite adds at 120 kVp. Its inverse, 0.0008 mg/mm3/HU, lies inside the
# mass factors seen on the four vendors' scanners (0.000712 to 0.000929).
HU_PER_MG_HYDROXYAPATITE = 1.25

# Mindways rods A to E: K2HPO4 and water equivalent density, mg/cm3, and the published fit of its scanner
# (QCT PRO user guide 5.0); field-uniformity terms 0.2174 and 999.6 turn it into the law for bone.
ROD_NAMES = ("A", "B", "C", "D", "E")
ROD_K2HPO4_MG_CM3 = (-51.83, -53.40, 58.88, 157.05, 375.83)
ROD_WATER_MG_CM3 = (1012.25, 1056.95, 1103.57, 1119.52, 923.20)
SIGMA_REF = 1.4669584955
BETA_REF = -1009.7500468666
SIGMA_CT = SIGMA_REF - 0.2174
BETA_CT = BETA_REF + 999.6


def rod_hu(k2hpo4_mg_cm3: float, water_mg_cm3: float) -> float:
    """Return the HU of a rod, ``SIGMA_REF * K2HPO4 + BETA_REF + water``."""
    return SIGMA_REF * k2hpo4_mg_cm3 + BETA_REF + water_mg_cm3


def trabecular_hu(bmd_mg_cm3: float) -> float:
    """Return the HU of trabecular bone of a K2HPO4 density, ``SIGMA_CT * BMD + BETA_CT``."""
    return SIGMA_CT * bmd_mg_cm3 + BETA_CT


def calibration() -> dict[str, Any]:
    """Return the torso's exact linear calibration, ``BMD = slope * HU + intercept`` in mg K2HPO4/cm3."""
    return {
        "kind": "linear",
        "slope": 1 / SIGMA_CT,
        "intercept": -BETA_CT / SIGMA_CT,
        "material": "K2HPO4",
        "kvp": 120.0,
        "source": "digital torso: the law by which its bone was made",
    }


@dataclass(frozen=True)
class Calcification:
    """A spheroid of hydroxyapatite, its axis along the vessel.

    Parameters
    ----------
    territory : LM, LAD, LCX or RCA (in the artery's lumen), AA or DA (in the wall of the aorta)
    position : where along the vessel's path, 0 (origin) to 1 (end)
    diameter_mm : across the vessel
    hydroxyapatite_mg_cm3 : density; 0 leaves the soft plaque without calcium
    length_mm : along the vessel; None for a sphere
    angle_degrees : for AA and DA, where on the wall, seen along the vessel
    """

    territory: str
    position: float
    diameter_mm: float
    hydroxyapatite_mg_cm3: float
    length_mm: float | None = None
    angle_degrees: float = 0.0

    @property
    def volume_mm3(self) -> float:
        """Volume of the spheroid, pi / 6 times diameter squared times length, mm3."""
        return pi / 6 * self.diameter_mm**2 * (self.length_mm or self.diameter_mm)

    @property
    def mass_mg(self) -> float:
        """Mass of hydroxyapatite, mg."""
        return self.volume_mm3 * self.hydroxyapatite_mg_cm3 / 1000

    @property
    def contrast_hu(self) -> float:
        """HU above the soft plaque around it."""
        return self.hydroxyapatite_mg_cm3 * HU_PER_MG_HYDROXYAPATITE


DEFAULT_CORONARY = (
    Calcification("LM", 0.45, 2.8, 330.0, 4.0),
    Calcification("LAD", 0.16, 3.4, 480.0, 8.0),
    Calcification("LAD", 0.36, 3.0, 420.0, 6.0),
    Calcification("LAD", 0.58, 2.6, 360.0, 4.0),
    Calcification("LCX", 0.22, 2.8, 380.0, 5.0),
    Calcification("LCX", 0.52, 2.6, 360.0, 4.0),
    Calcification("RCA", 0.18, 3.0, 420.0, 6.0),
    Calcification("RCA", 0.50, 2.8, 400.0, 5.0),
)
DEFAULT_AORTIC = (
    Calcification("AA", 0.52, 3.0, 480.0, 8.0, 40.0),
    Calcification("AA", 0.84, 2.8, 440.0, 7.0, 0.0),
    Calcification("DA", 0.22, 2.8, 480.0, 8.0, 100.0),
    Calcification("DA", 0.48, 3.0, 520.0, 10.0, 60.0),
    Calcification("DA", 0.80, 3.0, 560.0, 12.0, 150.0),
)
DEFAULT_BMD: Mapping[str, float] = {"T10": 121.0, "T11": 118.0, "T12": 114.0, "L1": 108.0, "L2": 104.0, "L3": 101.0}


@dataclass(frozen=True)
class TorsoParameters:
    """Parameters of a digital torso.

    Parameters
    ----------
    spacing_mm : in-plane distance of voxel centres
    slice_increment_mm : distance of slice centres
    slice_thickness_mm : extent a slice averages over; None for the increment
    field_of_view_mm, field_center_mm : (L, P) size and centre of the image
    z_range_mm : (S, S) from the lower edge of the first slice; 0 is the disc between T12 and L1
    noise_sd_hu : SD of the noise in homogeneous tissue, with the texture of filtered back-projection
    point_spread_fwhm_mm : full width at half maximum of the in-plane Gaussian point spread
    rotation_degrees : the patient on the couch, turned about L, then P, then S
    storage_axes : where the axes of the written arrays point, as ITK says it (``LPS``, ``RAI``, ``PIR`` ...)
    seed : of the noise, the textures and the vessels of the lung
    bmd_mg_cm3 : trabecular density, mg K2HPO4/cm3, one for all or by level (levels above T10 take T10's)
    calcifications : on the coronary arteries
    aortic_calcifications : on the wall of the ascending (AA) and descending aorta (DA); () for none
    blood_hu, myocardium_hu : blood pool and heart muscle
    rods : whether the five-rod K2HPO4 phantom lies under the back
    body_scale : size of the whole patient, 1 for 171 cm
    sex, age_years : of the patient; a woman has breasts
    """

    spacing_mm: float = 0.7
    slice_increment_mm: float = 3.0
    slice_thickness_mm: float | None = None
    field_of_view_mm: tuple[float, float] = (358.4, 358.4)
    field_center_mm: tuple[float, float] = (0.0, 16.0)
    z_range_mm: tuple[float, float] = (-112.0, 272.0)
    noise_sd_hu: float = 14.0
    point_spread_fwhm_mm: float = 1.2
    rotation_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    storage_axes: str = "LPS"
    seed: int = 20260
    bmd_mg_cm3: float | Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_BMD))
    calcifications: tuple[Calcification, ...] = DEFAULT_CORONARY
    aortic_calcifications: tuple[Calcification, ...] = DEFAULT_AORTIC
    blood_hu: float = 40.0
    myocardium_hu: float = 50.0
    rods: bool = True
    body_scale: float = 1.0
    sex: Literal["F", "M"] = "F"
    age_years: float = 66.0

    @property
    def thickness_mm(self) -> float:
        """Extent a slice averages over, mm."""
        return self.slice_increment_mm if self.slice_thickness_mm is None else self.slice_thickness_mm

    def bmd(self, level: str) -> float:
        """Return the trabecular density of a level, mg K2HPO4/cm3."""
        if not isinstance(self.bmd_mg_cm3, Mapping):
            return float(self.bmd_mg_cm3)
        given = {**DEFAULT_BMD, **self.bmd_mg_cm3}
        return float(given.get(level, given["T10"]))

    @classmethod
    def small(cls, **changes: Any) -> TorsoParameters:
        """Return a whole torso on 2 mm voxels, for tests: a second or so."""
        coarse = cls(spacing_mm=2.0, slice_increment_mm=4.0, field_of_view_mm=(360.0, 360.0))
        return replace(coarse, **changes)

    @classmethod
    def heart(cls, **changes: Any) -> TorsoParameters:
        """Return the heart alone (all four arteries) at the default sampling."""
        block = cls(field_of_view_mm=(140.0, 140.0), field_center_mm=(22.0, -30.0), z_range_mm=(84.0, 183.0))
        return replace(block, **changes)

    @classmethod
    def spine(cls, **changes: Any) -> TorsoParameters:
        """Return T12, L1 and L2 alone at the default sampling, with the rods."""
        block = cls(field_of_view_mm=(154.0, 140.0), field_center_mm=(0.0, 85.0), z_range_mm=(-78.0, 39.0))
        return replace(block, **changes)

    def to_mapping(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value
