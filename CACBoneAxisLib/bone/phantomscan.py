"""Calibration by the phantom in the scan: find, measure, fit and check its rods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.phantoms import Phantom, Rod, RodFit, fit_rods, line, phantoms
from CACBoneAxisLib.bone.rods import RodAxis, find_rods, measure_rods
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import as_point, swap_ras_lps
from CACBoneAxisLib.imaging.image import CTImage

# 1 - R2 above which the fit is refused, and above which it is flagged (public code for the same phantoms).
REFUSED_MISFIT, DOUBTED_MISFIT = 0.10, 0.02
# Plausible HU per mg/cm3, and HU at zero density: wide enough for 70 to 150 kVp on any scanner calibrated to water,
# narrow enough to exclude most other phantoms.
PLAUSIBLE_SLOPE_HU = (0.7, 3.0)
WATER_TOLERANCE_HU = {"k2hpo4-water": 40.0, "linear": 80.0}
# Another order of rods, or another phantom, is preferred where the stated one misses by this much (root mean square)
# and the other by at most half. Rods of a correctly stated phantom were within 2 HU.
MISSED_HU, BETTER = 6.0, 0.5
# A slice in which a rod is this far from its median does not show the phantom (its end, a cable, the couch).
SLICE_TOLERANCE_HU = 60.0
LARGEST_DRIFT_HU = 8.0


@dataclass(frozen=True)
class MeasuredRod:
    """A measured rod: certificate, centre (RAS mm, mid-scan), HU, fitted HU, drift along z."""

    rod: Rod
    center_ras_mm: tuple[float, float, float]
    hu: float
    fitted_hu: float
    sd_between_slices_hu: float
    drift_hu: float

    def to_mapping(self) -> dict[str, Any]:
        """Return the rod as in the result file."""
        return {
            "name": self.rod.name,
            "density_mg_cm3": self.rod.density_mg_cm3,
            "water_mg_cm3": self.rod.water_mg_cm3,
            "center_ras_mm": list(self.center_ras_mm),
            "hu": self.hu,
            "fitted_hu": self.fitted_hu,
            "residual_hu": self.hu - self.fitted_hu,
            "sd_between_slices_hu": self.sd_between_slices_hu,
            "drift_hu": self.drift_hu,
        }


@dataclass(frozen=True, eq=False)
class PhantomScan:
    """Measurement of the phantom in a scan.

    ``calibration`` is the line, None where it is refused; ``rods`` are empty where none
    were found. ``slices_hu`` has shape (rods, slices), NaN where a slice was left out.
    """

    phantom: Phantom
    calibration: Calibration | None = None
    fit: RodFit | None = None
    rods: tuple[MeasuredRod, ...] = ()
    axes: tuple[RodAxis, ...] = ()
    slices_hu: NDArray[np.float64] | None = None
    given: bool = False
    findings: tuple[Finding, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Return what was measured as in the result file."""
        fit = self.fit
        by_slice: Any = [] if self.slices_hu is None or not self.rods else self.slices_hu
        used = 0 if self.slices_hu is None else int(np.isfinite(self.slices_hu).all(axis=0).sum())
        return {
            "phantom": self.phantom.name,
            "title": self.phantom.title,
            "material": self.phantom.material,
            "densities_from": self.phantom.source,
            "accepted": self.calibration is not None,
            "places": "given" if self.given else "found",
            "slices": used,
            "rod_radius_mm": self.axes[0].radius_mm if self.axes else None,
            "r2": fit.r2 if fit else None,
            "slope": fit.slope if fit else None,
            "intercept": fit.intercept if fit else None,
            "reference_slope": fit.reference_slope if fit else None,
            "reference_intercept": fit.reference_intercept if fit else None,
            "rods": [
                {**rod.to_mapping(), "hu_by_slice": [None if np.isnan(v) else float(v) for v in values]}
                for rod, values in zip(self.rods, by_slice, strict=True)
            ],
        }


def calibrate_in_scan(image: CTImage, calibration: Calibration) -> PhantomScan:
    """Measure the rods of a phantom in a scan and fit the calibration line.

    Rods are searched below the back, in either order, or measured at the centres given. Refused, with
    a finding: no rods, a wrong number, another order, another phantom, a fit with 1 - R2 above 10 %.

    Parameters
    ----------
    image : CT in axial order
    calibration : of kind ``phantom``
    """
    phantom = calibration.known_phantom
    expected = len(phantom.rods)
    given = _given_axes(calibration)
    axes = given or find_rods(image, expected)
    if not axes:
        return PhantomScan(phantom, findings=(finding("rods-none", phantom=phantom.title),))
    if len(axes) != expected:
        code = "rods-missing" if len(axes) < expected else "rods-many"
        return PhantomScan(
            phantom, axes=axes, findings=(finding(code, phantom=phantom.title, found=len(axes), expected=expected),)
        )
    slices = _of_the_phantom(measure_rods(image, axes))
    used = np.isfinite(slices).all(axis=0)
    if not used.any():
        return PhantomScan(phantom, axes=axes, findings=(finding("rods-none", phantom=phantom.title),))
    hu = slices[:, used].mean(axis=1)
    orders = [tuple(range(expected))] + ([] if given else [tuple(range(expected))[::-1]])
    order = min(orders, key=lambda o: _miss(phantom, hu[list(o)]))
    axes, slices, hu = tuple(axes[n] for n in order), slices[list(order)], hu[list(order)]
    reason = _refusal(phantom, hu)
    fit = _fit(phantom, hu)
    if fit is None:
        return PhantomScan(phantom, axes=axes, findings=(reason or finding("rods-none", phantom=phantom.title),))
    rods = tuple(
        _measured(image, rod, axis, values, fitted)
        for rod, axis, values, fitted in zip(phantom.rods, axes, slices, fit.fitted_hu, strict=True)
    )
    made = PhantomScan(phantom, None, fit, rods, axes, slices, bool(given))
    if reason is not None:
        return replace(made, findings=(reason,))
    line_found = replace(
        calibration, slope=fit.slope, intercept=fit.intercept, material=phantom.material, kvp=image.acquisition.kvp
    )
    return replace(made, calibration=line_found, findings=_doubts(phantom, fit, rods, int(used.sum())))


def _given_axes(calibration: Calibration) -> tuple[RodAxis, ...]:
    """Return upright axes at the given centres (RAS), none without any."""
    centers = [as_point(swap_ras_lps(center)) for center in calibration.rod_centers_ras_mm]
    return tuple(RodAxis(x, y, 0.0, 0.0, calibration.rod_radius_mm) for x, y, _ in centers)


def _of_the_phantom(slices: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the means without slices in which a rod is far from its median or outside the scan."""
    known = np.isfinite(slices).all(axis=0)
    if not known.any():
        return np.asarray(slices, dtype=np.float64)
    median = np.median(slices[:, known], axis=1, keepdims=True)
    keep = known & (np.abs(slices - median) <= SLICE_TOLERANCE_HU).all(axis=0)
    return np.where(keep, slices, np.nan)


def _fit(phantom: Phantom, hu: Sequence[float] | NDArray[np.float64]) -> RodFit | None:
    try:
        return fit_rods(phantom.equations, list(hu), phantom.rods)
    except (ValueError, ZeroDivisionError):
        return None


def _miss(phantom: Phantom, hu: NDArray[np.float64]) -> float:
    """Root mean square distance of the rods from their line, HU; infinite for an implausible line."""
    fit = _fit(phantom, hu)
    if fit is None or _implausible(phantom, fit):
        return float("inf")
    return float(np.sqrt(np.mean((hu - np.array(fit.fitted_hu)) ** 2)))


def _implausible(phantom: Phantom, fit: RodFit) -> str | None:
    low, high = PLAUSIBLE_SLOPE_HU
    if not low <= fit.reference_slope <= high:
        return f"1 mg/cm3 would be {fit.reference_slope:.2f} HU"
    zero = fit.reference_intercept + (1000.0 if phantom.equations == "k2hpo4-water" else 0.0)
    if abs(zero) > WATER_TOLERANCE_HU[phantom.equations]:
        return f"water would be {zero:.0f} HU"
    return None


def _refusal(phantom: Phantom, hu: NDArray[np.float64]) -> Finding | None:
    """Return the finding that rods of the right number are not those of the phantom, None where they are."""
    fit, miss = _fit(phantom, hu), _miss(phantom, hu)
    if miss > MISSED_HU:
        orders = {order: _miss(phantom, hu[list(order)]) for order in permutations(range(len(hu)))}
        best = min(orders, key=lambda order: orders[order])
        if orders[best] <= min(BETTER * miss, MISSED_HU):
            # best[n] is the rod of the row that the certificate lists as rods[n].
            names = [""] * len(hu)
            for rod, place in zip(phantom.rods, best, strict=True):
                names[place] = rod.name
            lies = ", ".join(names)
            stated = ", ".join(rod.name for rod in phantom.rods)
            return finding("rods-swapped", phantom=phantom.title, stated=stated, found=lies)
        for other in (p for p in phantoms().values() if p.name != phantom.name and len(p.rods) == len(hu)):
            if min(_miss(other, hu), _miss(other, hu[::-1])) <= min(BETTER * miss, MISSED_HU):
                return finding("phantom-wrong", phantom=phantom.title, why=f"they fit {other.title}")
    reason = "there is no line" if fit is None else _implausible(phantom, fit)
    if reason is None and fit is not None and 1 - fit.r2 > REFUSED_MISFIT:
        reason = f"1 - R2 is {100 * (1 - fit.r2):.1f} %"
    return None if reason is None else finding("phantom-wrong", phantom=phantom.title, why=reason)


def _measured(image: CTImage, rod: Rod, axis: RodAxis, values: NDArray[np.float64], fitted: float) -> MeasuredRod:
    used = np.flatnonzero(np.isfinite(values))
    middle = float(image.geometry.to_lps([0, 0, float(used.mean())])[2])
    x, y = axis.at(middle)
    spread = float(values[used].std(ddof=1)) if used.size > 1 else 0.0
    drift = line(used, values[used])[0] * float(np.ptp(used)) if used.size > 2 else 0.0
    return MeasuredRod(rod, as_point(swap_ras_lps((x, y, middle))), float(values[used].mean()), fitted, spread, drift)


def _doubts(phantom: Phantom, fit: RodFit, rods: Sequence[MeasuredRod], slices: int) -> tuple[Finding, ...]:
    findings = [finding("phantom-used", phantom=phantom.title, slices=slices, r2=f"{fit.r2:.5f}")]
    miss = float(np.sqrt(np.mean([(rod.hu - rod.fitted_hu) ** 2 for rod in rods])))
    if 1 - fit.r2 > DOUBTED_MISFIT or miss > MISSED_HU:
        percent = f"{100 * (1 - fit.r2):.1f}"
        findings.append(finding("phantom-fit", phantom=phantom.title, percent=percent, miss=f"{miss:.0f}"))
    worst = max(rods, key=lambda rod: abs(rod.drift_hu))
    if abs(worst.drift_hu) > LARGEST_DRIFT_HU:
        findings.append(finding("phantom-drift", rod=worst.rod.name, drift=f"{worst.drift_hu:+.0f}"))
    return tuple(findings)
