"""Compare a measured value with published ones: BMD class, T-score, HU thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from CACBoneAxisLib.bone.calibration import Bmd
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.jsontext import parse_json


@dataclass(frozen=True)
class AcrClass:
    """Class of a trabecular BMD, with its source and scope."""

    code: str
    label: str
    source: str
    note: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the class as in the result file."""
        return {"class": self.code, "label": self.label, "source": self.source, "note": self.note}


def acr_class(bmd_mg_cm3: float, site: str) -> AcrClass:
    """Return the class: above 120 mg/cm3 normal, 80 to 120 (inclusive) low bone mass, below 80 osteoporosis.

    ACR-SPR-SSR practice parameter for QCT, for the mean of two lumbar vertebrae. The note of a
    ``thoracic`` value says that its BMD is higher.

    Examples
    --------
    >>> [acr_class(bmd, "lumbar").code for bmd in (120.1, 120.0, 80.0, 79.9)]
    ['normal', 'low-bone-mass', 'low-bone-mass', 'osteoporosis']
    """
    table = load_table("bmd_classes")
    for row in table["classes"]:
        low, high = row["from_mg_cm3"], row["to_mg_cm3"]
        above = low is None or bmd_mg_cm3 > low or (row["includes_from"] and bmd_mg_cm3 == low)
        below = high is None or bmd_mg_cm3 < high or (row["includes_to"] and bmd_mg_cm3 == high)
        if above and below:
            note = table["thoracic_note"] if site == "thoracic" else table["note"]
            return AcrClass(row["class"], row["label"], table["source"], note)
    raise ValueError(f"{bmd_mg_cm3} is not a density")


@dataclass(frozen=True)
class TScoreReference:
    """Mean and standard deviation of young adults, mg/cm3, for one site, material and sex."""

    reference: str
    site: str
    material: str
    sex: str
    mean_mg_cm3: float
    sd_mg_cm3: float
    source: str
    population: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for a row that cannot serve as a reference."""
        if not isfinite(self.mean_mg_cm3) or not (isfinite(self.sd_mg_cm3) and self.sd_mg_cm3 > 0):
            raise ValueError("mean_mg_cm3 and sd_mg_cm3 must be numbers, sd_mg_cm3 positive")
        if self.site not in ("thoracic", "lumbar") or self.sex not in ("F", "M"):
            raise ValueError("site must be thoracic or lumbar, sex F or M")
        texts = (self.reference, self.material, self.source)
        if not all(isinstance(text, str) and text for text in texts):
            raise ValueError("reference, material and source must be text")


@dataclass(frozen=True)
class TScore:
    """A QCT T-score; it is not a DXA T-score, and the WHO classes do not apply."""

    value: float
    reference: str
    source: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the T-score as in the result file."""
        return {"value": self.value, "reference": self.reference, "source": self.source}


def t_score(bmd_mg_cm3: float, reference: TScoreReference) -> TScore:
    """Return (BMD - mean) / SD of the reference; ``t_score_of`` decides whether it applies.

    Examples
    --------
    >>> women = TScoreReference("Budoff 2010", "thoracic", "HA", "F", 222.0, 36.0, "Radiology 257:434")
    >>> t_score(132.0, women).value, t_score(186.0, women).value
    (-2.5, -1.0)
    """
    value = (bmd_mg_cm3 - reference.mean_mg_cm3) / reference.sd_mg_cm3
    return TScore(value, reference.reference, reference.source)


@cache
def t_score_references() -> tuple[TScoreReference, ...]:
    """Return the bundled references."""
    return tuple(_reference(row) for row in load_table("t_score_references")["rows"])


def load_t_score_references(path: str | Path) -> tuple[TScoreReference, ...]:
    """Read a site's own references, in the format of ``data/t_score_references.json``.

    Raises
    ------
    UnusableInputError
        When the file is missing, or a row lacks a field or has an unknown value.
    """
    path = Path(path)
    try:
        rows = parse_json(path.read_bytes())["rows"]
        references = tuple(_reference(row) for row in rows)
    except FileNotFoundError:
        raise refusal("file-missing", file=path.name) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be used ({error})"
        raise refusal("settings-invalid", problem=f"the reference file {path.name} {reason}") from None
    if not references:
        raise refusal("settings-invalid", problem=f"the reference file {path.name} has no rows")
    return references


def _reference(row: dict[str, Any]) -> TScoreReference:
    texts = (row["reference"], row["site"], row["material"], row["sex"])
    numbers = (float(row["mean_mg_cm3"]), float(row["sd_mg_cm3"]))
    return TScoreReference(*texts, *numbers, str(row["source"]), str(row.get("population") or ""))


def check_reference(name: str, references: Iterable[TScoreReference]) -> None:
    """Raise UnusableInputError, with the known names, when no reference is called ``name``."""
    known = tuple(dict.fromkeys(r.reference for r in references))
    if name not in known:
        problem = f"bone.t_score_reference {name!r} is not known; known are {', '.join(known)}"
        raise refusal("settings-invalid", problem=problem)


def t_score_of(
    subject: str,
    site: str,
    bmd: Bmd,
    sex: str | None,
    name: str,
    references: Iterable[TScoreReference],
) -> tuple[TScore | None, tuple[Finding, ...]]:
    """Return the T-score by the reference called ``name``, or None with the reason.

    A reference applies to its own site, material and sex: thoracic BMD is higher than lumbar, and HA
    and K2HPO4 are different scales (HA = 1.15 K2HPO4 - 7.32, Faulkner 1993), which are never
    converted. An unstated material (``as in SWAN``) matches only a BMD stated likewise.
    """
    rows = [r for r in references if r.reference == name]
    at_site = [r for r in rows if r.site == site]
    if not at_site:
        sites = " and ".join(dict.fromkeys(r.site for r in rows))
        return None, (finding("t-score-site", level=subject, reference=name, reference_site=sites, site=site),)
    of_material = [r for r in at_site if r.material == bmd.material]
    if not of_material:
        materials = " and ".join(dict.fromkeys(r.material for r in at_site))
        mismatch = finding(
            "t-score-material", level=subject, reference=name, reference_material=materials, material=bmd.material
        )
        return None, (mismatch,)
    if sex is None:
        return None, (finding("t-score-sex", reference=name),)
    for row in of_material:
        if row.sex == sex:
            return t_score(bmd.value_mg_cm3, row), ()
    return None, (finding("t-score-no-row", reference=name, group={"F": "women", "M": "men"}.get(sex, sex)),)


@dataclass(frozen=True)
class HuThreshold:
    """A published HU threshold for one level, and whether the mean HU is below it."""

    name: str
    threshold_hu: float
    below: bool
    meaning: str
    source: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the threshold as in the result file."""
        return {
            "name": self.name,
            "threshold_hu": self.threshold_hu,
            "below": self.below,
            "meaning": self.meaning,
            "source": self.source,
        }


def hu_threshold_names() -> tuple[str, ...]:
    """Return the names of the thresholds on file."""
    return tuple(row["name"] for row in load_table("hu_thresholds")["rows"])


def hu_thresholds(mean_hu: float, level: str, chosen: str | tuple[str, ...] = "all") -> tuple[HuThreshold, ...]:
    """Return the published thresholds for a level (or ``L1-L2``, their mean), compared with the value.

    ``below`` includes the threshold itself where the paper says "at or below". The thresholds are for
    unenhanced scans near 120 kVp; callers omit them on enhanced ones.
    """
    if chosen == "none":
        return ()
    rows = load_table("hu_thresholds")["rows"]
    return tuple(
        HuThreshold(
            row["name"],
            row["threshold_hu"],
            mean_hu < row["threshold_hu"] or (row["includes_threshold"] and mean_hu == row["threshold_hu"]),
            row["meaning"],
            row["source"],
        )
        for row in rows
        if row["level"] == level and (isinstance(chosen, str) or row["name"] in chosen)
    )


def site_of(level: str) -> str:
    """Return the site of a level.

    Examples
    --------
    >>> site_of("T12"), site_of("L1")
    ('thoracic', 'lumbar')
    """
    return levels()[level].site
