"""The one way through: inputs in, both answers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

from CACBoneAxisLib.bone.phantomscan import calibrate_in_scan
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae, regions_from
from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.masscalibration import is_calibration_region, mass_calibration
from CACBoneAxisLib.calcium.oncontrast import contrast_calcium
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, no_calcium_result, score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.aorta import BloodPool, blood_in_region, find_blood
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.suitability import Fitness, assess, enhanced
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.suggesting import Suggested, with_suggestions

# A region of this name is where the reader saw blood in the aorta.
AORTA_NAME = "aorta"
Progress = Callable[[str, float], None]


def analyze(inputs: StudyInputs, progress: Progress | None = None, candidates: Candidates | None = None) -> StudyResult:
    """Score calcium and measure bone of one CT.

    Panel, console and command line all come through here.

    Parameters
    ----------
    inputs : the CT and what a person decided about it
    progress : called with what is being done and the part done (0 to 1); an exception it
        raises ends the analysis, which is how a caller cancels
    candidates : of this image at this threshold and connectivity, when they are known already

    Raises
    ------
    UnusableInputError
        One sentence, when seeds or regions cannot be understood.

    Notes
    -----
    One pass over the volume for the candidates when there are seeds; everything else
    follows the size of the lesions and regions.
    """
    started, clock = datetime.now(UTC), perf_counter()
    tell = progress or (lambda message, fraction: None)
    settings = inputs.settings
    seeds = None if inputs.seeds is None else seeds_from(inputs.seeds)
    for_mass = [box for box in inputs.regions if is_calibration_region(box)]
    for_blood = [box for box in inputs.regions if box.name.strip().lower() == AORTA_NAME]
    regions = regions_from([box for box in inputs.regions if box not in for_mass and box not in for_blood])

    tell("Checking the scan", 0.0)
    acquisition, disagreements = inputs.image.acquisition.merged(settings.stated)
    image = replace(inputs.image, acquisition=acquisition)
    blood = measure_blood(image, for_blood)
    phantom = None
    if settings.bone.calibration.kind == "phantom":
        tell("Looking for the calibration phantom", 0.05)
        phantom = calibrate_in_scan(image, settings.bone.calibration)
    calibrated = phantom is not None and phantom.calibration is not None
    suitability = assess(image, acquisition, calibration_in_scan=calibrated, blood=blood)
    if disagreements:
        suitability = replace(
            suitability,
            calcium=replace(suitability.calcium, findings=suitability.calcium.findings + disagreements),
            bone=replace(suitability.bone, findings=suitability.bone.findings + disagreements),
        )

    tell("Scoring calcium", 0.1)
    calcium: CalciumResult
    suggested: Suggested = None
    said: tuple[Finding, ...] = ()
    if suitability.calcium.verdict != "unsuitable":
        seeds, suggested, candidates, said = with_suggestions(image, seeds, settings.calcium, candidates)
    if seeds is None:
        calcium = no_calcium_result(settings.calcium, finding("no-seeds"))
    elif suitability.calcium.verdict == "unsuitable":
        calcium = no_calcium_result(settings.calcium, finding("calcium-unsuitable", why=_why(suitability.calcium)))
        if enhanced(acquisition, blood):
            measured, remarks = contrast_calcium(image, seeds, settings.calcium, blood)
            calcium = replace(calcium, contrast_calcium=measured, findings=calcium.findings + remarks)
    else:
        calibration, remarks = mass_calibration(image, for_mass, settings.calcium)
        protocol = settings.calcium
        if calibration is not None and protocol.mass_factor_mg_per_mm3_per_hu is None:
            protocol = replace(protocol, mass_factor_mg_per_mm3_per_hu=calibration.factor_mg_per_mm3_per_hu)
        calcium = score_calcium(
            image,
            seeds,
            protocol,
            candidates=candidates,
            progress=lambda f: tell("Scoring calcium", 0.1 + f * 0.6),
            patient=settings.patient_known(acquisition),
            blood=blood,
        )
        remarks = (*protocol_findings(protocol, acquisition.kvp), *remarks)
        calcium = replace(calcium, mass_calibration=calibration, findings=remarks + calcium.findings)
    findings = said + calcium.findings
    calcium = replace(calcium, visual=settings.visual, blood=blood, suggestions=suggested, findings=findings)

    tell("Measuring bone", 0.8)
    bone = measure_vertebrae(
        image,
        regions,
        inputs.vertebrae,
        settings.bone,
        sex=acquisition.sex,
        contrast=enhanced(acquisition, blood),
        kvp=acquisition.kvp,
        age_years=acquisition.age_years,
        ancestry=settings.patient.ethnicity,
        phantom=phantom,
    )
    tell("Measuring bone", 1.0)
    return StudyResult(
        inputs.study_id,
        settings,
        inputs.files,
        image,
        acquisition,
        suitability,
        calcium,
        bone,
        started,
        perf_counter() - clock,
    )


def measure_blood(image: CTImage, regions: Sequence[Box]) -> BloodPool | None:
    """Measure blood in the reader's region if there is one, else in the descending aorta where it is found."""
    return (blood_in_region(image, regions[0]) if regions else None) or find_blood(image)


def protocol_findings(protocol: CalciumProtocol, kvp: float | None) -> tuple[Finding, ...]:
    """Return what to know about a protocol on a scan of this tube voltage."""
    found = []
    changes = protocol.changed()
    if changes:
        found.append(finding("protocol-changed", protocol=protocol.protocol, changes="; ".join(changes)))
    if protocol.kvp is not None and kvp is None:
        found.append(finding("protocol-kvp-unknown", protocol=protocol.protocol, kvp=f"{protocol.kvp:g}"))
    elif protocol.kvp is not None and kvp is not None and round(kvp) != round(protocol.kvp):
        adapted = f"{protocol.kvp:g}"
        found.append(finding("protocol-kvp", protocol=protocol.protocol, adapted=adapted, kvp=f"{kvp:g}"))
    return tuple(found)


def _why(fitness: Fitness) -> str:
    """Return the sentence of the finding that makes a scan unsuitable."""
    catalogue = load_table("findings")["findings"]
    return next(f.message for f in fitness.findings if catalogue[f.code].get("calcium") == "unsuitable")
