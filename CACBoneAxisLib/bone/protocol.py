"""The bone protocol: every decision behind a measurement, frozen and printed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.estimates import estimate_names
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.bone.numbering import NUMBERINGS
from CACBoneAxisLib.bone.references import TScoreReference, hu_threshold_names, t_score_references
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.bone.zscores import z_score_reference_names
from CACBoneAxisLib.imaging.regions import REGION_SHAPES


@dataclass(frozen=True)
class RegionProtocol:
    """Trabecular region of a vertebra, and the limits of its checks.

    ``bone/quality.py`` explains the limits.

    Parameters
    ----------
    shape
        Shape that fills a region's box, unless the region states its own.
    protocol
        In a labelmap: the region of ``data/region_protocols.json`` that is measured.
    erosion_mm
        In a labelmap: distance of the region from the outside of the vertebra.
    minimum_voxels
        Fewer voxels are measured with a warning.
    outside_tolerance
        Largest fraction of a region that may lie outside the scan.
    departure_hu, maximum_trabecular_hu
        Voxels this far above the region's median, or above the maximum, count as cortex; voxels
        this far below the median do not count as bone.
    foreign_tolerance
        Fraction of such voxels above which there is a finding.
    spread_hu
        Robust standard deviation above which a region seems to hold several tissues.
    parting_hu
        Distance of mean and median above which there is a finding, with the likely cause.
    fat_hu, fat_tolerance
        A region with more than this fraction below this HU is not in a vertebra.
    low_hu
        A lower median may be that of fat or muscle.
    metal_hu, metal_margin_mm
        A voxel at or above it is metal; searched in the region and within the margin.
    cortex_search_mm, cortex_rise_hu, cortex_fraction
        Outwards from the centre, cortex is a rise above the median; a region is isolated when fewer
        than this fraction of directions meet it.
    """

    shape: str = "elliptic-cylinder"
    protocol: str = "eroded-core"
    erosion_mm: float = 4.0
    minimum_voxels: int = 100
    outside_tolerance: float = 0.01
    departure_hu: float = 200.0
    maximum_trabecular_hu: float = 500.0
    foreign_tolerance: float = 0.01
    spread_hu: float = 75.0
    parting_hu: float = 8.0
    fat_hu: float = -75.0
    fat_tolerance: float = 0.25
    low_hu: float = 0.0
    metal_hu: float = 2000.0
    metal_margin_mm: float = 10.0
    cortex_search_mm: float = 40.0
    cortex_rise_hu: float = 75.0
    cortex_fraction: float = 0.5

    def __post_init__(self) -> None:
        """Raise ValueError, in one clause, for a value that cannot be measured with."""
        if self.shape not in REGION_SHAPES:
            raise ValueError(f"bone.region.shape must be one of {', '.join(REGION_SHAPES)}, not {self.shape!r}")
        if self.protocol not in region_protocols():
            known = ", ".join(region_protocols())
            raise ValueError(f"bone.region.protocol must be one of {known}, not {self.protocol!r}")
        for name, value in asdict(self).items():
            if name in ("shape", "protocol"):
                continue
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not isfinite(value):
                raise ValueError(f"bone.region.{name} must be a number, not {value!r}")
            if value < 0 and name not in ("fat_hu", "low_hu"):
                raise ValueError(f"bone.region.{name} must not be negative, not {value:g}")
            if name.endswith(("_tolerance", "_fraction")) and value > 1:
                raise ValueError(f"bone.region.{name} must be a fraction from 0 to 1, not {value:g}")


@dataclass(frozen=True)
class BoneProtocol:
    """How bone is measured and interpreted; every field is printed with the result.

    Parameters
    ----------
    region : RegionProtocol
    calibration : Calibration
    t_score_reference
        Name of a reference in ``data/t_score_references.json``;
        None for no T-score, because a reference is a choice of population.
    z_score_reference
        Name of a reference in ``data/z_score_references.json``; None for no Z-score.
    estimates
        Names of equations in ``data/bmd_conversions.json`` whose results are printed beside the
        BMD: another level, another material, without contrast agent.
    site_references
        The site's own T-score references, each with the fields of a row of
        ``data/t_score_references.json``.
    hu_thresholds
        ``all``, ``none`` or the names of rows in ``data/hu_thresholds.json``.
    numbering
        How a labelmap numbers its vertebrae: ``auto`` (by names, else by evidence), ``totalsegmentator``
        (version 2), ``totalsegmentator-v1``, ``verse``, ``totalspineseg`` or a mapping from number to level.
    """

    region: RegionProtocol = field(default_factory=RegionProtocol)
    calibration: Calibration = field(default_factory=Calibration)
    t_score_reference: str | None = None
    z_score_reference: str | None = None
    estimates: tuple[str, ...] = ()
    site_references: tuple[TScoreReference, ...] = ()
    hu_thresholds: str | tuple[str, ...] = "all"
    numbering: str | Mapping[int, str] = "auto"

    def __post_init__(self) -> None:
        """Raise ValueError, in one clause, for an unknown value."""
        if self.t_score_reference is not None and not isinstance(self.t_score_reference, str):
            raise ValueError("bone.t_score_reference must be the name of a reference")
        _check_names("z_score_reference", (self.z_score_reference,), (None, *z_score_reference_names()))
        object.__setattr__(self, "estimates", tuple(self.estimates))
        _check_names("estimates", self.estimates, estimate_names())
        object.__setattr__(self, "site_references", tuple(self.site_references))
        shipped = {row.reference for row in t_score_references()}
        for row in self.site_references:
            if row.reference in shipped:
                raise ValueError(f"bone.site_references: {row.reference!r} is the name of a published reference")
        if isinstance(self.hu_thresholds, (list, tuple)):
            object.__setattr__(self, "hu_thresholds", tuple(self.hu_thresholds))
            for name in self.hu_thresholds:
                if name not in hu_threshold_names():
                    known = ", ".join(hu_threshold_names())
                    raise ValueError(f"bone.hu_thresholds {name!r} is not known; known are {known}")
        elif self.hu_thresholds not in ("all", "none"):
            raise ValueError("bone.hu_thresholds must be all, none or a list of names")
        if isinstance(self.numbering, Mapping):
            object.__setattr__(self, "numbering", _explicit_numbering(self.numbering))
        elif self.numbering not in NUMBERINGS:
            raise ValueError(f"bone.numbering must be one of {', '.join(NUMBERINGS)} or a mapping from number to level")

    def to_mapping(self) -> dict[str, Any]:
        """Return the content of the result file, without the calibration, which stands beside it."""
        chosen = self.hu_thresholds
        numbering = self.numbering
        return {
            "region": asdict(self.region),
            "t_score_reference": self.t_score_reference,
            "z_score_reference": self.z_score_reference,
            "estimates": list(self.estimates),
            "site_references": [asdict(row) for row in self.site_references],
            "hu_thresholds": chosen if isinstance(chosen, str) else list(chosen),
            "numbering": numbering if isinstance(numbering, str) else {str(n): v for n, v in numbering.items()},
        }


def _check_names(field_name: str, given: Iterable[str | None], known: Iterable[str | None]) -> None:
    names = tuple(known)
    for name in given:
        if name not in names:
            listed = ", ".join(str(item) for item in names if item is not None)
            raise ValueError(f"bone.{field_name} {name!r} is not known; known are {listed}")


def _explicit_numbering(given: Mapping[Any, Any]) -> dict[int, str]:
    numbering: dict[int, str] = {}
    for number, level in given.items():
        try:
            key = int(number)
        except (TypeError, ValueError):
            raise ValueError(f"bone.numbering must map whole numbers to levels, not {number!r}") from None
        if key <= 0 or level not in levels():
            raise ValueError(
                f"bone.numbering must map positive numbers to levels T1 to L5, not {number!r} to {level!r}"
            )
        numbering[key] = level
    if not numbering:
        raise ValueError("bone.numbering must name at least one level")
    if len(set(numbering.values())) != len(numbering):
        raise ValueError("bone.numbering must give each level one number")
    return numbering
