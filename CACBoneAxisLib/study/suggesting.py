"""Candidates that nobody pointed at: found, listed, and made seeds of only where that was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.known import Known
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed, nearest_candidate, seeds_from
from CACBoneAxisLib.calcium.suggestions import Suggestion, as_points
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage

Suggested = tuple[Suggestion, ...] | None


def with_suggestions(
    known: Known, seeds: tuple[Seed, ...] | None, protocol: CalciumProtocol
) -> tuple[tuple[Seed, ...] | None, Suggested, tuple[Finding, ...]]:
    """Return the seeds, with accepted suggestions among them, the suggestions and what to know.

    What a reader's seed lies in is not suggested again. Without a descending aorta there is
    no region to look in, and no suggestions.

    Parameters
    ----------
    known : of the CT
    seeds : the reader's; None when nobody read the scan
    protocol : whose ``suggestions`` says what is done
    """
    if protocol.suggestions == "none":
        return seeds, None, ()
    every = known.suggestions(protocol)
    if every is None:
        return seeds, None, (finding("suggestions-impossible"),)
    candidates = known.candidates(protocol)
    taken = _labels(known.image, candidates, seeds or (), protocol)
    found = tuple(
        one for one in every if not _labels(known.image, candidates, seeds_from([as_points([one])]), protocol) & taken
    )
    count = str(len(found))
    if protocol.suggestions == "list":
        return seeds, found, (finding("suggestions-listed", count=count),)
    accepted = (*(seeds or ()), *seeds_from([as_points(found)]))
    return accepted, found, (finding("suggestions-accepted", count=count),)


def _labels(
    image: CTImage, candidates: Candidates, seeds: Sequence[Seed], protocol: CalciumProtocol
) -> set[int | None]:
    voxels = (nearest_candidate(image, s.position_mm, protocol.threshold_hu, protocol.seed_search_mm) for s in seeds)
    return {candidates.label_at(voxel) for voxel in voxels if voxel is not None}
