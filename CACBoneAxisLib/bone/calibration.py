"""Calibration from HU to bone mineral density, and the scans it applies to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from CACBoneAxisLib.bone.phantoms import Phantom, Rod, phantoms
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import Finding, finding

# Kinds that a user can type: none, or a line.
TYPED_KINDS = ("none", "linear")
CALIBRATION_KINDS = (*TYPED_KINDS, "phantom", "asynchronous")
# By the patient's tissues, for research; by two volumes of a scan at two energies.
FURTHER_KINDS = ("tissue", "dual-energy")
# "as in SWAN" is the unstated material of one T-score reference; it matches only a BMD stated to be measured as in
# that study.
MATERIALS = ("HA", "K2HPO4", "as in SWAN")
# Nominal kVp are whole numbers; half a kVp covers files that store fractions.
KVP_TOLERANCE = 0.5
# Beam hardening changes with the height in the bore; tables are set to a centimetre.
TABLE_HEIGHT_TOLERANCE_MM = 10.0
# Scanners read 0.7 to 1.2 mg/cm3 per HU; a line beyond these is in other units or damaged.
LARGEST_SLOPE, LARGEST_INTERCEPT_MG_CM3 = 100.0, 10000.0
PLAUSIBLE_BMD_MG_CM3 = (-100.0, 500.0)


@dataclass(frozen=True)
class Calibration:
    """Conversion of HU to BMD (mg/cm3) of a material.

    Every kind results in a line BMD = slope x HU + intercept for one material: given by the user
    (``linear``), fitted to the rods of a phantom in the scan (``phantom``), or taken from a phantom
    scanned on another day by a file of ``cacboneaxis calibrate`` (``asynchronous``).

    Parameters
    ----------
    kind : ``none`` (HU only), ``linear``, ``phantom``, ``asynchronous``, ``tissue`` or ``dual-energy``
    slope : mg/cm3 per HU, positive; for ``dual-energy`` per mg HA/cm3 (1 where not given)
    intercept : mg/cm3 at 0 HU, or at no HA
    material : of the density, ``HA`` or ``K2HPO4``; never converted
    kvp : tube voltage the line was made at, None where not stated
    source : of the line, in the user's words
    phantom : name of a phantom in ``data/calibration_phantoms.json``
    rods : densities in the phantom's certificate, in the order of the rods
    rod_centers_ras_mm
        Centres of the rods, in the order of the certificate; searched below the back where not given.
    rod_radius_mm : radius of rods with given centres
    manufacturer, model, kernel, table_height_mm, date
        Of the asynchronous phantom scan; it applies only to scans that agree.
    r2, residuals_hu
        Fit of the asynchronous line to its rods.
    energies_kev
        Of the first and the second volume, for ``dual-energy``; monoenergetic.
    ha_hu_per_100, water_hu
        In place of the table: HU added by 100 mg HA/cm3, and HU of water, in both volumes.

    Raises
    ------
    ValueError
        In one clause that names the field.
    """

    kind: str = "none"
    slope: float | None = None
    intercept: float | None = None
    material: str | None = None
    kvp: float | None = None
    source: str | None = None
    phantom: str | None = None
    rods: tuple[Rod, ...] = ()
    rod_centers_ras_mm: tuple[tuple[float, ...], ...] = ()
    rod_radius_mm: float = 7.0
    manufacturer: str | None = None
    model: str | None = None
    kernel: str | None = None
    table_height_mm: float | None = None
    date: str | None = None
    r2: float | None = None
    residuals_hu: tuple[float, ...] = ()
    energies_kev: tuple[float, ...] = ()
    ha_hu_per_100: tuple[float, ...] = ()
    water_hu: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in (*CALIBRATION_KINDS, *FURTHER_KINDS):
            known = ", ".join((*CALIBRATION_KINDS, *FURTHER_KINDS))
            raise ValueError(f"bone.calibration.kind must be one of {known}, not {self.kind!r}")
        if self.kvp is not None and not (_is_number(self.kvp) and self.kvp > 0):
            raise ValueError("bone.calibration.kvp must be a positive number")
        if self.source is not None and not isinstance(self.source, str):
            raise ValueError("bone.calibration.source must be text")
        if self.kind == "none":
            if any(value is not None for value in (self.slope, self.intercept, self.material)):
                raise ValueError("bone.calibration.kind must be linear where a slope, intercept or material is given")
            return
        if self.phantom is not None and self.phantom not in phantoms():
            raise ValueError(f"bone.calibration.phantom must be one of {', '.join(phantoms())}, not {self.phantom!r}")
        if self.kind == "phantom":
            self._check_phantom()
            return
        if self.kind in FURTHER_KINDS:
            self._check_pairs()
            if self.slope is None and self.intercept is None:
                return
        if not (_is_number(self.slope) and 0 < self.slope <= LARGEST_SLOPE):  # type: ignore[operator]
            raise ValueError(f"bone.calibration.slope must be a positive number up to {LARGEST_SLOPE:g}")
        if not (_is_number(self.intercept) and abs(self.intercept) <= LARGEST_INTERCEPT_MG_CM3):  # type: ignore[arg-type]
            raise ValueError(f"bone.calibration.intercept must be a number within {LARGEST_INTERCEPT_MG_CM3:g}")
        if self.material not in MATERIALS:
            raise ValueError(f"bone.calibration.material must be one of {', '.join(MATERIALS)}")

    def _check_pairs(self) -> None:
        for name in ("energies_kev", "ha_hu_per_100", "water_hu"):
            pair = getattr(self, name)
            if len(pair) not in (0, 2) or not all(_is_number(value) for value in pair):
                raise ValueError(f"bone.calibration.{name} must be two numbers, of the first and the second volume")
        if len(set(self.ha_hu_per_100)) == 1:
            raise ValueError("bone.calibration.ha_hu_per_100 must differ between the two volumes")

    def _check_phantom(self) -> None:
        known = self.known_phantom
        if any(len(center) != 3 for center in self.rod_centers_ras_mm):
            raise ValueError("bone.calibration.rod_centers_ras_mm must be points of three numbers")
        if self.rod_centers_ras_mm and len(self.rod_centers_ras_mm) != len(known.rods):
            raise ValueError(f"bone.calibration.rod_centers_ras_mm must be {len(known.rods)} points for {known.name}")
        if not self.rod_radius_mm > 0:
            raise ValueError("bone.calibration.rod_radius_mm must be more than 0")

    @property
    def known_phantom(self) -> Phantom:
        """The phantom with the densities of its certificate.

        Raises
        ------
        ValueError
            When no phantom is named or the certificate belongs to another.
        """
        if self.phantom is None:
            raise ValueError(f"bone.calibration.phantom must be one of {', '.join(phantoms())}")
        return phantoms()[self.phantom].with_rods(self.rods)

    def bmd_mg_cm3(self, hu: float) -> float:
        """Return slope x HU + intercept, mg/cm3.

        Raises
        ------
        ValueError
            When there is no calibration.
        """
        if self.slope is None or self.intercept is None:
            raise ValueError("there is no calibration")
        return self.slope * hu + self.intercept

    def check(self, scan_kvp: float | None, scan: Acquisition | None = None) -> tuple[bool, tuple[Finding, ...]]:
        """Return whether the calibration applies to a scan of this kVp, with findings.

        The same bone measures differently at another tube voltage (a wrong kVp errs by
        3.8 +- 28.2 %, Skornitzke 2022), so a line is not used across kVp. An asynchronous
        line holds for its scanner, kVp, kernel and table height only; what is not known of
        the scan does not agree. The line of a phantom in the scan is the scan's own. A line
        made at a tube voltage is not used on an image of one energy or of several.
        """
        if self.kind == "none":
            return False, (finding("no-calibration"),)
        if self.kind in ("phantom", *FURTHER_KINDS):
            return self.slope is not None, ()
        spectral = scan.spectral if scan is not None else None
        if spectral is not None and (self.kind == "asynchronous" or self.kvp is not None):
            return False, (finding("calibration-differs", differences=f"the scan is a {spectral}"),)
        if self.kind == "asynchronous":
            other = self._differences(scan_kvp, scan or Acquisition())
            if other:
                return False, (finding("calibration-differs", differences="; ".join(other)),)
            return True, (finding("calibration-asynchronous", date=self.date or "an unknown date"),)
        if self.kvp is None:
            return True, ()
        if scan_kvp is None:
            return True, (finding("calibration-kvp-unknown", calibration=f"{self.kvp:g}"),)
        if abs(self.kvp - scan_kvp) > KVP_TOLERANCE:
            return False, (finding("calibration-kvp", calibration=f"{self.kvp:g}", scan=f"{scan_kvp:g}"),)
        return True, ()

    def _differences(self, scan_kvp: float | None, scan: Acquisition) -> list[str]:
        """Return, in words, how a scan differs from the asynchronous phantom scan."""
        pairs = [
            ("tube voltage", self.kvp, scan_kvp, KVP_TOLERANCE, " kVp"),
            ("manufacturer", self.manufacturer, scan.manufacturer, None, ""),
            ("model", self.model, scan.model, None, ""),
            ("kernel", self.kernel, scan.kernel, None, ""),
            ("table height", self.table_height_mm, scan.table_height_mm, TABLE_HEIGHT_TOLERANCE_MM, " mm"),
        ]
        parts = []
        for name, made, here, tolerance, unit in pairs:
            if made is None or here is None:
                same = False
            elif tolerance is None:
                same = str(made).strip().lower() == str(here).strip().lower()
            else:
                same = abs(float(made) - float(here)) <= tolerance
            if not same:
                texts = ["not known" if v is None else f"{v:g}{unit}" if tolerance else v for v in (made, here)]
                parts.append(f"{name}: calibration {texts[0]}, scan {texts[1]}")
        return parts

    def to_mapping(self) -> dict[str, Any]:
        """Return the calibration as in the result file."""
        mapping = asdict(self)
        for name in ("rods", "rod_centers_ras_mm", "residuals_hu", "energies_kev", "ha_hu_per_100", "water_hu"):
            mapping[name] = list(mapping[name])
        return mapping


@dataclass(frozen=True)
class Bmd:
    """A bone mineral density and its material."""

    value_mg_cm3: float
    material: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the density as in the result file."""
        return {"value": self.value_mg_cm3, "material": self.material, "units": "mg/cm3"}


def plausibility(level: str, bmd: Bmd) -> tuple[Finding, ...]:
    """Return the finding about a density that is implausible for trabecular bone.

    Even fat is above -100 mg/cm3; above 500 mg/cm3 lies cortex.

    Examples
    --------
    >>> plausibility("L1", Bmd(120.0, "HA")), plausibility("L1", Bmd(600.0, "HA"))[0].code
    ((), 'bmd-implausible')
    """
    low, high = PLAUSIBLE_BMD_MG_CM3
    if low <= bmd.value_mg_cm3 <= high:
        return ()
    return (finding("bmd-implausible", level=level, bmd=f"{bmd.value_mg_cm3:.0f}"),)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
