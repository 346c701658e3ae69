"""The calcium half of a study: lesions, territories, total, categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.categories import Category, categorise
from CACBoneAxisLib.calcium.cautions import noise_findings, streak_findings, zero_score_finding
from CACBoneAxisLib.calcium.interpretation import ScoreInterpretation, interpret_score
from CACBoneAxisLib.calcium.lesions import Lesion
from CACBoneAxisLib.calcium.masscalibration import MassCalibration
from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.protocolcomparison import UnderProtocol, score_masks, under_every_protocol
from CACBoneAxisLib.calcium.scoring import LesionScore
from CACBoneAxisLib.calcium.seeds import Seed, names_of
from CACBoneAxisLib.calcium.suggestions import CandidateSearch, Suggestion
from CACBoneAxisLib.calcium.territories import coronary_codes, territories
from CACBoneAxisLib.calcium.visual import VisualReading
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import as_ras
from CACBoneAxisLib.imaging.image import CTImage


@dataclass(frozen=True)
class Totals:
    """Sums over scored lesions, None where undecided; ``lesions`` counts those with a score."""

    agatston: float | None = None
    volume_mm3: float | None = None
    mass_mg: float | None = None
    lesions: int | None = None


@dataclass(frozen=True)
class ContrastCalcium:
    """Calcium at or above a threshold over enhanced blood.

    Parameters
    ----------
    threshold_hu : lowest HU that counts as calcium
    rule : how the threshold was chosen, in words
    volume_mm3, lesions : of the four coronary arteries; None where one is undecided
    territories : (volume in mm3, lesions) by territory
    """

    threshold_hu: float
    rule: str
    volume_mm3: float | None
    lesions: int | None
    territories: dict[str, tuple[float | None, int | None]]

    def to_mapping(self) -> dict[str, Any]:
        """Return the ``contrast_calcium`` part of result.json."""
        return {
            "threshold_hu": self.threshold_hu,
            "rule": self.rule,
            "volume_mm3": self.volume_mm3,
            "lesions": self.lesions,
            "territories": {c: {"volume_mm3": v, "lesions": n} for c, (v, n) in self.territories.items()},
        }


@dataclass(frozen=True, eq=False)
class CalciumResult:
    """The calcium half of a study.

    Parameters
    ----------
    protocol : as it was applied
    lesions : every lesion with its measures and the measured voxels instead of the grown ones;
        no measures where its seeds lie in skeleton
    territories : totals of each territory, by code; none where not read: not coronary, and without a seed
    total : the four coronary arteries together
    arteries : number of coronary arteries with a score above 0; None where one is undecided
    categories : of the total, by scheme
    findings : what to know about these numbers
    meaning : of the total, for the patient
    under_protocols : the same lesions under every protocol; empty without lesions
    visual : what the reader saw by eye
    mass_calibration : what the factor for the mass was measured on
    blood : as measured in the aorta; None where it was not found
    suggestions : candidates without a reader's seed; None where there was no search
    contrast_calcium : volume and number of lesions on a contrast-enhanced scan
    search : search region and candidates left out; None where there was no search
    """

    protocol: CalciumProtocol
    lesions: tuple[tuple[Lesion, LesionScore | None], ...]
    territories: dict[str, Totals]
    total: Totals
    arteries: int | None
    categories: dict[str, Category]
    findings: tuple[Finding, ...]
    meaning: ScoreInterpretation = field(default_factory=ScoreInterpretation)
    under_protocols: tuple[UnderProtocol, ...] = ()
    visual: VisualReading = field(default_factory=VisualReading)
    mass_calibration: MassCalibration | None = None
    blood: BloodPool | None = None
    contrast_calcium: ContrastCalcium | None = None
    suggestions: tuple[Suggestion, ...] | None = None
    search: CandidateSearch | None = None

    def to_mapping(self) -> dict[str, Any]:
        """Return the ``calcium`` part of result.json."""
        return {
            "protocol": asdict(self.protocol),
            "mass_calibration": self.mass_calibration.to_mapping() if self.mass_calibration else None,
            "lesions": [
                _lesion_mapping(number, lesion, score) for number, (lesion, score) in enumerate(self.lesions, start=1)
            ],
            "territories": {code: asdict(totals) for code, totals in self.territories.items()},
            "total": {**asdict(self.total), "arteries": self.arteries},
            "categories": {scheme: asdict(category) for scheme, category in self.categories.items()},
            "blood": _blood_mapping(self.blood),
            "contrast_calcium": self.contrast_calcium.to_mapping() if self.contrast_calcium else None,
            "suggestions": None if self.suggestions is None else [one.to_mapping() for one in self.suggestions],
            "search": None if self.search is None else self.search.to_mapping(),
            "under_protocols": [row.to_mapping() for row in self.under_protocols],
            "visual": self.visual.to_mapping(),
            **self.meaning.to_mapping(),
            "findings": [asdict(item) for item in self.findings],
        }


def _lesion_mapping(number: int, lesion: Lesion, score: LesionScore | None) -> dict[str, Any]:
    owners = lesion.territories
    measures = (
        asdict(score)
        if score
        else {field.name: [] if field.name == "slices" else None for field in fields(LesionScore)}
    )
    return {
        "id": number,
        "territory": owners[0] if len(owners) == 1 else None,
        "seeds": [seed.name for seed in lesion.seeds],
        "status": lesion.status,
        "in_total": lesion.in_total,
        "reason": lesion.reason,
        "seed_ras_mm": as_ras(lesion.seeds[0].position_mm),
        "center_ras_mm": None if lesion.center_mm is None else as_ras(lesion.center_mm),
        **measures,
    }


def _blood_mapping(blood: BloodPool | None) -> dict[str, Any] | None:
    if blood is None:
        return None
    return {key: value for key, value in asdict(blood).items() if key != "discs"}


def no_calcium_result(protocol: CalciumProtocol, reason: Finding) -> CalciumResult:
    """Return a result without numbers: calcium was not, or must not be, scored."""
    none = {code: Totals() for code in territories()}
    return CalciumResult(protocol, (), none, Totals(), None, categorise(None, None), (reason,))


def score_calcium(
    image: CTImage,
    seeds: Sequence[Seed],
    protocol: CalciumProtocol,
    *,
    cache: ImageCache | None = None,
    progress: Callable[[float], None] | None = None,
    patient: Patient | None = None,
    blood: BloodPool | None = None,
) -> CalciumResult:
    """Score the lesions that the seeds stand for.

    Parameters
    ----------
    image : CT in axial order
    seeds : none of them means that the scan was read and shows no calcium: the total is 0; where all lie
        outside the scan, nothing is known of it
    protocol : the decisions
    cache : of this image, when it was scored before
    progress : called with the fraction done
    patient : on whom percentiles and risk depend
    blood : as measured in the aorta, for what its noise would produce by chance
    """
    cache = cache or ImageCache(image)
    lesions: tuple[Lesion, ...] = ()
    findings: list[Finding] = []
    if seeds:
        lesions, remarks = cache.lesions(seeds, protocol, progress)
        findings += remarks
    scored = _measured(cache, lesions, protocol)
    for lesion, score in scored:
        if lesion.status == "scored" and score is not None and score.agatston == 0:
            findings.append(finding("lesion-small", seed=lesion.seeds[0].name, area=f"{protocol.minimum_area_mm2:g}"))
    findings += noise_findings(image, scored, blood)
    findings += streak_findings(cache, scored, blood)
    with_mass = protocol.mass_factor_mg_per_mm3_per_hu is not None
    if not with_mass:
        findings.append(finding("mass-unavailable"))

    coronary = coronary_codes()
    all_outside = bool(seeds) and sum(f.code == "seed-outside" for f in findings) == len(seeds)
    looked_at = set() if all_outside else {*coronary, *(seed.territory for seed in seeds)}
    undecided = {
        code for lesion, _ in scored if lesion.status in ("conflict", "implausible") for code in lesion.territories
    }
    by_territory = {
        code: Totals()
        if code in undecided or code not in looked_at
        else _sum(
            [s for lesion, s in scored if s and lesion.status == "scored" and code in lesion.territories], with_mass
        )
        for code in territories()
    }
    open_lesions = [
        lesion
        for lesion, _ in scored
        if lesion.status in ("conflict", "implausible")
        and set(lesion.territories) & set(coronary)
        and not is_coronary(lesion)
    ]
    if open_lesions or all_outside:
        names = names_of(seeds if all_outside else [lesion.seeds[0] for lesion in open_lesions])
        findings.append(finding("total-incomplete", undecided=f"the lesion at {names}"))
        total = Totals()
    else:
        total = _sum([score for lesion, score in scored if score and lesion.in_total], with_mass)
    if total.agatston == 0:
        findings.append(zero_score_finding(image, protocol, blood))
    arteries = (
        None
        if all_outside or undecided & set(coronary)
        else sum(1 for code in coronary if (by_territory[code].agatston or 0) > 0)
    )
    in_total = [number for number, (lesion, _) in enumerate(scored, start=1) if lesion.in_total]
    grown = {
        number: lesion.mask
        for number, lesion in enumerate(lesions, start=1)
        if lesion.mask is not None and (lesion.status == "scored" or number in in_total)
    }
    return CalciumResult(
        protocol,
        scored,
        by_territory,
        total,
        arteries,
        categorise(total.agatston, arteries),
        tuple(findings),
        interpret_score(
            total.agatston,
            total.volume_mm3,
            [score for lesion, score in scored if score and lesion.in_total],
            {code: by_territory[code].agatston for code in coronary},
            patient or Patient(),
        ),
        under_every_protocol(cache, grown, in_total, protocol, with_total=total.agatston is not None) if grown else (),
    )


def _measured(
    cache: ImageCache, lesions: Sequence[Lesion], protocol: CalciumProtocol
) -> tuple[tuple[Lesion, LesionScore | None], ...]:
    """Return every lesion with its score, the voxels that count as its mask, and whether it is in the total."""
    masks = {number: lesion.mask for number, lesion in enumerate(lesions) if lesion.mask is not None}
    found = score_masks(cache, masks, protocol.threshold_hu, protocol)
    return tuple(
        (
            replace(
                lesion,
                mask=found[number][1],
                center_mm=cache.image.geometry.voxel_center(masks[number].indices().mean(axis=0)),
                in_total=is_coronary(lesion),
            ),
            found[number][0],
        )
        if number in found
        else (lesion, None)
        for number, lesion in enumerate(lesions)
    )


def is_coronary(lesion: Lesion) -> bool:
    """Return whether a lesion counts in the coronary total.

    Which of two coronary arteries a lesion belongs to does not change the sum over all of
    them, so one with seeds of several counts, unless one of the seeds excludes it.
    """
    if not set(lesion.territories) <= set(coronary_codes()):
        return False
    if lesion.status == "conflict":
        return all(seed.decision != "excluded" for seed in lesion.seeds)
    return lesion.status == "scored"


def _sum(scores: Sequence[LesionScore], with_mass: bool) -> Totals:
    return Totals(
        agatston=float(sum(s.agatston for s in scores)),
        volume_mm3=float(sum(s.volume_mm3 for s in scores)),
        mass_mg=float(sum(s.mass_mg or 0.0 for s in scores)) if with_mass else None,
        lesions=sum(1 for s in scores if s.agatston > 0),
    )
