"""JSON Schemas of ``result.json`` and ``comparison.json``, built from their classes and quantities.

``make pages`` writes them into ``data/``.
"""

from __future__ import annotations

from typing import get_args

from CACBoneAxisLib.bone.dualenergy import DualMeasurement
from CACBoneAxisLib.bone.heights import Heights
from CACBoneAxisLib.bone.references import HuThreshold
from CACBoneAxisLib.bone.results import Status as BoneStatus
from CACBoneAxisLib.calcium.categories import Category
from CACBoneAxisLib.calcium.change import MEASURES, Change, Verdict
from CACBoneAxisLib.calcium.distribution import Distribution
from CACBoneAxisLib.calcium.lesions import Status
from CACBoneAxisLib.calcium.masscalibration import MassCalibration
from CACBoneAxisLib.calcium.percentiles import Percentile
from CACBoneAxisLib.calcium.protocolcomparison import UnderProtocol
from CACBoneAxisLib.calcium.rescan import RescanInterval
from CACBoneAxisLib.calcium.risk import Risk
from CACBoneAxisLib.calcium.scoring import SliceScore
from CACBoneAxisLib.calcium.suggestions import LEFT_OUT, LeftOut, Suggestion
from CACBoneAxisLib.calcium.territories import coronary_codes, territories
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import VERDICTS, Finding
from CACBoneAxisLib.report.quantities import POSSIBLE, Subject, quantities
from CACBoneAxisLib.study.comparison import COMPARISON_SCHEMA
from CACBoneAxisLib.study.identity import ELEMENTS as IDENTIFIERS
from CACBoneAxisLib.study.inputs import InputFile
from CACBoneAxisLib.study.schematypes import (
    ANYTHING,
    COUNT,
    ID,
    NUMBER,
    TEXT,
    TIME,
    YES_NO,
    Schema,
    array,
    between,
    by_name,
    nullable,
    of_class,
    record,
    words,
)
from CACBoneAxisLib.study.settings import AGES
from CACBoneAxisLib.study.upgrade import SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"
AGE = between(*AGES)
LENGTH = between(0, 1000)
DENSITY = between(*POSSIBLE["mg/cm3"])
SCORE = between(-1000, 1000)
UNITS: Schema = {"const": "mg/cm3"}
POSITION = array(NUMBER, 3)
FINDINGS = array({"$ref": "#/$defs/finding"})
TOTALS: Schema = {"$ref": "#/$defs/totals"}


def numbers_of(subject: Subject) -> dict[str, Schema]:
    """Return the schemas of a subject's quantities that stand in its entry under their own name."""
    kinds = {"integer": nullable(COUNT), "yes/no": YES_NO}
    rows = [one for one in quantities(subject) if one.path is None]
    return {one.key: nullable(between(*one.limits)) if one.kind == "number" else kinds[one.kind] for one in rows}


def result_schema() -> Schema:
    """Return the schema of ``result.json``."""
    parts = {
        "schema": {"const": SCHEMA},
        "study": _study(),
        "suitability": record(
            {name: record({"verdict": words(*VERDICTS), "findings": FINDINGS}) for name in ("calcium", "bone")}
        ),
        "calcium": _calcium(),
        "bone": _bone(),
        "provenance": _provenance(),
    }
    return {
        "$schema": DIALECT,
        "$id": SCHEMA,
        "title": "Result of one study",
        "description": "Null is what could not be measured; a finding says why. Positions are RAS mm, HU are "
        "Hounsfield units.",
        **record(parts),
        "$defs": {"finding": of_class(Finding), "totals": record(numbers_of("territory"))},
    }


def _study() -> Schema:
    image = {
        "name": TEXT,
        "format": TEXT,
        "size": array(ID, 3),
        "spacing_mm": array(LENGTH, 3),
        "slice_increment_mm": LENGTH,
    }
    patient = {"age_years": nullable(AGE), "sex": words("F", "M", None), "ethnicity": nullable(TEXT)}
    parts = {
        "id": TEXT,
        "image": record(image),
        "acquisition": of_class(Acquisition, *patient),
        "patient": record(patient),
    }
    named = record({}, dict.fromkeys(IDENTIFIERS, TEXT)) | {"description": "only with --identifiers"}
    return record(parts, {"identifiers": named})


def _calcium() -> Schema:
    protocol: Schema = {
        **record({"protocol": TEXT, "threshold_hu": NUMBER, "citation": TEXT}),
        "additionalProperties": True,
        "description": "every decision of the protocol",
    }
    lesion = record(
        {
            "id": ID,
            "territory": words(*territories(), None),
            "seeds": array(TEXT),
            "status": words(*get_args(Status)),
            "reason": nullable(TEXT),
            "seed_ras_mm": POSITION,
            "center_ras_mm": nullable(POSITION) | {"description": "middle of its voxels; null where not measured"},
            **numbers_of("lesion"),
            "slices": array(of_class(SliceScore)),
        }
    )
    seen = {"position_ras_mm": POSITION}
    left_out = of_class(LeftOut, "position_mm", reason=words(*LEFT_OUT), **seen)
    suggestion = of_class(Suggestion, "position_mm", territory=words(*coronary_codes(), "AA"), **seen)
    suggestion["properties"]["confidence"] = {"type": "number", "minimum": 0, "maximum": 1}
    search = {
        "found_by": words("lungs", "segmentation"),
        "top": words("carina", "aortic arch", "scan", "segmentation"),
        "carina_ras_mm": nullable(POSITION),
        "left_out": array(left_out),
        "too_small": COUNT,
    }
    limits: dict[str, Schema] = {
        one.key: between(*one.limits) for one in quantities("territory") if one.key in MEASURES
    }
    one = record({"id": ID, **limits})
    visual = {
        "arteries": record({code: nullable(COUNT | {"maximum": 3}) for code in coronary_codes()}),
        "sum": nullable(COUNT | {"maximum": 12}),
        "group": nullable(TEXT),
        "death_percent": nullable(NUMBER),
        "cac_drs": nullable(TEXT),
        "source": TEXT,
        "population": TEXT,
    }
    volume = {"volume_mm3": nullable(NUMBER), "lesions": nullable(COUNT)}
    contrast = {"threshold_hu": NUMBER, "rule": TEXT, **volume, "territories": by_name(record(volume))}
    risk = {"arterial_age_years": nullable(NUMBER), "arterial_age_source": TEXT, "mesa_chd_10_year": of_class(Risk)}
    return record(
        {
            "protocol": protocol,
            "lesions": array(lesion),
            "territories": record(dict.fromkeys(territories(), TOTALS)),
            "total": record({**numbers_of("territory"), "arteries": nullable(COUNT | {"maximum": 4})})
            | {"description": "LM, LAD, LCX and RCA together"},
            "categories": by_name(of_class(Category)),
            "mass_calibration": nullable(of_class(MassCalibration))
            | {"description": "the rod and water of the scan on which the factor for the mass was measured"},
            "under_protocols": array(
                of_class(UnderProtocol, kind=words("own", "definition", "vendor", "kvp"), lesions=array(one))
            )
            | {"description": "the same lesions under every protocol; the first row is the study's own"},
            "visual": nullable(record(visual)) | {"description": "ordinal score entered by the reader"},
            "distribution": of_class(Distribution, most_affected=words(*coronary_codes(), None)),
            "percentiles": by_name(of_class(Percentile)),
            "risk": record(risk),
            "rescan": array(of_class(RescanInterval, measure=words(*MEASURES)))
            | {"description": "the interval in which a second scan would fall"},
            "blood": nullable(of_class(BloodPool, "discs", where=words("descending aorta", "region")))
            | {"description": "blood measured in the aorta; null where it was not found"},
            "contrast_calcium": nullable(record(contrast))
            | {"description": "volume and number on a contrast-enhanced scan; never an Agatston score"},
            "suggestions": nullable(array(suggestion))
            | {"description": "candidates without a reader's seed; null where there was no search"},
            "search": nullable(record(search))
            | {"description": "search region and candidates left out; null where there was no search"},
            "findings": FINDINGS,
        }
    )


def _bone() -> Schema:
    bmd = {"value": DENSITY, "material": TEXT, "units": UNITS}
    z_score = {
        **dict.fromkeys(("reference", "group", "site", "sex", "ancestry", "source"), TEXT),
        **dict.fromkeys(("mean", "sd"), NUMBER),
        "value": SCORE,
    }
    estimate = {"name": TEXT, "what": TEXT, **bmd, "measured": NUMBER, "source": TEXT, "note": TEXT}
    interpretation = {
        "bmd": nullable(record(bmd)),
        "acr_class": nullable(record({"class": TEXT, "label": TEXT, "source": TEXT, "note": nullable(TEXT)})),
        "t_score": nullable(record({"value": SCORE, "reference": TEXT, "source": TEXT})),
        "z_score": nullable(record(z_score)),
        "estimates": array(record(estimate)),
        "hu_thresholds": array(of_class(HuThreshold)),
    }
    heights = of_class(Heights)
    heights["properties"] |= {
        "wedge": NUMBER,
        "biconcave": NUMBER,
        "genant_grade": COUNT | {"maximum": 3},
        "deformity": words("wedge", "biconcave", "crush", None),
        "source": TEXT,
    }
    vertebra = {
        "level": TEXT,
        "source": words("roi", "labelmap", "point"),
        "region": nullable(ANYTHING),
        **numbers_of("vertebra"),
        **interpretation,
        "heights": nullable(record(heights["properties"])),
        "dual_energy": nullable(of_class(DualMeasurement)) | {"description": "two volumes of one scan at two energies"},
        "status": words(*get_args(BoneStatus)),
        "findings": FINDINGS,
    }
    summary = {
        "levels": array(TEXT),
        "label": nullable(TEXT),
        "mean_hu": nullable(between(*POSSIBLE["HU"])),
        **interpretation,
        "findings": FINDINGS,
    }
    return record(
        {
            "protocol": ANYTHING,
            "calibration": {**record({"kind": TEXT}), "additionalProperties": True},
            "vertebrae": array(record(vertebra)),
            "summary": record(summary),
            "findings": FINDINGS,
        }
    )


def _provenance() -> Schema:
    needed = {
        "software": {"const": "CACBoneAxis"},
        "version": TEXT,
        "settings": ANYTHING,
        "inputs": array(of_class(InputFile)),
        "started": TIME,
        "seconds": NUMBER,
    }
    review = record({"corrections": ID, "corrected": TIME, "replaces_sha256": nullable(TEXT)})
    only = "only of a reading with a trail: "
    return record(
        needed,
        {
            "approved": nullable(record({"name": TEXT, "time": TIME}))
            | {"description": f"{only}who stands for it since when; null where nobody does"},
            "trail": array(record({"time": TIME, "action": TEXT}, {"by": TEXT}))
            | {"description": f"{only}what was done in it, oldest first"},
            "review": review | {"description": "only of a reading that was corrected in review"},
        },
    )


def comparison_schema() -> Schema:
    """Return the schema of ``comparison.json``."""
    measures: dict[str, Schema] = {measure: {"$ref": "#/$defs/change"} for measure in MEASURES}
    side = record({"id": TEXT, "sha256": nullable(TEXT)}, {"image_sha256": nullable(TEXT)})
    registration = {
        "matrix_ras": array(array(NUMBER, 4), 4) | {"description": "from the baseline's to the follow-up's RAS mm"},
        "correlation": NUMBER,
        "overlap": NUMBER,
        "turned_degrees": NUMBER,
        "used": YES_NO,
    }
    lesion = {
        "territory": words(*territories(), None),
        "status": words("both", "new", "gone"),
        **dict.fromkeys(("baseline_id", "followup_id"), nullable(ID)),
        **dict.fromkeys(("baseline_ras_mm", "followup_ras_mm"), nullable(POSITION)),
        "apart_mm": nullable(NUMBER),
        **measures,
    }
    bone_change = {
        "level": TEXT,
        "quantity": words("BMD", "HU"),
        **dict.fromkeys(("baseline", "followup", "change"), NUMBER),
        "change_percent": nullable(NUMBER),
        "least_significant": NUMBER,
        "exceeds": YES_NO,
        **dict.fromkeys(("per_year", "population_per_year"), nullable(NUMBER)),
        "source": TEXT,
    }
    bone = {
        "cv_percent": nullable(NUMBER),
        "changes": array(record(bone_change)),
        "findings": FINDINGS,
        "population_source": TEXT,
    }
    measure = words(*MEASURES)
    parts = {
        "schema": {"const": COMPARISON_SCHEMA},
        "baseline": side,
        "followup": side,
        "years": nullable(NUMBER),
        "changes": by_name(record(measures)) | {"description": "by artery or structure, and total"},
        "registration": nullable(record(registration))
        | {"description": "how the follow-up was laid over the baseline; null without images or calcium"},
        "lesions": array(record(lesion)) | {"description": "lesions of both scans, those of one place together"},
        "verdicts": array(of_class(Verdict, measure=measure)),
        "bone": nullable(record(bone)) | {"description": "null where neither scan was read for bone"},
        "findings": FINDINGS,
        "provenance": record({"software": TEXT, "version": TEXT}),
    }
    return {
        "$schema": DIALECT,
        "$id": COMPARISON_SCHEMA,
        "title": "Comparison of two results of one patient",
        "description": "Null is what could not be measured; a finding or a reason says why.",
        **record(parts),
        "$defs": {"finding": of_class(Finding), "change": of_class(Change, measure=measure)},
    }
