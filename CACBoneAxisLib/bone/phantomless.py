"""Calibration by the patient's own tissues, for research, with its uncertainty.

The HU of air, fat, blood and muscle are linear in their attenuation mu, which depends on the effective
energy of the beam. For every possible energy the line HU = a x mu + b is fitted, weighted by the
uncertainty of the samples and of tissue composition, and energies are weighted by the quality of the
fit. The line gives the HU of water in this scan and the HU that 100 mg/cm3 of hydroxyapatite add
(``data/attenuation.json``). Soft tissues hardly determine the energy, so it is limited to the range of
mass factors of four vendors, known for 120 kVp only; other voltages are refused. Including cortical
bone as a fifth point shifts 150 HU by 27 to 29 mg/cm3 (Michalski 2020), which is why such a density
gets no class and no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.calibration import KVP_TOLERANCE, Calibration
from CACBoneAxisLib.bone.tissues import TISSUES, TissueSample
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding

ENERGY_STEP_KEV = 0.5
REPORTED_HU = 150.0


@dataclass(frozen=True)
class TissueScan:
    """Calibration by tissues: samples, the line (None where refused), and its uncertainty.

    ``variance`` are the variances of slope and intercept and their covariance, in (mg/cm3)2
    per HU2, (mg/cm3)2 and (mg/cm3)2 per HU; ``energy_kev`` is the mean effective energy.
    """

    samples: Mapping[str, TissueSample]
    calibration: Calibration | None = None
    energy_kev: float | None = None
    variance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    def uncertainty_mg_cm3(self, hu: float) -> float:
        """Return the standard uncertainty of the density at a HU."""
        slope, intercept, together = self.variance
        return sqrt(max(0.0, slope * hu * hu + 2 * together * hu + intercept))

    def to_mapping(self) -> dict[str, Any]:
        """Return the scan as in the result file."""
        made = self.calibration is not None
        return {
            "samples": [sample.to_mapping() for sample in self.samples.values()],
            "energy_kev": self.energy_kev,
            "variance": list(self.variance),
            "uncertainty_at_150_hu_mg_cm3": self.uncertainty_mg_cm3(REPORTED_HU) if made else None,
            "accepted": made,
            "findings": [asdict(one) for one in self.findings],
        }


def calibrate_by_tissue(
    samples: Mapping[str, TissueSample], findings: tuple[Finding, ...], kvp: float | None
) -> TissueScan:
    """Fit the line through the tissues, or say why there is none.

    Parameters
    ----------
    samples : by tissue
    findings : objections to the samples (``bone/tissues.py``); any of them refuses
    kvp : of the scan
    """
    table = load_table("attenuation")
    usual = table["usual_mass_factors"]
    if kvp is None or abs(kvp - usual["kvp"]) > KVP_TOLERANCE:
        stated = "not known" if kvp is None else f"{kvp:g} kVp"
        findings = (*findings, finding("tissue-kvp", stated=stated, kvp=usual["kvp"]))
    if findings:
        return TissueScan(samples, findings=(*findings, finding("tissue-refused")))
    grid = _possible_energies(table)
    weights, lines, spreads = [], [], []
    for energy in grid:
        fitted = _line_at(energy, samples, table)
        weights.append(fitted[0])
        lines.append(fitted[1])
        spreads.append(fitted[2])
    weight = np.exp(-0.5 * (np.array(weights) - min(weights)))
    weight /= weight.sum()
    both = np.array(lines)
    mean = weight @ both
    # Variance within each energy, and between energies.
    covariance = np.einsum("e,eij->ij", weight, np.array(spreads))
    covariance += np.einsum("e,ei,ej->ij", weight, both - mean, both - mean)
    calibration = Calibration(
        "tissue", float(mean[0]), float(mean[1]), "HA", kvp=kvp, source="air, fat, blood and muscle of the patient"
    )
    variance = (float(covariance[0, 0]), float(covariance[1, 1]), float(covariance[0, 1]))
    made = TissueScan(samples, calibration, float(weight @ grid), variance)
    at = f"{made.uncertainty_mg_cm3(REPORTED_HU):.0f}"
    words = ", ".join(f"{name} {samples[name].hu:.0f}" for name in TISSUES)
    used = finding("tissue-used", samples=words, energy=f"{made.energy_kev:.0f}", uncertainty=at)
    return TissueScan(samples, calibration, made.energy_kev, variance, (used,))


def _possible_energies(table: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the energies that agree with the published mass factors."""
    kev = np.arange(40.0, 140.0 + ENERGY_STEP_KEV, ENERGY_STEP_KEV)
    factors = table["usual_mass_factors"]["mg_per_mm3_per_hu"]
    # c = 0.2 mg/mm3 / HU of 200 mg/cm3, so 100 mg/cm3 add 0.1 / c.
    low, high = 0.1 / factors[1], 0.1 / factors[0]
    adds = np.array([_hydroxyapatite(energy, table) for energy in kev])
    return np.asarray(kev[(adds >= low) & (adds <= high)], dtype=np.float64)


def _hydroxyapatite(energy: float, table: Mapping[str, Any]) -> float:
    row = table["hydroxyapatite"]
    return float(np.exp(np.interp(log(energy), np.log(row["energies_kev"]), np.log(row["hu_per_100_mg_cm3"]))))


def _attenuation(row: Mapping[str, Any], energy: float, table: Mapping[str, Any]) -> float:
    """Return the linear attenuation of a tissue at an energy, per cm."""
    logs = np.interp(log(energy), np.log(table["energies_kev"]), np.log(row["mass_attenuation_cm2_g"]))
    return float(np.exp(logs)) * float(row["density_g_cm3"])


def _line_at(
    energy: float, samples: Mapping[str, TissueSample], table: Mapping[str, Any]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return chi2 of the tissues' line at an energy, slope and intercept of density over HU, and their covariance."""
    rows = {row["name"]: row for row in table["tissues"]}
    mu = np.array([_attenuation(rows[name], energy, table) for name in TISSUES])
    hu = np.array([samples[name].hu for name in TISSUES])
    made_of = [(rows[name]["window_hu"][1] - rows[name]["window_hu"][0]) / 4 for name in TISSUES]
    sampled = [samples[name].sd_hu / sqrt(samples[name].voxels) for name in TISSUES]
    weight = 1 / (np.square(made_of) + np.square(sampled))
    design = np.column_stack([mu, np.ones(len(mu))])
    normal = np.linalg.inv(design.T @ (weight[:, None] * design))
    a, b = normal @ (design.T @ (weight * hu))
    chi2 = float((weight * (hu - design @ [a, b]) ** 2).sum())
    water = _attenuation(table["water"], energy, table)
    # Density = 100 x (HU - HU of water) / (HU that 100 mg/cm3 add); both depend on a and b.
    adds = a * _hydroxyapatite(energy, table) / 1000 * water
    slope, intercept = 100 / adds, -100 * (a * water + b) / adds
    # d(slope, intercept) / d(a, b)
    jacobian = np.array([[-slope / a, 0.0], [100 * b / (adds * a), -100 / adds]])
    return chi2, np.array([slope, intercept]), np.asarray(jacobian @ normal @ jacobian.T)
