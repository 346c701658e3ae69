"""Interpret a total score for a patient: distribution, percentiles, arterial age, risk, rescan interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from CACBoneAxisLib.calcium.distribution import Distribution, distribution_of
from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.percentiles import Percentile, percentiles
from CACBoneAxisLib.calcium.rescan import RescanInterval, rescan_intervals
from CACBoneAxisLib.calcium.risk import Risk, arterial_age_years, mesa_risk
from CACBoneAxisLib.calcium.scoring import LesionScore
from CACBoneAxisLib.data import load_table


@dataclass(frozen=True)
class ScoreInterpretation:
    """Interpretation of a total; every part has its source, and a reason where there is no value."""

    distribution: Distribution = field(default_factory=Distribution)
    percentiles: dict[str, Percentile] = field(default_factory=lambda: percentiles(None, Patient()))
    arterial_age_years: float | None = None
    risk: Risk = field(default_factory=lambda: mesa_risk(None, Patient()))
    rescan: tuple[RescanInterval, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Return the parts ``distribution``, ``percentiles``, ``risk`` and ``rescan`` of result.json."""
        age = load_table("calcium_risk")["arterial_age"]
        return {
            "distribution": asdict(self.distribution),
            "percentiles": {name: asdict(place) for name, place in self.percentiles.items()},
            "risk": {
                "arterial_age_years": self.arterial_age_years,
                "arterial_age_source": age["source"],
                "mesa_chd_10_year": asdict(self.risk),
            },
            "rescan": [asdict(interval) for interval in self.rescan],
        }


def interpret_score(
    agatston: float | None,
    volume_mm3: float | None,
    scores: Sequence[LesionScore],
    arteries: Mapping[str, float | None],
    patient: Patient,
) -> ScoreInterpretation:
    """Interpret a total score and volume for a patient.

    Parameters
    ----------
    agatston, volume_mm3 : totals; None where not given
    scores : of the lesions in the total
    arteries : score of each coronary artery
    patient : as far as known
    """
    return ScoreInterpretation(
        distribution_of(scores, arteries) if agatston is not None else Distribution(),
        percentiles(agatston, patient),
        None if agatston is None else arterial_age_years(agatston),
        mesa_risk(agatston, patient),
        rescan_intervals(agatston, "agatston", patient.bmi_kg_m2)
        + rescan_intervals(volume_mm3, "volume_mm3", patient.bmi_kg_m2),
    )
