"""Measurements of vertebrae, as frozen objects and as the result file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from CACBoneAxisLib.bone.calibration import Bmd, Calibration
from CACBoneAxisLib.bone.dualenergy import DualMeasurement
from CACBoneAxisLib.bone.estimates import Estimate
from CACBoneAxisLib.bone.heights import Heights
from CACBoneAxisLib.bone.hustatistics import HuStatistics
from CACBoneAxisLib.bone.phantomless import TissueScan
from CACBoneAxisLib.bone.phantomscan import PhantomScan
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.references import AcrClass, HuThreshold, TScore
from CACBoneAxisLib.bone.zscores import ZScore
from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.imaging.masks import Mask

Status = Literal["measured", "excluded", "not-measured"]


@dataclass(frozen=True)
class Interpretation:
    """Interpretation of a mean HU; None or empty where something does not apply."""

    mean_hu: float | None = None
    bmd: Bmd | None = None
    acr_class: AcrClass | None = None
    t_score: TScore | None = None
    hu_thresholds: tuple[HuThreshold, ...] = ()
    z_score: ZScore | None = None
    estimates: tuple[Estimate, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Return the reading as in the result file."""
        return {
            "mean_hu": self.mean_hu,
            "bmd": self.bmd.to_mapping() if self.bmd else None,
            "acr_class": self.acr_class.to_mapping() if self.acr_class else None,
            "t_score": self.t_score.to_mapping() if self.t_score else None,
            "z_score": self.z_score.to_mapping() if self.z_score else None,
            "estimates": [item.to_mapping() for item in self.estimates],
            "hu_thresholds": [threshold.to_mapping() for threshold in self.hu_thresholds],
        }


@dataclass(frozen=True)
class VertebraMeasurement:
    """One vertebra: its region (positions in RAS mm) and measurements.

    ``statistics`` is None unless the status is ``measured``; the findings say why.
    """

    level: str
    source: Literal["roi", "labelmap", "point"]
    region: Mapping[str, Any]
    status: Status
    statistics: HuStatistics | None = None
    interpretation: Interpretation = field(default_factory=Interpretation)
    findings: tuple[Finding, ...] = ()
    heights: Heights | None = None
    dual: DualMeasurement | None = None

    def to_mapping(self) -> dict[str, Any]:
        """Return the vertebra as in the result file."""
        return {
            "level": self.level,
            "source": self.source,
            "region": dict(self.region),
            **{one.name: getattr(self.statistics, one.name, None) for one in fields(HuStatistics)},
            **self.interpretation.to_mapping(),
            "heights": self.heights.to_mapping() if self.heights else None,
            "dual_energy": self.dual.to_mapping() if self.dual else None,
            "status": self.status,
            "findings": [asdict(item) for item in self.findings],
        }


@dataclass(frozen=True)
class BoneSummary:
    """Summary value of a patient: levels, description, interpretation."""

    levels: tuple[str, ...] = ()
    label: str | None = None
    interpretation: Interpretation = field(default_factory=Interpretation)
    findings: tuple[Finding, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Return the summary as in the result file."""
        return {
            "levels": list(self.levels),
            "label": self.label,
            **self.interpretation.to_mapping(),
            "findings": [asdict(item) for item in self.findings],
        }


@dataclass(frozen=True, eq=False)
class BoneResult:
    """All vertebrae of a scan, from the head down, with the summary and the measured voxels by level.

    ``phantom`` and ``tissue`` are the calibrations by the phantom in the scan and by tissues, None where
    not asked for; ``line`` is the calibration used where it is neither.
    """

    protocol: BoneProtocol
    vertebrae: tuple[VertebraMeasurement, ...]
    summary: BoneSummary
    findings: tuple[Finding, ...] = ()
    masks: Mapping[str, Mask] = field(default_factory=dict)
    phantom: PhantomScan | None = None
    tissue: TissueScan | None = None
    line: Calibration | None = None

    @property
    def calibration(self) -> Calibration:
        """The calibration with the line used; that of the settings where a phantom gave none."""
        scan = self.phantom or self.tissue
        return (scan.calibration if scan else self.line) or self.protocol.calibration

    def to_mapping(self) -> dict[str, Any]:
        """Return the result as in the result file, without the masks."""
        return {
            "calibration": {
                **self.calibration.to_mapping(),
                "phantom_scan": self.phantom.to_mapping() if self.phantom else None,
                "tissue_scan": self.tissue.to_mapping() if self.tissue else None,
            },
            "protocol": self.protocol.to_mapping(),
            "vertebrae": [vertebra.to_mapping() for vertebra in self.vertebrae],
            "summary": self.summary.to_mapping(),
            "findings": [asdict(item) for item in self.findings],
        }
