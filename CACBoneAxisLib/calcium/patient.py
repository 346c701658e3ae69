"""Patient data that the interpretation of a score depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Spellings of the MESA groups.
ETHNICITIES: dict[str, str] = {
    "white": "white",
    "caucasian": "white",
    "white american": "white",
    "chinese": "chinese",
    "chinese american": "chinese",
    "black": "black",
    "african": "black",
    "african american": "black",
    "hispanic": "hispanic",
    "hispanic american": "hispanic",
}


@dataclass(frozen=True)
class Patient:
    """Patient data; None where not given.

    Parameters
    ----------
    age_years : patient's age at the scan, years
    sex : F or M; T-score references are by sex
    ethnicity : as the reference tables name it; MESA has White, Chinese, Black and Hispanic
    bmi_kg_m2 : body mass index
    diabetes : yes or no; the percentiles of MESA leave out treated diabetes
    smoker : yes or no
    total_cholesterol_mg_dl : total cholesterol
    hdl_mg_dl : HDL cholesterol
    systolic_mmhg : systolic blood pressure
    lipid_medication : whether lipids are treated
    pressure_medication : whether blood pressure is treated
    family_history : heart attack in the family
    """

    age_years: float | None = None
    sex: Literal["F", "M"] | None = None
    ethnicity: str | None = None
    bmi_kg_m2: float | None = None
    diabetes: bool | None = None
    smoker: bool | None = None
    total_cholesterol_mg_dl: float | None = None
    hdl_mg_dl: float | None = None
    systolic_mmhg: float | None = None
    lipid_medication: bool | None = None
    pressure_medication: bool | None = None
    family_history: bool | None = None

    @property
    def group(self) -> str | None:
        """MESA group: ``white``, ``chinese``, ``black`` or ``hispanic``; None for any other or none."""
        words = (self.ethnicity or "").lower().replace("-", " ").split()
        return ETHNICITIES.get(" ".join(words))
