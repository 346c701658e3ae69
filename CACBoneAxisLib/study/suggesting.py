"""Candidates that nobody pointed at: found, listed, and made seeds of only where that was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from CACBoneAxisLib.calcium.candidates import Candidates, find_candidates
from CACBoneAxisLib.calcium.heart import heart_region
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed, nearest_candidate, seeds_from
from CACBoneAxisLib.calcium.suggestions import Suggestion, as_points, suggest
from CACBoneAxisLib.imaging.aorta import FINE_STEP_MM, find_blood
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage

Suggested = tuple[Suggestion, ...] | None


def with_suggestions(
    image: CTImage,
    seeds: tuple[Seed, ...] | None,
    protocol: CalciumProtocol,
    candidates: Candidates | None,
) -> tuple[tuple[Seed, ...] | None, Suggested, Candidates | None, tuple[Finding, ...]]:
    """Return the seeds, with accepted suggestions among them, the suggestions, the candidates and what to know.

    What a reader's seed lies in is not suggested again. Without a descending aorta there is
    no region to look in, and no suggestions.

    Parameters
    ----------
    image : CT in axial order
    seeds : the reader's; None when nobody read the scan
    protocol : whose ``suggestions`` says what is done
    candidates : of this image at the protocol's threshold, when they are known already
    """
    if protocol.suggestions == "none":
        return seeds, None, candidates, ()
    aorta = find_blood(image, FINE_STEP_MM)
    region = heart_region(image, aorta.discs) if aorta is not None else None
    if region is None:
        return seeds, None, candidates, (finding("suggestions-impossible"),)
    if candidates is None:
        candidates = find_candidates(image.hu, protocol.threshold_hu, protocol.growth_connectivity)
    taken = _labels(image, candidates, seeds or (), protocol)
    found = tuple(
        one
        for one in suggest(image, candidates, region, protocol)
        if not _labels(image, candidates, seeds_from([as_points([one])]), protocol) & taken
    )
    count = str(len(found))
    if protocol.suggestions == "list":
        return seeds, found, candidates, (finding("suggestions-listed", count=count),)
    accepted = (*(seeds or ()), *seeds_from([as_points(found)]))
    return accepted, found, candidates, (finding("suggestions-accepted", count=count),)


def _labels(
    image: CTImage, candidates: Candidates, seeds: Sequence[Seed], protocol: CalciumProtocol
) -> set[int | None]:
    voxels = (nearest_candidate(image, s.position_mm, protocol.threshold_hu, protocol.seed_search_mm) for s in seeds)
    return {candidates.label_at(voxel) for voxel in voxels if voxel is not None}
