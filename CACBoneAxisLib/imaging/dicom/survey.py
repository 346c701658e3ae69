"""Survey the series of a DICOM folder and pick the best for calcium and for bone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import BloodPool, find_blood
from CACBoneAxisLib.imaging.attenuation import Attenuation
from CACBoneAxisLib.imaging.contrast import is_enhanced
from CACBoneAxisLib.imaging.coverage import Coverage, claimed, estimate_coverage, without_contradicted
from CACBoneAxisLib.imaging.dicom.acquisition import acquisition_from
from CACBoneAxisLib.imaging.dicom.copies import other_patient
from CACBoneAxisLib.imaging.dicom.elements import text
from CACBoneAxisLib.imaging.dicom.files import Progress
from CACBoneAxisLib.imaging.dicom.series import Found, Series, described, find_series, series_numbers
from CACBoneAxisLib.imaging.dicom.slices import is_multiframe
from CACBoneAxisLib.imaging.dicom.stack import increment_mm
from CACBoneAxisLib.imaging.dicom.volume import read_series
from CACBoneAxisLib.imaging.findings import VERDICTS, Finding, UnusableInputError, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.hounsfield import as_hounsfield
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.kernels import is_sharp
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.imaging.suitability import STANDARD_INCREMENT_MM, STANDARD_KVP, Suitability, assess_measured

Question = Literal["calcium", "bone"]
QUESTIONS: tuple[Question, ...] = ("calcium", "bone")
# This sampling suffices for lungs, aorta and the HU scale.
LOOK_MM = 5.0
LEGACY_CONVERTED = "1.2.840.10008.5.1.4.1.1.2.2"
PARTS = ("whole", None, "part", "none")


@dataclass(frozen=True, eq=False)
class Surveyed:
    """One surveyed series; an unreadable one has a problem and no measurements.

    Parameters
    ----------
    number : used to choose it
    series : from `find_series`
    acquisition : from its header
    geometry : axial grid; None where its slices form no volume
    suitability : per question; None if unreadable
    coverage : of heart and spine, estimated
    blood : in the aorta, if found
    problem : one sentence on why it is unusable
    """

    number: str
    series: Series
    acquisition: Acquisition
    geometry: ImageGeometry | None = None
    suitability: Suitability | None = None
    coverage: Coverage = field(default_factory=Coverage)
    blood: BloodPool | None = None
    problem: str | None = None

    @property
    def kind(self) -> str:
        """Kind of DICOM object."""
        if not is_multiframe(self.series.header):
            return "CT"
        legacy = str(self.series.header.get("SOPClassUID", "")) == LEGACY_CONVERTED
        return "legacy converted enhanced CT" if legacy else "enhanced CT"

    @property
    def name(self) -> str:
        """Description and part from the header."""
        return described(self.series) or "no description"

    @property
    def increment_mm(self) -> float | None:
        """Slice distance; the median where they form no volume."""
        return increment_mm(self.series.slices) if self.geometry is None else self.geometry.slice_increment_mm

    @property
    def contrast(self) -> bool | None:
        """Whether the scan is contrast-enhanced; None if unknown."""
        return is_enhanced(self.acquisition.contrast, None if self.blood is None else self.blood.hu)


@dataclass(frozen=True, eq=False)
class Survey:
    """All series of a folder, its other files, and the series picked per question (None: none suits).

    ``studies`` counts the examinations; with several, nothing is picked.
    """

    series: tuple[Surveyed, ...]
    others: Counter[str]
    picked: dict[Question, Surveyed | None]
    studies: int = 1


def survey(place: Path, progress: Progress | None = None) -> Survey:
    """Survey every series of a folder from headers and slices about 5 mm apart.

    Raises
    ------
    UnusableInputError
        See `find_series`.
    """
    return survey_series(find_series(place, progress), progress)


def survey_series(found: Found, progress: Progress | None = None) -> Survey:
    """Survey the series found by `find_series`."""
    numbers = series_numbers(found.series)
    surveyed = []
    for index, (number, series) in enumerate(zip(numbers, found.series, strict=True)):
        if progress is not None:
            progress(f"Looking at series {number}", index / len(numbers))
        surveyed.append(_look(number, series, f"series {number}"))
    studies = studies_in(found.series)
    picked = {question: pick(surveyed, question) if studies == 1 else None for question in QUESTIONS}
    return Survey(tuple(surveyed), found.others, picked, studies)


def _look(number: str, series: Series, name: str) -> Surveyed:
    first = series.slices[0].frame if series.slices else 0
    surveyed = Surveyed(number, series, acquisition_from(series.header, first))
    increment = increment_mm(series.slices) or LOOK_MM
    # An odd step, so that interleaved scans are noticed.
    every = max(1, min(round(LOOK_MM / increment), len(series.slices) // 2)) // 2 * 2 + 1
    every = min(every, max(1, len(series.slices) // 2))
    try:
        volume = read_series(series, name, every=every)
        values = as_hounsfield(volume.array, name)
    except UnusableInputError as error:
        return replace(surveyed, problem=str(error))
    x, y, z = volume.geometry.spacing_mm
    thin = replace(volume.geometry, shape=volume.array.shape, spacing_mm=(x, y, z * every))
    hu, geometry = to_axial(values.values, thin)
    _, whole = to_axial(values.values, replace(volume.geometry, shape=volume.array.shape))
    image = CTImage(hu, geometry, volume.acquisition)
    blood, seen = find_blood(image), estimate_coverage(image)
    of_file = without_contradicted(volume.findings + values.findings, seen)
    suitability = assess_measured(whole, volume.acquisition, Attenuation.of(hu), of_file, blood=blood)
    return replace(
        surveyed,
        acquisition=volume.acquisition,
        geometry=replace(whole, shape=(len(series.slices), *whole.shape[1:])),
        suitability=suitability,
        coverage=claimed(seen, text(series.header, "BodyPartExamined")),
        blood=blood,
    )


def pick(surveyed: Sequence[Surveyed], question: Question) -> Surveyed | None:
    """Return the best series for a question; None where none is usable.

    The first criterion that differs decides. Calcium: the verdict; how much
    of the heart is there; no sharp kernel; gated; a tube voltage of 120 kVp; an increment near
    3 mm; small pixels; the order in the list. Bone: the verdict; how many of T12, L1 and L2 are
    there whole; no contrast agent; no sharp kernel; 120 kVp; thin slices; a large field of view.
    """
    usable = [
        one for one in surveyed if verdict_of(one, question) not in (None, "unsuitable") and _shows(one, question)
    ]
    rank = _calcium_rank if question == "calcium" else _bone_rank
    return min(usable, key=rank, default=None)


def verdict_of(one: Surveyed, question: Question) -> str | None:
    """Return the verdict on a series for a question; None if unreadable."""
    if one.suitability is None:
        return None
    return (one.suitability.calcium if question == "calcium" else one.suitability.bone).verdict


def _shows(one: Surveyed, question: Question) -> bool:
    if question == "calcium":
        return one.coverage.heart != "none"
    return any(part != "none" for part in one.coverage.levels.values())


def _calcium_rank(one: Surveyed) -> tuple[float, ...]:
    increment = one.increment_mm or 0.0
    pixel = one.geometry.spacing_mm[0] if one.geometry else 0.0
    return (
        VERDICTS.index(verdict_of(one, "calcium")),
        PARTS.index(one.coverage.heart),
        *_common(one),
        (True, None, False).index(one.acquisition.ecg_gated),
        one.acquisition.kvp != STANDARD_KVP,
        abs(increment - STANDARD_INCREMENT_MM),
        pixel,
    )


def _bone_rank(one: Surveyed) -> tuple[float, ...]:
    width = one.geometry.spacing_mm[0] * one.geometry.shape[2] if one.geometry else 0.0
    return (
        VERDICTS.index(verdict_of(one, "bone")),
        -sum(part == "whole" for part in one.coverage.levels.values()),
        -sum(part == "part" for part in one.coverage.levels.values()),
        (False, None, True).index(one.contrast),
        *_common(one),
        one.acquisition.kvp != STANDARD_KVP,
        one.increment_mm or 0.0,
        -width,
    )


def _common(one: Surveyed) -> tuple[float, ...]:
    return (is_sharp(one.acquisition.kernel, one.acquisition.manufacturer),)


def reasons(one: Surveyed, question: Question) -> list[str]:
    """Return the reasons for a series' verdict, most important first, one sentence each."""
    if one.suitability is None:
        return [one.problem or ""]
    catalogue = load_table("findings")["findings"]
    fitness = one.suitability.calcium if question == "calcium" else one.suitability.bone
    counted = [f for f in fitness.findings if catalogue[f.code].get(question) not in (None, "standard")]
    counted.sort(key=lambda f: -VERDICTS.index(catalogue[f.code][question]))
    return [*coverage_words(one.coverage, question), *(f.message for f in counted)]


def coverage_words(coverage: Coverage, question: Question) -> list[str]:
    """Describe missing coverage of heart or spine in sentences; empty where complete or unknown."""
    if question == "calcium":
        if coverage.heart == "none":
            return ["The heart does not seem to be in the scan."]
        ends = [words for seen, words in ((coverage.above, "above"), (coverage.below, "below")) if seen is False]
        return [f"The scan seems to end within the heart {' and '.join(ends)}."] if coverage.heart == "part" else []
    missing = [level for level, part in coverage.levels.items() if part == "none"]
    cut = [level for level, part in coverage.levels.items() if part == "part"]
    facts = []
    if missing:
        facts.append(f"{', '.join(missing)} do{'es' if len(missing) == 1 else ''} not seem to be in the scan.")
    if cut:
        facts.append(f"{', '.join(cut)} seem{'s' if len(cut) == 1 else ''} to be in the scan in part.")
    return facts


def why_picked(one: Surveyed, question: Question) -> str:
    """Summarise why a series was picked."""
    verdict = verdict_of(one, question)
    facts = [] if verdict is None else [verdict]
    kernel = one.series.kernel or one.acquisition.kernel
    increment = "" if one.increment_mm is None else f"increment {one.increment_mm:g} mm"
    if question == "calcium":
        facts += {"whole": ["the whole heart"], "part": ["part of the heart"]}.get(one.coverage.heart or "", [])
        gated = one.acquisition.ecg_gated
        facts += [] if gated is None else ["ECG-gated" if gated else "not ECG-gated"]
    else:
        whole = [level for level, part in one.coverage.levels.items() if part == "whole"]
        facts += [f"{', '.join(whole)} whole"] if whole else []
        facts += [] if one.contrast is None else ["contrast agent" if one.contrast else "no contrast agent"]
    facts += [f"kernel {kernel}"] if kernel else []
    return ", ".join([*facts, increment] if increment else facts)


def choose_automatically(
    found: Found, questions: Sequence[Question], name: str, progress: Progress | None = None
) -> tuple[Series, Finding]:
    """Return the series picked for the first question that any suits, with a finding that says so.

    A single readable series is always taken.

    Raises
    ------
    UnusableInputError
        ``several-studies`` for more than one examination or patient;
        ``no-series-suits`` with a line for each series.
    """
    count = studies_in(found.series)
    if count > 1:
        raise refusal("several-studies", file=name, count=count)
    surveyed = survey_series(found, progress)
    readable = [one for one in surveyed.series if one.suitability is not None]
    if len(found.series) == 1:
        readable = list(surveyed.series)
    for question in questions:
        picked = surveyed.picked[question]
        if picked is not None:
            reason = why_picked(picked, question)
            return picked.series, _picked(picked, len(surveyed.series), f"for {question}: {reason}")
    if len(readable) == 1:
        return readable[0].series, _picked(readable[0], len(surveyed.series), "as the only one that can be read")
    lines = [f"  {one.number:>4}  {one.name}: {reasons(one, questions[0])[0]}" for one in surveyed.series]
    raise refusal("no-series-suits", file=name, table="\n".join(lines))


def studies_in(series: Sequence[Series]) -> int:
    """Count examinations (patient and Study Instance UID) among series."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for first in (one.slices[0] for one in series if one.slices):
        if not any(first.study_uid == uid and not other_patient(first.patient, own) for uid, own in found):
            found.append((first.study_uid, first.patient))
    return max(1, len(found))


def _picked(one: Surveyed, count: int, reason: str) -> Finding:
    return finding("series-picked", series=f"{one.number} ({one.name})", count=count, why=reason)
