"""Change of vertebral density between two scans, against the least significant change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.contrast import result_is_enhanced
from CACBoneAxisLib.imaging.findings import Finding, finding

# Facts that a density depends on; they must be known and equal in both results.
SCAN_FIELDS = {"kvp": "tube voltage", "manufacturer": "manufacturer", "model": "scanner model", "kernel": "kernel"}
CALIBRATION_FIELDS = {"kind": "calibration", "phantom": "phantom", "material": "material"}
LINE_FIELDS = {"slope": "calibration slope", "intercept": "calibration intercept"}
REGION_FIELDS = {
    "protocol": "region protocol",
    "shape": "region shape",
    "erosion_mm": "erosion",
    "size_mm": "region size",
}
SIZE_TOLERANCE = 0.05


@dataclass(frozen=True)
class BoneChange:
    """Change at one level: BMD (mg/cm3) where both results have it, HU otherwise.

    ``least_significant`` is in the unit of ``quantity``; ``exceeds`` whether the change is
    larger, either way. ``per_year`` and the population's annual change are None where
    years, or the sex, are not known.
    """

    level: str
    quantity: str
    baseline: float
    followup: float
    least_significant: float
    source: str
    per_year: float | None = None
    population_per_year: float | None = None

    @property
    def change(self) -> float:
        """Later minus earlier value."""
        return self.followup - self.baseline

    @property
    def exceeds(self) -> bool:
        """Whether the change exceeds the least significant change."""
        return abs(self.change) > self.least_significant

    def to_mapping(self) -> dict[str, Any]:
        """Return the change as a file has it."""
        return {
            "level": self.level,
            "quantity": self.quantity,
            "baseline": self.baseline,
            "followup": self.followup,
            "change": self.change,
            "change_percent": 100 * self.change / self.baseline if self.baseline > 0 else None,
            "least_significant": self.least_significant,
            "exceeds": self.exceeds,
            "per_year": self.per_year,
            "population_per_year": self.population_per_year,
            "source": self.source,
        }


def compare_bone(
    baseline: Mapping[str, Any],
    followup: Mapping[str, Any],
    years: float | None = None,
    cv_percent: float | None = None,
) -> tuple[tuple[BoneChange, ...], tuple[Finding, ...]]:
    """Return the change of every level measured in both results, with the reasons for missing ones.

    Nothing is compared where tube voltage, scanner, kernel, calibration or material differ or are
    unknown, nor a level whose region differs.

    Parameters
    ----------
    baseline, followup : contents of ``result.json``
    years : between the scans
    cv_percent : a site's own precision of BMD; the published one where None
    """
    other = _differences(baseline, followup)
    if other:
        return (), (finding("bone-not-compared", why="; ".join(other)),)
    earlier, later = (
        {v["level"]: v for v in r["bone"]["vertebrae"] if v["mean_hu"] is not None} for r in (baseline, followup)
    )
    sex = baseline["study"]["patient"]["sex"] or followup["study"]["patient"]["sex"]
    changes: list[BoneChange] = []
    said: list[Finding] = []
    for level in [level for level in earlier if level in later]:
        parts = _region_differences(earlier[level]["region"], later[level]["region"])
        if parts:
            said.append(finding("bone-level-not-compared", level=level, why="; ".join(parts)))
        else:
            changes.append(_change(level, earlier[level], later[level], years, sex, cv_percent))
    if not changes and not said:
        said.append(finding("bone-not-compared", why="no level was measured in both"))
    first, second = (result["bone"]["summary"] for result in (baseline, followup))
    levels, compared = first["levels"], {change.level for change in changes}
    if len(levels) > 1 and levels == second["levels"] and compared.issuperset(levels):
        changes.append(_change(f"mean of {' and '.join(levels)}", first, second, years, sex, cv_percent))
    return tuple(changes), tuple(said)


def bone_comparison(
    baseline: Mapping[str, Any],
    followup: Mapping[str, Any],
    years: float | None = None,
    cv_percent: float | None = None,
) -> dict[str, Any] | None:
    """Return the bone half of a comparison file; None where neither scan was read for bone."""
    if not (baseline["bone"]["vertebrae"] or followup["bone"]["vertebrae"]):
        return None
    changes, findings = compare_bone(baseline, followup, years, cv_percent)
    return {
        "cv_percent": cv_percent,
        "changes": [change.to_mapping() for change in changes],
        "findings": [asdict(one) for one in findings],
        "population_source": load_table("bone_precision")["annual_change"]["source"],
    }


def _change(
    level: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    years: float | None,
    sex: str | None,
    cv_percent: float | None,
) -> BoneChange:
    quantity = "BMD" if before["bmd"] and after["bmd"] else "HU"
    first, second = (v["bmd"]["value"] if quantity == "BMD" else v["mean_hu"] for v in (before, after))
    least, source = least_significant_change("bmd" if quantity == "BMD" else "hu", first, cv_percent)
    usual = load_table("bone_precision")["annual_change"].get(sex) if quantity == "BMD" else None
    per_year = (second - first) / years if years else None
    return BoneChange(level, quantity, first, second, least, source, per_year, usual if years else None)


def least_significant_change(
    quantity: Literal["bmd", "hu"], baseline: float, cv_percent: float | None = None
) -> tuple[float, str]:
    """Return the least significant change of two measurements, in their unit, and its source.

    2.77 x CV of the baseline for BMD (the site's CV where given), 16 HU for HU of lumbar vertebrae
    (``data/bone_precision.json``).

    Examples
    --------
    >>> round(least_significant_change("bmd", 200.0, cv_percent=1.0)[0], 2), least_significant_change("hu", 150.0)[0]
    (5.54, 16.0)
    """
    row = next(row for row in load_table("bone_precision")["rows"] if row["name"] == quantity)
    if quantity == "hu":
        return float(row["least_significant_change"]), str(row["source"])
    percent = row["least_significant_change"] if cv_percent is None else 2.77 * cv_percent
    source = str(row["source"]) if cv_percent is None else f"the site's CV of {cv_percent:g} %"
    return percent / 100 * abs(baseline), source


def _differences(baseline: Mapping[str, Any], followup: Mapping[str, Any]) -> list[str]:
    """Return, in words, the facts that forbid comparing two results."""
    scans = [
        {**result["study"]["acquisition"], "contrast": result_is_enhanced(result)} for result in (baseline, followup)
    ]
    lines = [result["bone"]["calibration"] for result in (baseline, followup)]
    said = unlike_scans(*scans)
    # A phantom in the scan is fitted in every scan; an asynchronous line must be the same.
    fields = CALIBRATION_FIELDS | ({} if lines[0]["kind"] == "phantom" else LINE_FIELDS)
    said += [
        f"{name}: {_word(a)} and {_word(b)}"
        for key, name in fields.items()
        if (a := lines[0].get(key)) != (b := lines[1].get(key))
    ]
    patients = [result["study"]["patient"] for result in (baseline, followup)]
    if None not in (patients[0]["sex"], patients[1]["sex"]) and patients[0]["sex"] != patients[1]["sex"]:
        said.append("the patient's sex")
    return said


def unlike_scans(baseline: Mapping[str, Any], followup: Mapping[str, Any]) -> list[str]:
    """Return why the bone density of two scans is not compared.

    A value unknown in one scan counts as different.

    Parameters
    ----------
    baseline, followup : with the keys of ``SCAN_FIELDS``, and ``contrast`` and ``spectral``
    """
    keys = (*SCAN_FIELDS, "contrast", "spectral")
    scans = [{key: _known(scan.get(key)) for key in keys} for scan in (baseline, followup)]
    said = [
        f"{name}: {_word(a)} and {_word(b)}"
        for key, name in SCAN_FIELDS.items()
        if (a := scans[0][key]) != (b := scans[1][key]) or a is None
    ]
    if any(scan["contrast"] for scan in scans):
        said.append("contrast agent was given")
    if scans[0]["spectral"] != scans[1]["spectral"]:
        said.append("one of them is an image of one energy, or of several")
    return said


def _known(value: Any) -> Any:
    """Return a value, None for what is missing as tables say it."""
    return None if value is None or value != value or value == "" else value


def _region_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    said = []
    for key, name in REGION_FIELDS.items():
        a, b = before.get(key), after.get(key)
        # A named protocol scales with the body, which two segmentations size differently.
        if key == "size_mm" and a and b:
            same = before.get("protocol") or all(
                abs(p - q) <= SIZE_TOLERANCE * max(p, q) for p, q in zip(a, b, strict=True)
            )
        else:
            same = a == b
        if not same:
            said.append(f"{name}: {_word(a)} and {_word(b)}")
    return said


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " x ".join(_word(item) for item in value)
    return "not known" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
