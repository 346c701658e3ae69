"""Repeated analyses of one CT, reusing intermediate results whose inputs did not change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

from CACBoneAxisLib.bone.phantomscan import PhantomScan, calibrate_in_scan
from CACBoneAxisLib.bone.vertebraregion import points_from, regions_from
from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.contrastcalcium import contrast_calcium
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.heartlabels import HeartLabels
from CACBoneAxisLib.calcium.masscalibration import mass_calibration
from CACBoneAxisLib.calcium.protocol import protocol_findings
from CACBoneAxisLib.calcium.result import CalciumResult, no_calcium_result, score_calcium
from CACBoneAxisLib.calcium.seeds import Seed, seeds_from
from CACBoneAxisLib.calcium.suggestions import CandidateSearch
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.aorta import BloodPool, blood_in_region
from CACBoneAxisLib.imaging.cache import Cache
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.suitability import Fitness, Suitability, assess
from CACBoneAxisLib.study.bone import measure_bone
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.scancheck import ScanCheck, split_by_role
from CACBoneAxisLib.study.settings import Settings
from CACBoneAxisLib.study.suggesting import Suggested, study_heart, with_suggestions

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


class IncrementalAnalysis:
    """Analyses one CT as often as its reader changes something, each time to the digits of a first analysis.

    Results that depend on the image alone (candidates, blood, heart region) are cached for every
    analysis; those that depend on choices too (suitability, phantom, vertebrae, the score of each
    lesion) are reused while the choices they depend on stay the same.

    Parameters
    ----------
    image : CT in axial order; its voxels must not change
    """

    def __init__(self, image: CTImage) -> None:
        self.image = image
        self.cache = ImageCache(image)
        self._latest = Cache(5)

    def analyze(self, inputs: StudyInputs, progress: Progress | None = None) -> StudyResult:
        """Return what :func:`~CACBoneAxisLib.study.analyze` returns for these inputs, whose image must be this one.

        Raises
        ------
        UnusableInputError
            One sentence, when seeds or regions cannot be understood.
        """
        if inputs.image is not self.image:
            raise ValueError("an incremental analysis takes its own image only")
        started, clock = datetime.now(UTC), perf_counter()
        progress = progress or _no_progress
        settings = inputs.settings
        regions = split_by_role(inputs.regions)
        seeds = None if inputs.seeds is None else seeds_from(inputs.seeds)
        vertebrae = (*regions_from(regions.vertebrae), *points_from(inputs.points))

        check = self.check(settings, inputs.regions, progress)
        calcium_verdict, bone_verdict = check.suitability.calcium.verdict, check.suitability.bone.verdict
        logger.info("checked: calcium %s, bone %s, %.1f s", calcium_verdict, bone_verdict, perf_counter() - clock)
        progress("Scoring calcium", 0.1)
        calcium = self._score(inputs, check, seeds, regions.mass, progress)
        logger.info("scored %d lesions, %.1f s", len(calcium.lesions), perf_counter() - clock)
        progress("Measuring bone", 0.8)
        bone = self._latest.get(
            "bone",
            lambda: measure_bone(check, settings, vertebrae, inputs.vertebrae, regions.tissue, inputs.second),
            (
                check.image.acquisition,
                check.contrast,
                check.phantom,
                check.blood,
                settings.bone,
                settings.patient.ethnicity,
                vertebrae,
                inputs.vertebrae,
                regions.tissue,
                inputs.second,
            ),
        )
        logger.info("measured %d vertebrae, %.1f s", len(bone.vertebrae), perf_counter() - clock)
        progress("Measuring bone", 1.0)
        return StudyResult(
            inputs.study_id,
            settings,
            inputs.files,
            check.image,
            check.image.acquisition,
            check.suitability,
            calcium,
            bone,
            started,
            perf_counter() - clock,
            identifiers=inputs.identifiers,
            trail=inputs.trail,
        )

    def check(self, settings: Settings, regions: Sequence[Box] = (), progress: Progress | None = None) -> ScanCheck:
        """Check the scan itself: acquisition, blood in the aorta, phantom, suitability.

        Parameters
        ----------
        settings : what the user says of scan and patient, and the calibration
        regions : of the study; blood is measured in one named ``aorta``
        progress : as in :meth:`analyze`
        """
        progress = progress or _no_progress
        progress("Checking the scan", 0.0)
        acquisition, disagreements = self.image.acquisition.merged(settings.stated)
        image = replace(self.image, acquisition=acquisition)
        blood = self.blood(split_by_role(regions).blood)
        phantom = None
        if settings.bone.calibration.kind == "phantom":
            progress("Looking for the calibration phantom", 0.05)
            calibration = settings.bone.calibration
            phantom = self._latest.get(
                "phantom", lambda: calibrate_in_scan(image, calibration), (calibration, acquisition)
            )
        suitability = self._latest.get(
            "suitability",
            lambda: _assess(image, disagreements, blood, phantom),
            (acquisition, disagreements, blood, phantom),
        )
        return ScanCheck(image, suitability, blood, phantom)

    def blood(self, regions: Sequence[Box] = ()) -> BloodPool | None:
        """Measure blood in the reader's region, else in the descending aorta; None where it is not found."""
        if regions:
            region = regions[0]
            measured = self._latest.get("blood", lambda: blood_in_region(self.image, region), region)
            if measured is not None:
                return measured
        return self.cache.blood()

    def _score(
        self,
        inputs: StudyInputs,
        check: ScanCheck,
        seeds: tuple[Seed, ...] | None,
        mass_regions: Sequence[Box],
        progress: Progress,
    ) -> CalciumResult:
        """Return the calcium half of the study."""
        settings, image, blood, acquisition = inputs.settings, check.image, check.blood, check.image.acquisition
        fitness = check.suitability.calcium
        calcium: CalciumResult
        suggested: Suggested = None
        search: CandidateSearch | None = None
        findings: tuple[Finding, ...] = ()
        if fitness.verdict != "unsuitable":
            seeds, suggested, search, findings = with_suggestions(
                self.cache, seeds, settings.calcium, lambda: self._heart_labels(inputs)
            )
        if inputs.heart is not None and search is None:
            findings = (*findings, finding("heart-not-used"))
        if seeds is None:
            calcium = no_calcium_result(settings.calcium, finding("no-seeds"))
        elif fitness.verdict == "unsuitable":
            calcium = no_calcium_result(settings.calcium, finding("calcium-unsuitable", why=_reason(fitness)))
            if check.contrast:
                given = seeds
                measured, remarks = contrast_calcium(
                    settings.calcium, blood, lambda protocol: score_calcium(image, given, protocol, cache=self.cache)
                )
                calcium = replace(calcium, contrast_calcium=measured, findings=calcium.findings + remarks)
        else:
            calibration, remarks = mass_calibration(image, mass_regions, settings.calcium)
            protocol = settings.calcium
            if calibration is not None and protocol.mass_factor_mg_per_mm3_per_hu is None:
                protocol = replace(protocol, mass_factor_mg_per_mm3_per_hu=calibration.factor_mg_per_mm3_per_hu)
            calcium = score_calcium(
                image,
                seeds,
                protocol,
                cache=self.cache,
                progress=lambda part: progress("Scoring calcium", 0.1 + part * 0.6),
                patient=settings.patient_known(acquisition),
                blood=blood,
            )
            remarks = (*protocol_findings(protocol, acquisition.kvp), *remarks)
            calcium = replace(calcium, mass_calibration=calibration, findings=remarks + calcium.findings)
        return replace(
            calcium,
            visual=settings.visual,
            blood=blood,
            suggestions=suggested,
            search=search,
            findings=findings + calcium.findings,
        )

    def heart_region(self, inputs: StudyInputs) -> HeartRegion | None:
        """Return the region of this study's heart in which calcium is searched; None where no heart is found.

        Raises
        ------
        UnusableInputError
            One sentence, when the study's segmentation of the heart has no heart or lies on another grid.
        """
        return self.cache.heart(self._heart_labels(inputs)[0])

    def suggestions(self, inputs: StudyInputs) -> Suggested:
        """Return what an analysis of this study that lists candidates would suggest; None where it cannot.

        Raises
        ------
        UnusableInputError
            One sentence, when seeds or the heart's segmentation cannot be understood.
        """
        if self.check(inputs.settings, inputs.regions).suitability.calcium.verdict == "unsuitable":
            return None
        protocol = inputs.settings.calcium
        if protocol.suggestions == "none":
            protocol = replace(protocol, suggestions="list")
        seeds = None if inputs.seeds is None else seeds_from(inputs.seeds)
        return with_suggestions(self.cache, seeds, protocol, lambda: self._heart_labels(inputs))[1]

    def _heart_labels(self, inputs: StudyInputs) -> tuple[HeartLabels | None, tuple[Finding, ...]]:
        """Return the heart labels among the study's segmentations."""
        # Labels of a heart segmentation override those in the vertebrae's.
        state = (inputs.heart, inputs.vertebrae if inputs.heart is None else None)
        return self._latest.get(
            "heart", lambda: study_heart(self.image.geometry, inputs.heart, inputs.vertebrae), state
        )


def _assess(
    image: CTImage, disagreements: tuple[Finding, ...], blood: BloodPool | None, phantom: PhantomScan | None
) -> Suitability:
    """Assess a scan, with what file and user disagree about among the findings of both questions."""
    calibrated = phantom is not None and phantom.calibration is not None
    found = assess(image, image.acquisition, calibration_in_scan=calibrated, blood=blood)
    return Suitability(
        replace(found.calcium, findings=found.calcium.findings + disagreements),
        replace(found.bone, findings=found.bone.findings + disagreements),
    )


def _no_progress(message: str, part: float) -> None:
    """Report nothing."""


def _reason(fitness: Fitness) -> str:
    """Return the sentence of the finding that makes a scan unsuitable."""
    catalogue = load_table("findings")["findings"]
    return next(f.message for f in fitness.findings if catalogue[f.code].get("calcium") == "unsuitable")
