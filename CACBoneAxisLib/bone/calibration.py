"""From HU to bone mineral density: what one calibration says, and when it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from CACBoneAxisLib.imaging.findings import Finding, finding

CALIBRATION_KINDS = ("none", "linear")
# "as in SWAN" is the unstated material of one T-score reference: only a BMD that somebody states to
# be measured as that study did may be compared with it.
MATERIALS = ("HA", "K2HPO4", "as in SWAN")
# The nominal kVp in a header is a whole number; half of one covers files that store it as a fraction.
KVP_TOLERANCE = 0.5
PLAUSIBLE_BMD_MG_CM3 = (-100.0, 500.0)


@dataclass(frozen=True)
class Calibration:
    """How HU become BMD (mg/cm3) of a material.

    Every kind of calibration ends in a line, BMD = slope x HU + intercept, of one
    material. For ``linear`` the user gives the line; a kind that measures a phantom
    in the scan fits it and states it in the same fields.

    Parameters
    ----------
    kind : ``none`` (HU only) or ``linear``
    slope : mg/cm3 per HU, positive
    intercept : mg/cm3 at 0 HU
    material : what the density is expressed in, ``HA`` or ``K2HPO4``; never converted
    kvp : tube voltage the line was made at, None where not stated
    source : where the line comes from, in the user's words

    Raises
    ------
    ValueError
        With one clause that names the field.
    """

    kind: str = "none"
    slope: float | None = None
    intercept: float | None = None
    material: str | None = None
    kvp: float | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in CALIBRATION_KINDS:
            raise ValueError(f"bone.calibration.kind must be one of {', '.join(CALIBRATION_KINDS)}, not {self.kind!r}")
        if self.kvp is not None and not (_is_number(self.kvp) and self.kvp > 0):
            raise ValueError("bone.calibration.kvp must be a positive number")
        if self.source is not None and not isinstance(self.source, str):
            raise ValueError("bone.calibration.source must be text")
        if self.kind == "none":
            if any(value is not None for value in (self.slope, self.intercept, self.material)):
                raise ValueError("bone.calibration.kind must be linear where a slope, intercept or material is given")
            return
        if not (_is_number(self.slope) and self.slope > 0):  # type: ignore[operator]
            raise ValueError("bone.calibration.slope must be a positive number")
        if not _is_number(self.intercept):
            raise ValueError("bone.calibration.intercept must be a number")
        if self.material not in MATERIALS:
            raise ValueError(f"bone.calibration.material must be one of {', '.join(MATERIALS)}")

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

    def check(self, scan_kvp: float | None) -> tuple[bool, tuple[Finding, ...]]:
        """Return whether the calibration may be used on a scan of this kVp, and what is to be said.

        The same bone measures differently at another tube voltage (a wrong kVp errs by
        3.8 +- 28.2 %, Skornitzke 2022), so a line is not used across kVp.
        """
        if self.kind == "none":
            return False, (finding("no-calibration"),)
        if self.kvp is None:
            return True, ()
        if scan_kvp is None:
            return True, (finding("calibration-kvp-unknown", calibration=f"{self.kvp:g}"),)
        if abs(self.kvp - scan_kvp) > KVP_TOLERANCE:
            return False, (finding("calibration-kvp", calibration=f"{self.kvp:g}", scan=f"{scan_kvp:g}"),)
        return True, ()

    def to_mapping(self) -> dict[str, Any]:
        """Return the calibration as the result file has it."""
        return {
            "kind": self.kind,
            "slope": self.slope,
            "intercept": self.intercept,
            "material": self.material,
            "kvp": self.kvp,
            "source": self.source,
        }


@dataclass(frozen=True)
class Bmd:
    """A bone mineral density, with the material it is expressed in."""

    value_mg_cm3: float
    material: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the density as the result file has it."""
        return {"value": self.value_mg_cm3, "material": self.material, "units": "mg/cm3"}


def plausibility(level: str, bmd: Bmd) -> tuple[Finding, ...]:
    """Return the finding about a density that trabecular bone cannot have, if it is one.

    Below -100 mg/cm3 there is not even fat; above 500 mg/cm3 there is cortex.
    """
    low, high = PLAUSIBLE_BMD_MG_CM3
    if low <= bmd.value_mg_cm3 <= high:
        return ()
    return (finding("bmd-implausible", level=level, bmd=f"{bmd.value_mg_cm3:.0f}"),)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
