"""Search for candidates in a study, list them, and accept them as seeds where the protocol says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.heartlabels import HeartLabels, heart_labels
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed, nearest_candidate, seeds_from
from CACBoneAxisLib.calcium.suggestions import CandidateSearch, Suggestion, as_points
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage

Suggested = tuple[Suggestion, ...] | None
Heart = tuple[HeartLabels | None, tuple[Finding, ...]]


def study_heart(geometry: ImageGeometry, heart: LabelImage | None, vertebrae: LabelImage | None) -> Heart:
    """Return the heart labels among the study's segmentations, those of its own file first, with findings.

    Raises
    ------
    UnusableInputError
        ``labels-grid`` when a file lies on another grid, ``heart-labels-none`` when the
        heart's own file has no heart.
    """
    if heart is not None:
        return heart_labels(heart.on_grid_of(geometry), asked=True)
    return heart_labels(vertebrae.on_grid_of(geometry), asked=False) if vertebrae is not None else (None, ())


def with_suggestions(
    cache: ImageCache,
    seeds: tuple[Seed, ...] | None,
    protocol: CalciumProtocol,
    heart: Callable[[], Heart] = lambda: (None, ()),
) -> tuple[tuple[Seed, ...] | None, Suggested, CandidateSearch | None, tuple[Finding, ...]]:
    """Return the seeds including accepted suggestions, the suggestions, the search, and findings.

    A candidate that holds one of the reader's seeds is not suggested. Without a descending aorta
    there is no search region, and no suggestions.

    Parameters
    ----------
    cache : of the CT
    seeds : of the reader; None when the scan was not read
    protocol : its ``suggestions`` says whether to search, list or accept
    heart : called for the heart labels when candidates are searched
    """
    taken_over = _taken_over(seeds or ())
    if protocol.suggestions == "none":
        return seeds, None, None, taken_over
    labels, findings = heart()
    findings = (*findings, *taken_over)
    search = cache.search(protocol, labels)
    if search is None:
        return seeds, None, None, (*findings, finding("suggestions-impossible"))
    candidates = cache.candidates(protocol)
    taken = _labels(cache.image, candidates, seeds or (), protocol)
    found = tuple(
        one
        for one in search.suggestions
        if not _labels(cache.image, candidates, seeds_from([as_points([one])]), protocol) & taken
    )
    count = str(len(found))
    if protocol.suggestions == "list":
        return seeds, found, search, (*findings, finding("suggestions-listed", count=count))
    accepted = (*(seeds or ()), *seeds_from([as_points(found)]))
    return accepted, found, search, (*findings, finding("suggestions-accepted", count=count))


def _taken_over(seeds: Sequence[Seed]) -> tuple[Finding, ...]:
    names = [seed.name for seed in seeds if seed.suggested is not None]
    return (finding("suggestions-taken", count=str(len(names)), seeds=", ".join(names)),) if names else ()


def _labels(
    image: CTImage, candidates: Candidates, seeds: Sequence[Seed], protocol: CalciumProtocol
) -> set[int | None]:
    voxels = (nearest_candidate(image, s.position_mm, protocol.threshold_hu, protocol.seed_search_mm) for s in seeds)
    return {candidates.label_at(voxel) for voxel in voxels if voxel is not None}
