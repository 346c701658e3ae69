"""Grow lesions from seeds and decide whether they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.partition import Fragment, Voxel, join_touching, partition_candidates
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed, hu_at, names_of, nearest_candidate
from CACBoneAxisLib.calcium.territories import territories
from CACBoneAxisLib.imaging.cache import NO_CACHE, Cache
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

Status = Literal["scored", "excluded", "conflict", "implausible"]


@dataclass(frozen=True, eq=False)
class Lesion:
    """A connected lesion and its status.

    Parameters
    ----------
    seeds : the seeds that lie in it
    status : only ``scored`` lesions count
    mask : its voxels; None where the seeds lie in skeleton, which is too large to keep
    reason : why it does not count
    center_mm : LPS, centroid of its voxels; None where it was not measured
    in_total : whether its measures are part of the coronary total
    """

    seeds: tuple[Seed, ...]
    status: Status
    mask: Mask | None
    reason: str | None = None
    center_mm: tuple[float, float, float] | None = None
    in_total: bool = False

    @property
    def territories(self) -> tuple[str, ...]:
        """Territories of its seeds; more than one is a conflict."""
        return tuple(dict.fromkeys(seed.territory for seed in self.seeds))


def grow_lesions(
    image: CTImage, candidates: Candidates, seeds: Sequence[Seed], protocol: CalciumProtocol, cache: Cache = NO_CACHE
) -> tuple[tuple[Lesion, ...], tuple[Finding, ...]]:
    """Grow a lesion from every seed and decide which of them count.

    ``cache`` holds earlier results for the same seeds.

    Returns
    -------
    lesions, findings
        In the order of the first seed of each lesion. A seed without a candidate near it
        is a finding; so is a lesion that is in conflict, implausible, excluded, shared by
        several seeds or cut by the border of the scan.
    """
    hits: list[tuple[Seed, Voxel]] = []
    findings: list[Finding] = []
    for seed in seeds:
        where = (seed.position_mm, protocol.threshold_hu, protocol.seed_search_mm)
        voxel = cache.get(("nearest", where), partial(nearest_candidate, image, *where))
        if voxel is None:
            findings.append(_miss(image, seed, protocol))
        else:
            hits.append((seed, voxel))
    order = {seed: place for place, seed in enumerate(seeds)}
    fragments = join_touching(
        partition_candidates(image, candidates, hits, protocol, cache), protocol.growth_connectivity
    )
    for fragment in fragments:
        fragment.seeds.sort(key=order.__getitem__)
    lesions = []
    for fragment in sorted(fragments, key=lambda f: order[f.seeds[0]]):
        lesion, remarks = _judge(image, fragment, protocol)
        lesions.append(lesion)
        findings += remarks
    return tuple(lesions), tuple(findings)


def _miss(image: CTImage, seed: Seed, protocol: CalciumProtocol) -> Finding:
    there = hu_at(image, seed.position_mm)
    if there is None:
        return finding("seed-outside", seed=seed.name)
    return finding(
        "seed-misses",
        seed=seed.name,
        distance=f"{protocol.seed_search_mm:g}",
        threshold=f"{protocol.threshold_hu:g}",
        hu=f"{there:.0f}",
    )


def _judge(image: CTImage, fragment: Fragment, protocol: CalciumProtocol) -> tuple[Lesion, list[Finding]]:
    """Decide whether a fragment counts, with the findings about it."""
    seeds = tuple(fragment.seeds)
    first = seeds[0].name
    names = names_of(seeds)
    owners = list(dict.fromkeys(seed.territory for seed in seeds))
    excluded = {seed.decision == "excluded" for seed in seeds}
    findings: list[Finding] = []

    if excluded == {True}:
        reason = next((seed.reason for seed in seeds if seed.reason), None) or "no reason given"
        return Lesion(seeds, "excluded", fragment.mask, reason), [finding("lesion-excluded", seed=first, reason=reason)]

    volume = fragment.voxels * image.geometry.voxel_volume_mm3
    coronary = any(territories()[owner].coronary for owner in owners)
    limit = protocol.maximum_lesion_volume_mm3 if coronary else protocol.bone_volume_mm3
    if volume > limit:
        if not any(seed.decision == "accepted" for seed in seeds):
            bone = volume > protocol.bone_volume_mm3
            code, bound = ("lesion-bone", protocol.bone_volume_mm3) if bone else ("lesion-implausible", limit)
            remark = finding(code, seed=names, volume=f"{volume:.0f}", limit=f"{bound:.0f}")
            return Lesion(seeds, "implausible", fragment.mask, "bone" if bone else "implausible size"), [remark]
        findings.append(finding("lesion-accepted", seed=names))

    if len(owners) > 1 or len(excluded) > 1:
        remark = finding("seeds-conflict", seeds=names, undecided=" and ".join(owners))
        return Lesion(seeds, "conflict", fragment.mask, f"seeds {names} disagree"), [*findings, remark]

    if len(seeds) > 1:
        findings.append(finding("seeds-share", seeds=names))
    if fragment.mask is not None and _touches_border(image, fragment.mask):
        findings.append(finding("lesion-edge", seed=first))
    return Lesion(seeds, "scored", fragment.mask), findings


def _touches_border(image: CTImage, mask: Mask) -> bool:
    low = np.asarray(mask.offset)
    high = low + mask.voxels.shape
    return bool(np.any(low == 0) or np.any(high == image.geometry.shape))
