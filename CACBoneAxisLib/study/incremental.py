"""Analyses of one CT, one after another: what did not change is not measured again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, TypeVar

from CACBoneAxisLib.bone.phantomscan import PhantomScan, calibrate_in_scan
from CACBoneAxisLib.bone.vertebraregion import points_from, regions_from
from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.contrastcalcium import contrast_calcium
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.heartlabels import HeartLabels
from CACBoneAxisLib.calcium.masscalibration import mass_calibration
from CACBoneAxisLib.calcium.protocol import protocol_findings
from CACBoneAxisLib.calcium.result import CalciumResult, no_calcium_result, score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.calcium.suggestions import CandidateSearch
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import BloodPool, blood_in_region
from CACBoneAxisLib.imaging.contrast import is_enhanced
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.suitability import Fitness, Suitability, assess
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.scancheck import ScanCheck, measure_bone, split_by_role
from CACBoneAxisLib.study.settings import Settings
from CACBoneAxisLib.study.suggesting import Suggested, study_heart, with_suggestions

Progress = Callable[[str, float], None]
T = TypeVar("T")


class IncrementalAnalysis:
    """Analyses one CT as often as its reader changes something, each time with the digits of a first analysis.

    What rests on the image alone (candidates, blood, the heart's region) is kept for every
    analysis; what rests on choices too (fitness, phantom, vertebrae, each lesion's score)
    is kept for the next one and used where the choices are the same.

    Parameters
    ----------
    image : CT in axial order; its voxels must not change while the session lasts
    """

    def __init__(self, image: CTImage) -> None:
        self.image = image
        self.cache = ImageCache(image)
        self._kept: dict[str, tuple[Any, Any]] = {}

    def analyze(self, inputs: StudyInputs, progress: Progress | None = None) -> StudyResult:
        """Return what :func:`~CACBoneAxisLib.study.analyze` returns for these inputs, whose image must be this one.

        Raises
        ------
        UnusableInputError
            One sentence, when seeds or regions cannot be understood.
        """
        if inputs.image is not self.image:
            raise ValueError("a session analyses its own image only")
        started, clock = datetime.now(UTC), perf_counter()
        tell = progress or (lambda message, fraction: None)
        settings = inputs.settings
        regions = split_by_role(inputs.regions)
        seeds = None if inputs.seeds is None else seeds_from(inputs.seeds)
        vertebrae = (*regions_from(regions.vertebrae), *points_from(inputs.points))

        check = self.check(settings, inputs.regions, tell)
        image, suitability, acquisition = check.image, check.suitability, check.image.acquisition

        tell("Scoring calcium", 0.1)
        calcium = self._score(inputs, image, seeds, regions.mass, suitability.calcium, check.blood, tell)

        tell("Measuring bone", 0.8)
        told = (acquisition, check.contrast, settings.patient.ethnicity)
        others = (_Same(check.phantom), _Same(check.blood), regions.tissue, _Same(inputs.second))
        rests_on = (vertebrae, _Same(inputs.vertebrae), settings.bone, told, others)
        bone = self._once(
            "bone",
            rests_on,
            lambda: measure_bone(check, settings, vertebrae, inputs.vertebrae, regions.tissue, inputs.second),
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
            identifiers=inputs.identifiers,
            trail=inputs.trail,
        )

    def check(self, settings: Settings, regions: Sequence[Box] = (), progress: Progress | None = None) -> ScanCheck:
        """Return what is known of the scan before anything is read in it: acquisition, blood, phantom, fitness.

        Parameters
        ----------
        settings : what the user says of scan and patient, and the calibration
        regions : of the study; one named ``aorta`` is where blood is measured
        progress : as in :meth:`analyze`
        """
        tell = progress or (lambda message, fraction: None)
        tell("Checking the scan", 0.0)
        acquisition, disagreements = self.image.acquisition.merged(settings.stated)
        image = replace(self.image, acquisition=acquisition)
        blood = self.blood(split_by_role(regions).blood)
        phantom = None
        if settings.bone.calibration.kind == "phantom":
            tell("Looking for the calibration phantom", 0.05)
            calibration = settings.bone.calibration
            phantom = self._once("phantom", (calibration, acquisition), lambda: calibrate_in_scan(image, calibration))
        return ScanCheck(image, self.suitability(acquisition, disagreements, blood, phantom), blood, phantom)

    def blood(self, regions: Sequence[Box] = ()) -> BloodPool | None:
        """Return the blood in the reader's region if there is one, else in the descending aorta where it is found."""
        if regions:
            region = regions[0]
            measured = self._once("blood", region, lambda: blood_in_region(self.image, region))
            if measured is not None:
                return measured
        return self.cache.blood()

    def suitability(
        self,
        acquisition: Acquisition,
        disagreements: tuple[Finding, ...] = (),
        blood: BloodPool | None = None,
        phantom: PhantomScan | None = None,
    ) -> Suitability:
        """Return how fit the scan is for each question.

        Parameters
        ----------
        acquisition : of the scan, the user's word included
        disagreements : between file and user, added to the findings of both
        blood : from :meth:`blood`
        phantom : as found in the scan, or None
        """

        def judge() -> Suitability:
            calibrated = phantom is not None and phantom.calibration is not None
            image = replace(self.image, acquisition=acquisition)
            found = assess(image, acquisition, calibration_in_scan=calibrated, blood=blood)
            if not disagreements:
                return found
            return Suitability(
                replace(found.calcium, findings=found.calcium.findings + disagreements),
                replace(found.bone, findings=found.bone.findings + disagreements),
            )

        return self._once("suitability", (acquisition, disagreements, _Same(blood), _Same(phantom)), judge)

    def _score(
        self,
        inputs: StudyInputs,
        image: CTImage,
        seeds: Any,
        for_mass: Sequence[Box],
        fitness: Fitness,
        blood: BloodPool | None,
        tell: Progress,
    ) -> CalciumResult:
        """Return the calcium half of the study."""
        settings, acquisition = inputs.settings, image.acquisition
        calcium: CalciumResult
        suggested: Suggested = None
        search: CandidateSearch | None = None
        said: tuple[Finding, ...] = ()
        if fitness.verdict != "unsuitable":
            seeds, suggested, search, said = with_suggestions(
                self.cache, seeds, settings.calcium, lambda: self._heart(inputs)
            )
        if inputs.heart is not None and search is None:
            said = (*said, finding("heart-not-used"))
        if seeds is None:
            calcium = no_calcium_result(settings.calcium, finding("no-seeds"))
        elif fitness.verdict == "unsuitable":
            calcium = no_calcium_result(settings.calcium, finding("calcium-unsuitable", why=_why(fitness)))
            if is_enhanced(acquisition.contrast, None if blood is None else blood.hu):
                measured, remarks = contrast_calcium(
                    settings.calcium, blood, lambda protocol: score_calcium(image, seeds, protocol, cache=self.cache)
                )
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
                cache=self.cache,
                progress=lambda f: tell("Scoring calcium", 0.1 + f * 0.6),
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
            findings=said + calcium.findings,
        )

    def heart_region(self, inputs: StudyInputs) -> HeartRegion | None:
        """Return where calcium is looked for in this study, None where no heart is found.

        Raises
        ------
        UnusableInputError
            One sentence, when the study's segmentation of the heart has no heart or lies on another grid.
        """
        return self.cache.heart(self._heart(inputs)[0])

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
        return with_suggestions(self.cache, seeds, protocol, lambda: self._heart(inputs))[1]

    def _heart(self, inputs: StudyInputs) -> tuple[HeartLabels | None, tuple[Finding, ...]]:
        """Return what of the study's segmentations is heart."""
        # Where there is a segmentation of the heart, that of the vertebrae is not asked.
        rests_on = (_Same(inputs.heart), _Same(inputs.vertebrae if inputs.heart is None else None))
        return self._once("heart", rests_on, lambda: study_heart(self.image.geometry, inputs.heart, inputs.vertebrae))

    def _once(self, what: str, rests_on: Any, measure: Callable[[], T]) -> T:
        """Return what was measured last time where it rested on the same, else measure it."""
        kept = self._kept.get(what)
        if kept is None or kept[0] != rests_on:
            kept = (rests_on, measure())
            self._kept[what] = kept
        found: T = kept[1]
        return found


class _Same(Hashable):
    """Equal only where the very same object is meant."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.item is self.item

    def __hash__(self) -> int:
        return id(self.item)


def _why(fitness: Fitness) -> str:
    """Return the sentence of the finding that makes a scan unsuitable."""
    catalogue = load_table("findings")["findings"]
    return next(f.message for f in fitness.findings if catalogue[f.code].get("calcium") == "unsuitable")
