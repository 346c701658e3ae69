"""The one way through: inputs in, both answers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

from CACBoneAxisLib.bone.phantomscan import calibrate_in_scan
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae, regions_from
from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.result import CalciumResult, no_calcium_result, score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import finding
from CACBoneAxisLib.imaging.suitability import Fitness, assess
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult

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
    regions = regions_from(inputs.regions)

    tell("Checking the scan", 0.0)
    acquisition, disagreements = inputs.image.acquisition.merged(settings.stated)
    image = replace(inputs.image, acquisition=acquisition)
    phantom = None
    if settings.bone.calibration.kind == "phantom":
        tell("Looking for the calibration phantom", 0.05)
        phantom = calibrate_in_scan(image, settings.bone.calibration)
    calibrated = phantom is not None and phantom.calibration is not None
    suitability = assess(image, acquisition, calibration_in_scan=calibrated)
    if disagreements:
        suitability = replace(
            suitability,
            calcium=replace(suitability.calcium, findings=suitability.calcium.findings + disagreements),
            bone=replace(suitability.bone, findings=suitability.bone.findings + disagreements),
        )

    tell("Scoring calcium", 0.1)
    calcium: CalciumResult
    if seeds is None:
        calcium = no_calcium_result(settings.calcium, finding("no-seeds"))
    elif suitability.calcium.verdict == "unsuitable":
        calcium = no_calcium_result(settings.calcium, finding("calcium-unsuitable", why=_why(suitability.calcium)))
    else:
        calcium = score_calcium(
            image,
            seeds,
            settings.calcium,
            candidates=candidates,
            progress=lambda f: tell("Scoring calcium", 0.1 + f * 0.6),
        )

    tell("Measuring bone", 0.8)
    bone = measure_vertebrae(
        image,
        regions,
        inputs.vertebrae,
        settings.bone,
        sex=acquisition.sex,
        contrast=acquisition.contrast,
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


def _why(fitness: Fitness) -> str:
    """Return the sentence of the finding that makes a scan unsuitable."""
    catalogue = load_table("findings")["findings"]
    return next(f.message for f in fitness.findings if catalogue[f.code].get("calcium") == "unsuitable")
