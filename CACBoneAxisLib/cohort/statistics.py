"""All statistics of ``cacboneaxis cohort``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.cohort.agreement import Agreement, Kappa, agreement, kappa, pairs
from CACBoneAxisLib.cohort.frame import Cohort, bone_measure
from CACBoneAxisLib.cohort.groups import Group, HypothesisTest, hypothesis_tests, scheme_of, table_one
from CACBoneAxisLib.cohort.models import OUTCOMES, Correlation, Model, correlations, models
from CACBoneAxisLib.imaging.findings import refusal

ALWAYS_ADJUST = ("age_years", "sex")
BMI_NAMES = ("bmi", "BMI", "bmi_kg_m2")


@dataclass(frozen=True, eq=False)
class CohortStatistics:
    """The statistics of a cohort.

    Parameters
    ----------
    cohort : the patients
    bone, unit : column of the bone measure and its unit
    scheme : calcium categories
    outcome : calcium column used in the models
    remarks : cautions, one sentence each
    groups, tests, correlations, models : as their modules say
    agreements, kappas : with a second table; empty without one
    paired : studies present in both tables, or None
    """

    cohort: Cohort
    bone: str
    unit: str
    scheme: dict[str, Any]
    outcome: str
    remarks: tuple[str, ...]
    groups: tuple[Group, ...]
    tests: tuple[HypothesisTest, ...]
    correlations: tuple[Correlation, ...]
    models: tuple[Model, ...]
    agreements: tuple[Agreement, ...] = ()
    kappas: tuple[Kappa, ...] = ()
    paired: Any = None


def statistics(
    cohort: Cohort,
    *,
    scheme: str = "ahmadi",
    bone: str = "auto",
    outcome: str = "agatston",
    adjust: Sequence[str] = (),
    second: Any = None,
) -> CohortStatistics:
    """Compute all statistics of a cohort.

    Parameters
    ----------
    cohort : of :func:`~CACBoneAxisLib.cohort.frame.make_cohort`
    scheme : id of the calcium categories
    bone : ``bmd``, ``hu`` or ``auto``
    outcome : ``agatston``, ``volume_mm3`` or ``mass_mg``
    adjust : further covariates beside age, sex and BMI
    second : results of a second reader or method on the same studies

    Raises
    ------
    UnusableInputError
        When a scheme or column does not exist.
    """
    data, remarks = cohort.data, list(cohort.remarks)
    column, unit = bone_measure(data, bone)
    rules = scheme_of(scheme)
    covariates = [name for name in ALWAYS_ADJUST if data[name].notna().any()]
    remarks += [
        f"No {name} is known, so nothing is adjusted for it." for name in ALWAYS_ADJUST if name not in covariates
    ]
    known = (*cohort.clinical, *(["bmi_kg_m2"] if data["bmi_kg_m2"].notna().any() else []))
    bmi = next((name for name in BMI_NAMES if name in known), None)
    if bmi is None:
        remarks.append(
            "No BMI (bmi of the clinical table, patient.bmi_kg_m2 of the manifest): nothing is adjusted for it."
        )
    for name in filter(None, (bmi, *adjust)):
        if name not in data.columns or name in (column, outcome):
            raise refusal("cohort-column", name=name, known=", ".join(cohort.clinical) or "none")
        if name not in covariates:
            covariates.append(name)
    agreements: tuple[Agreement, ...] = ()
    kappas: tuple[Kappa, ...] = ()
    both = None
    if second is not None:
        if second["study_id"].duplicated().any():
            raise refusal("cohort-column", name="study_id, once for each study,", known="repeated ones")
        both = pairs(data, second)
        quantities = ((outcome, OUTCOMES[outcome]), (column, f"bone, {unit}"))
        agreements = tuple(agreement(both[name], both[f"{name}_2"], words) for name, words in quantities)
        kappas = (kappa(both, rules),)
        remarks.append(f"{len(both)} studies are in both tables.")
    return CohortStatistics(
        cohort,
        column,
        unit,
        rules,
        outcome,
        tuple(remarks),
        tuple(table_one(data, column, rules)),
        tuple(hypothesis_tests(data, column, rules)),
        tuple(correlations(data, column, outcome)),
        tuple(models(data, column, unit, outcome, covariates)),
        agreements,
        kappas,
        both,
    )
