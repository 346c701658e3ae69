"""Calibrations of a scanner over time: drift of what it reads as 100 mg/cm3.

Files of ``cacboneaxis calibrate`` form a series when scanner, kVp, kernel, phantom and material agree
and table heights are within a centimetre of the first. In each series every file is compared with the
first: the later line is applied to the HU that the first reads as 100 mg/cm3. On one scanner model an
asynchronous calibration errs by 0.0 +- 1.4 % (Skornitzke 2022); twice that is drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from CACBoneAxisLib.bone.calibration import TABLE_HEIGHT_TOLERANCE_MM, Calibration
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal

REFERENCE_MG_CM3 = 100.0
DRIFT_PERCENT = 2.8
LIMIT_DIGITS = 9
DRIFT_SOURCE = "2 x 1.4 %, asynchronous calibration on one scanner model, Skornitzke 2022"
# As for rods in the scan (bone/phantomscan.py).
DOUBTED_R2 = 0.98
SAME = ("manufacturer", "model", "kvp", "kernel", "phantom", "material")


@dataclass(frozen=True)
class QaPoint:
    """One calibration of a series: line, fit, and its reading of the first file's 100 mg/cm3."""

    file: str
    date: str
    slope: float
    intercept: float
    r2: float | None
    largest_residual_hu: float | None
    table_height_mm: float | None
    reads_mg_cm3: float
    drifted: bool

    @property
    def percent(self) -> float:
        """Difference of the reading from the first, per cent."""
        return 100 * (self.reads_mg_cm3 / REFERENCE_MG_CM3 - 1)


@dataclass(frozen=True)
class QaSeries:
    """Calibrations of one scanner with one protocol and phantom, oldest first."""

    title: str
    material: str
    points: tuple[QaPoint, ...]
    findings: tuple[Finding, ...]

    def to_mapping(self) -> dict[str, Any]:
        """Return the content of the history file."""
        return {
            "title": self.title,
            "material": self.material,
            "reference_mg_cm3": REFERENCE_MG_CM3,
            "drift_percent": DRIFT_PERCENT,
            "drift_source": DRIFT_SOURCE,
            "points": [{**asdict(point), "percent": point.percent} for point in self.points],
            "findings": [asdict(one) for one in self.findings],
        }


def parsed_date(text: str | None) -> date | None:
    """Parse a date written as YYYY-MM-DD or YYYYMMDD (DICOM); None for anything else.

    Examples
    --------
    >>> parsed_date("20240229"), parsed_date("29.2.2024")
    (datetime.date(2024, 2, 29), None)
    """
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def qa_series(calibrations: Sequence[tuple[str, Calibration]]) -> tuple[QaSeries, ...]:
    """Group calibrations, by file name, into series over time.

    Raises
    ------
    UnusableInputError
        When one has no date that can be read, or two of a series have the same date.
    """
    dated = []
    for name, calibration in calibrations:
        when = parsed_date(calibration.date)
        if when is None:
            raise refusal("qa-date", file=name, date=calibration.date or "none")
        dated.append((when, name, calibration))
    dated.sort(key=lambda item: item[:2])
    groups: list[list[tuple[date, str, Calibration]]] = []
    for item in dated:
        group = next((g for g in groups if _same_series(g[0][2], item[2])), None)
        if group is None:
            groups.append([item])
        elif group[-1][0] == item[0]:
            raise refusal("qa-twice", first=group[-1][1], second=item[1], date=item[0].isoformat())
        else:
            group.append(item)
    return tuple(_series(group) for group in groups)


def _same_series(one: Calibration, other: Calibration) -> bool:
    if any(getattr(one, name) != getattr(other, name) for name in SAME):
        return False
    heights = one.table_height_mm, other.table_height_mm
    if heights[0] is None or heights[1] is None:
        return heights[0] is heights[1]
    return abs(heights[0] - heights[1]) <= TABLE_HEIGHT_TOLERANCE_MM


def _series(group: Sequence[tuple[date, str, Calibration]]) -> QaSeries:
    first = group[0][2]
    words = f"{first.kvp:g} kVp" if first.kvp else "kVp unknown"
    title = ", ".join(str(p) for p in (first.manufacturer, first.model, words, first.kernel, first.phantom) if p)
    findings: list[Finding] = []
    points = []
    at = (REFERENCE_MG_CM3 - (first.intercept or 0.0)) / (first.slope or 1.0)
    for when, name, one in group:
        reads = one.bmd_mg_cm3(at)
        # The limit itself is no drift, whatever the last digit of the division.
        drifted = round(abs(reads / REFERENCE_MG_CM3 - 1) * 100, LIMIT_DIGITS) > DRIFT_PERCENT
        largest = max((abs(r) for r in one.residuals_hu), default=None)
        point = QaPoint(
            name,
            when.isoformat(),
            one.slope or 0.0,
            one.intercept or 0.0,
            one.r2,
            largest,
            one.table_height_mm,
            reads,
            drifted,
        )
        points.append(point)
        if drifted:
            percent, limit = f"{point.percent:+.1f}", f"{DRIFT_PERCENT:g}"
            findings.append(finding("qa-drift", file=name, date=point.date, percent=percent, limit=limit))
        if one.r2 is not None and one.r2 < DOUBTED_R2:
            findings.append(finding("qa-fit", file=name, date=point.date, r2=f"{one.r2:.4f}"))
    if len(points) == 1:
        findings.append(finding("qa-single", file=points[0].file))
    return QaSeries(title, str(first.material), tuple(points), tuple(findings))
