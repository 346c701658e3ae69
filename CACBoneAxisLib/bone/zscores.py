"""Z-scores: trabecular BMD relative to people of the same age, sex and ancestry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import floor
from typing import Any

from CACBoneAxisLib.bone.calibration import Bmd
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding

GROUP_WORDS = {"F": "women", "M": "men"}


@dataclass(frozen=True)
class ZScoreReference:
    """Mean and standard deviation of one group, mg/cm3; ages are whole years, both ends included."""

    reference: str
    site: str
    material: str | None
    sex: str
    ancestry: str
    age_from_years: int
    age_to_years: int
    mean_mg_cm3: float
    sd_mg_cm3: float
    source: str

    @property
    def group(self) -> str:
        """The group in words, e.g. ``White women, 60-64 years, lumbar``."""
        ages = f"{self.age_from_years}-{self.age_to_years} years"
        return f"{self.ancestry} {GROUP_WORDS[self.sex]}, {ages}, {self.site}"


@dataclass(frozen=True)
class ZScore:
    """A Z-score and its reference group."""

    value: float
    reference: ZScoreReference

    def to_mapping(self) -> dict[str, Any]:
        """Return the Z-score as in the result file."""
        row = self.reference
        return {
            "value": self.value,
            "reference": row.reference,
            "group": row.group,
            "site": row.site,
            "sex": row.sex,
            "ancestry": row.ancestry,
            "mean": row.mean_mg_cm3,
            "sd": row.sd_mg_cm3,
            "source": row.source,
        }


@cache
def z_score_references() -> tuple[ZScoreReference, ...]:
    """Return the bundled rows."""
    table = load_table("z_score_references")
    return tuple(ZScoreReference(**row, source=table["source"]) for row in table["rows"])


def z_score_reference_names() -> tuple[str, ...]:
    """Return the names of the references on file."""
    return tuple(dict.fromkeys(row.reference for row in z_score_references()))


def ancestry_of(stated: str | None) -> str | None:
    """Return the ancestry as named in the tables, None for any other.

    Examples
    --------
    >>> ancestry_of("african american"), ancestry_of("chinese"), ancestry_of("other")
    ('Black', 'Chinese', None)
    """
    wanted = " ".join((stated or "").lower().split())
    names: dict[str, list[str]] = load_table("z_score_references")["ancestries"]
    return next((name for name, words in names.items() if wanted == name.lower() or wanted in words), None)


def z_score_of(
    site: str, bmd: Bmd, sex: str | None, age_years: float | None, ancestry: str | None, name: str
) -> tuple[ZScore | None, tuple[Finding, ...]]:
    """Return (BMD - mean) / SD of the patient's group in the reference ``name``, or None with the reason.

    Parameters
    ----------
    site : thoracic or lumbar, which have separate references
    bmd : Bmd
    sex, age_years, ancestry : of the patient; ancestry in the user's words
    name : of the reference

    Notes
    -----
    The table of MESA does not state its material, and HA and K2HPO4 differ by about 15 %, so a row
    without a material gives a warning.

    Examples
    --------
    >>> score, _ = z_score_of("lumbar", Bmd(115.1, "HA"), "M", 62, "White", "mesa-2013")
    >>> score.value
    0.0
    """
    missing = [
        word for word, known in (("sex", sex), ("age", age_years), ("ancestry", ancestry)) if known in (None, "")
    ]
    if missing or age_years is None:
        return None, (finding("z-score-patient", reference=name, missing=" and ".join(missing)),)
    group = ancestry_of(ancestry)
    rows = [r for r in z_score_references() if r.reference == name and r.site == site and r.sex == sex]
    if group is None:
        known = ", ".join(dict.fromkeys(r.ancestry for r in rows))
        return None, (finding("z-score-ancestry", reference=name, stated=ancestry, known=known),)
    years = floor(age_years)
    for row in rows:
        if row.ancestry == group and row.age_from_years <= years <= row.age_to_years:
            score = ZScore((bmd.value_mg_cm3 - row.mean_mg_cm3) / row.sd_mg_cm3, row)
            if row.material is None:
                return score, (finding("z-score-material", reference=name, material=bmd.material),)
            return score, ()
    ages = [r.age_from_years for r in rows] + [r.age_to_years for r in rows]
    return None, (finding("z-score-age", reference=name, age=years, first=min(ages), last=max(ages)),)
