"""Estimates beside a measured BMD: another level, another material, without contrast agent.

Each is an equation of ``data/bmd_conversions.json``, applied only when requested by name, printed
beside the measured value with its source, and used for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.bone.calibration import KVP_TOLERANCE, Bmd
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding


@dataclass(frozen=True)
class Estimate:
    """A BMD computed from a measured one by a published equation."""

    name: str
    what: str
    bmd: Bmd
    measured_mg_cm3: float
    source: str
    note: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the estimate as in the result file, with the measured value it comes from."""
        return {
            "name": self.name,
            "what": self.what,
            **self.bmd.to_mapping(),
            "measured": self.measured_mg_cm3,
            "source": self.source,
            "note": self.note,
        }


def unmet_levels(names: Iterable[str], measured: Iterable[str]) -> tuple[Finding, ...]:
    """Return the findings about equations for levels that were not measured."""
    there = set(measured)
    findings = []
    for row in load_table("bmd_conversions")["rows"]:
        if row["kind"] == "level" and row["name"] in names and row["to"] not in there:
            findings.append(finding("estimate-not-applied", name=row["name"], why=f"{row['to']} was not measured"))
    return tuple(dict.fromkeys(findings))


def estimate_names() -> tuple[str, ...]:
    """Return the names of the equations on file."""
    return tuple(dict.fromkeys(row["name"] for row in load_table("bmd_conversions")["rows"]))


def estimate(
    name: str, level: str, bmd: Bmd, *, sex: str | None, contrast: bool | None, kvp: float | None
) -> tuple[Estimate | None, tuple[Finding, ...]]:
    """Apply the equation ``name`` to a BMD; None with the reason where it does not apply.

    A level equation applies to its level and sex; a material equation to its tube voltage, if it
    names one, and its two materials; a contrast equation only to contrast-enhanced scans, the reader
    choosing the phase by the name.

    Examples
    --------
    >>> found, _ = estimate("toelly-2017-venous", "L1", Bmd(100.0, "HA"), sex=None, contrast=True, kvp=None)
    >>> round(found.bmd.value_mg_cm3, 1)  # 0.978 x 100 - 4.517
    93.3
    """
    rows = [row for row in load_table("bmd_conversions")["rows"] if row["name"] == name]
    kind = rows[0]["kind"]
    row = next((r for r in rows if r["sex"] in (None, sex)), None)
    if row is None:
        return _refused(name, "the patient's sex is not known")
    if kind == "level":
        if level != row["to"]:
            # unmet_levels reports this once for the scan, where no level has it.
            return None, ()
        what, material, forward = f"at {row['from']}", bmd.material, False
    elif kind == "material":
        if bmd.material not in (row["from"], row["to"]):
            return _refused(name, f"the density is in {bmd.material}")
        if row["kvp"] is not None and (kvp is None or abs(kvp - row["kvp"]) > KVP_TOLERANCE):
            return _refused(name, f"it is for {row['kvp']} kVp")
        forward = bmd.material == row["from"]
        material = row["to"] if forward else row["from"]
        what = f"in {material}"
    else:
        if not contrast:
            return _refused(name, "no contrast agent is known to have been given")
        what, material, forward = f"{row['to']}, from the {row['from']}", bmd.material, True
    value = bmd.value_mg_cm3
    result = row["slope"] * value + row["intercept"] if forward else (value - row["intercept"]) / row["slope"]
    return Estimate(name, what, Bmd(result, material), value, row["source"], row["note"]), ()


def _refused(name: str, reason: str) -> tuple[None, tuple[Finding, ...]]:
    return None, (finding("estimate-not-applied", name=name, why=reason),)
