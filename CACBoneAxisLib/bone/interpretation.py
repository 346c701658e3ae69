"""Interpret a mean HU: BMD, class, T-score, thresholds, and the patient's summary value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CACBoneAxisLib.bone.calibration import Bmd, Calibration, plausibility
from CACBoneAxisLib.bone.estimates import Estimate, estimate, unmet_levels
from CACBoneAxisLib.bone.phantomless import TissueScan
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.references import (
    HuThreshold,
    TScore,
    TScoreReference,
    acr_class,
    hu_thresholds,
    site_of,
    t_score_of,
)
from CACBoneAxisLib.bone.results import BoneSummary, Interpretation, VertebraMeasurement
from CACBoneAxisLib.bone.zscores import ZScore, z_score_of
from CACBoneAxisLib.imaging.findings import Finding, finding

SUMMARY_PAIR = ("L1", "L2")
# Without the pair: lumbar levels that QCT measures, then the nearest thoracic ones; L4 and L5 late, because
# degeneration makes them dense.
SUMMARY_ORDER = (
    "L1",
    "L2",
    "L3",
    "T12",
    "T11",
    "T10",
    "L4",
    "L5",
    "T9",
    "T8",
    "T7",
    "T6",
    "T5",
    "T4",
    "T3",
    "T2",
    "T1",
)
# What says that the end of the scan cuts a vertebra or its region.
CUT_CODES = ("vertebra-at-border", "region-edge")
GENERAL_CODES = (
    "t-score-sex",
    "t-score-no-row",
    "z-score-patient",
    "z-score-ancestry",
    "z-score-age",
    "z-score-material",
    "estimate-not-applied",
)


@dataclass(frozen=True)
class Interpreter:
    """Interprets means; ``calibration`` is None where none applies."""

    protocol: BoneProtocol
    calibration: Calibration | None
    sex: str | None
    contrast: bool
    references: tuple[TScoreReference, ...]
    age_years: float | None = None
    ancestry: str | None = None
    kvp: float | None = None
    tissue: TissueScan | None = None
    spectral: bool = False

    def general_findings(self) -> tuple[Finding, ...]:
        """Return the findings about all levels."""
        findings: tuple[Finding, ...] = ()
        dual = self.protocol.calibration.kind == "dual-energy"
        if dual or self.spectral:
            findings = (finding("dual-hu"),)
        if dual and self.protocol.calibration.slope is None:
            return findings
        if self.calibration is not None and self.protocol.t_score_reference is None and self.tissue is None:
            findings = (*findings, finding("no-t-score-reference"))
        return findings

    def read(
        self, level: str, mean_hu: float, subject: str | None = None, ha_mg_cm3: float | None = None
    ) -> tuple[Interpretation, tuple[Finding, ...], tuple[Finding, ...]]:
        """Interpret the mean HU of a level (``L1-L2``: the mean of the two).

        With two volumes BMD is derived from the hydroxyapatite density, and None without it.

        Returns
        -------
        interpretation : Interpretation
        findings about this level
        findings about all levels
        """
        subject = subject or level
        site = site_of(level.split("-")[0])
        findings: list[Finding] = []
        thresholds: tuple[HuThreshold, ...] = ()
        dual = self.protocol.calibration.kind == "dual-energy"
        if not (self.contrast or self.spectral or dual):
            thresholds = hu_thresholds(mean_hu, level, self.protocol.hu_thresholds)
            if not thresholds and self.protocol.hu_thresholds == "all":
                findings.append(finding("no-hu-thresholds", level=subject))
        if self.calibration is None or self.calibration.material is None:
            return Interpretation(mean_hu, hu_thresholds=thresholds), tuple(findings), ()
        if dual and ha_mg_cm3 is None:
            return Interpretation(mean_hu, hu_thresholds=thresholds), tuple(findings), ()
        value = ha_mg_cm3 if dual and ha_mg_cm3 is not None else mean_hu
        bmd = Bmd(self.calibration.bmd_mg_cm3(value), self.calibration.material)
        findings += plausibility(subject, bmd)
        if dual and self.protocol.calibration.slope is None:
            return Interpretation(mean_hu, bmd), tuple(findings), (finding("dual-unmapped"),)
        if self.tissue is not None:
            words = f"{bmd.value_mg_cm3:.0f}", f"{self.tissue.uncertainty_mg_cm3(mean_hu):.0f}"
            findings.append(finding("tissue-bmd", level=subject, bmd=words[0], uncertainty=words[1]))
            return Interpretation(mean_hu, bmd, hu_thresholds=thresholds), tuple(findings), ()
        if site == "thoracic":
            findings.append(finding("thoracic-class", level=subject))
        score: TScore | None = None
        score_findings: tuple[Finding, ...] = ()
        if self.protocol.t_score_reference is not None:
            name = self.protocol.t_score_reference
            score, score_findings = t_score_of(subject, site, bmd, self.sex, name, self.references)
        z_score: ZScore | None = None
        if self.protocol.z_score_reference is not None:
            name = self.protocol.z_score_reference
            z_score, z_findings = z_score_of(site, bmd, self.sex, self.age_years, self.ancestry, name)
            score_findings = (*score_findings, *z_findings)
        estimates: list[Estimate] = []
        for name in self.protocol.estimates:
            one, remarks = estimate(name, level, bmd, sex=self.sex, contrast=self.contrast, kvp=self.kvp)
            estimates += [one] if one else []
            score_findings = (*score_findings, *remarks)
        reading = Interpretation(
            mean_hu, bmd, acr_class(bmd.value_mg_cm3, site), score, thresholds, z_score, tuple(estimates)
        )
        general = tuple(f for f in score_findings if f.code in GENERAL_CODES)
        return reading, (*findings, *(f for f in score_findings if f not in general)), general


def summarize(vertebrae: Sequence[VertebraMeasurement], reader: Interpreter) -> tuple[BoneSummary, tuple[Finding, ...]]:
    """Return the patient's summary value, and findings about all levels.

    When both were measured, the mean of the vertebral means of L1 and L2, with equal weight (ISCD: 3D
    QCT uses L1-L2). Otherwise the first measured level of L1, L2, L3, T12, T11, T10, L4, L5, T9 up to
    T1, alone; one cut by the end of the scan only where no whole one was measured.
    """
    measured = {v.level: v for v in vertebrae if v.statistics is not None}
    if not measured:
        return BoneSummary(findings=(finding("no-vertebra-measured"),) if vertebrae else ()), ()
    chosen: tuple[str, ...] = SUMMARY_PAIR
    label = "mean of {} and {}".format(*SUMMARY_PAIR)
    if not all(level in measured for level in SUMMARY_PAIR):
        whole = {level for level, v in measured.items() if not any(f.code in CUT_CODES for f in v.findings)}
        chosen = (next(level for level in SUMMARY_ORDER if level in (whole or measured)),)
        label = f"{chosen[0]} alone"
    means = [s.mean_hu for s in (measured[level].statistics for level in chosen) if s is not None]
    pairs = [dual.ha_mg_cm3 for dual in (measured[level].dual for level in chosen) if dual is not None]
    ha = sum(pairs) / len(pairs) if len(pairs) == len(chosen) else None
    reading, findings, general = reader.read("-".join(chosen), sum(means) / len(means), label, ha)
    alone = (finding("one-lumbar-level", level=chosen[0]),) if len(chosen) == 1 else ()
    unmet = unmet_levels(reader.protocol.estimates, measured) if reader.calibration else ()
    return BoneSummary(chosen, label, reading, (*alone, *findings)), (*general, *unmet)
