"""Divide the candidates among seeds and their cuts into fragments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.cache import NO_CACHE, Cache
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask, near_each_other

Voxel = tuple[int, int, int]


@dataclass(eq=False)
class Fragment:
    """Connected voxels and the seeds in them; ``mask`` is None where they are too many to be calcium."""

    seeds: list[Seed]
    mask: Mask | None
    voxels: int


def partition_candidates(
    image: CTImage,
    candidates: Candidates,
    hits: Sequence[tuple[Seed, Voxel]],
    protocol: CalciumProtocol,
    cache: Cache = NO_CACHE,
) -> list[Fragment]:
    """Divide the candidates among the seeds; each hit is a seed and its candidate voxel (z, y, x).

    A seed with a cut radius takes the candidates connected to it within that distance, a seed that
    grows in its slice those connected to it there; a voxel claimed by two goes to the nearer seed.
    The other seeds take what remains connected to them; one whose voxel was cut away joins the
    fragment that has it. The order of the seeds does not matter.
    """
    cut = [hit for hit in hits if hit[0].parts]
    fragments = _carve(image, candidates, cut, protocol, cache)
    taken = np.concatenate([f.mask.indices() for f in fragments if f.mask] or [np.empty((0, 3), dtype=np.intp)])
    # A fragment is connected, so its seed's voxel identifies the component it came from.
    taken_labels = {candidates.label_at(voxel) for _, voxel in cut}
    by_component: dict[int, list[tuple[Seed, Voxel]]] = {}
    for seed, voxel in hits:
        label = candidates.label_at(voxel)
        if not seed.parts and label is not None:
            by_component.setdefault(label, []).append((seed, voxel))
    for label, members in by_component.items():
        pool = candidates.remainder(label, taken, protocol.growth_connectivity) if label in taken_labels else candidates
        grown: dict[int, list[Seed]] = {}
        for seed, voxel in members:
            own = pool.label_at(voxel)
            if own is None:
                next(f for f in fragments if f.mask and f.mask.holds(voxel)).seeds.append(seed)
            else:
                grown.setdefault(own, []).append(seed)
        for own, seeds in grown.items():
            size = pool.size(own)
            too_large = size * image.geometry.voxel_volume_mm3 > protocol.bone_volume_mm3
            wanted = not too_large or any(seed.decision == "accepted" for seed in seeds)
            fragments.append(Fragment(seeds, pool.component(own) if wanted else None, size))
    return fragments


def join_touching(fragments: Sequence[Fragment], connectivity: int) -> list[Fragment]:
    """Join touching fragments whose seeds agree on territory and decision; a cut divides territories."""
    joined = [f for f in fragments if f.mask is None or len({_claim(s) for s in f.seeds}) > 1]
    agreed: dict[tuple[str, bool], list[Fragment]] = {}
    for fragment in fragments:
        if fragment not in joined:
            agreed.setdefault(_claim(fragment.seeds[0]), []).append(fragment)
    for agreeing in agreed.values():
        for group in near_each_other([f.mask for f in agreeing if f.mask]):
            joined += _joined([agreeing[number] for number in group], connectivity)
    return joined


def _joined(fragments: Sequence[Fragment], connectivity: int) -> list[Fragment]:
    if len(fragments) == 1:
        return list(fragments)
    whole = Mask.from_indices(np.concatenate([f.mask.indices() for f in fragments if f.mask]))
    labels, count = ndimage.label(whole.voxels, structure_of(connectivity))
    seeds: list[list[Seed]] = [[] for _ in range(count + 1)]
    for fragment in fragments:
        if fragment.mask:
            seeds[labels[tuple(fragment.mask.indices()[0] - whole.offset)]] += fragment.seeds
    joined = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        corner = np.asarray([axis.start for axis in place]) + np.asarray(whole.offset)
        part = Mask.from_indices(np.argwhere(labels[place] == number) + corner)
        joined.append(Fragment(seeds[number], part, part.count))
    return joined


def structure_of(connectivity: int) -> NDArray[np.bool_]:
    """Return the 3 x 3 x 3 neighbourhood of 6, 18 or 26 neighbours."""
    return ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])


def _claim(seed: Seed) -> tuple[str, bool]:
    return seed.territory, seed.decision == "excluded"


def _carve(
    image: CTImage,
    candidates: Candidates,
    hits: Sequence[tuple[Seed, Voxel]],
    protocol: CalciumProtocol,
    cache: Cache,
) -> list[Fragment]:
    starts = sorted({start for _, start in hits})
    claims = []
    for seed, start in hits:
        reach = _in_slice if seed.growth == "slice" else _within_reach
        key = ("reach", seed, start, protocol.threshold_hu, protocol.growth_connectivity)
        claimed = cache.get(key, partial(reach, image, candidates, seed, start, protocol))
        claims.append((*claimed, starts.index(start)))
    if not claims:
        return []
    voxels = np.concatenate([zyx for zyx, _, _ in claims])
    distances = np.concatenate([distance for _, distance, _ in claims])
    claimants = np.concatenate([np.full(len(distance), number) for _, distance, number in claims])
    # Sorted by voxel, then distance: the first claim to each voxel is the nearest seed's.
    order = np.lexsort((claimants, distances, *voxels.T))
    voxels, claimants = voxels[order], claimants[order]
    first = np.append(True, np.any(voxels[1:] != voxels[:-1], axis=1))
    voxels, owners = voxels[first], claimants[first]
    fragments = []
    for number, start in enumerate(starts):
        part = _connected(Mask.from_indices(voxels[owners == number]), start, protocol.growth_connectivity)
        fragments.append(Fragment([seed for seed, voxel in hits if voxel == start], part, part.count))
    return fragments


def _in_slice(
    image: CTImage, candidates: Candidates, seed: Seed, start: Voxel, protocol: CalciumProtocol
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the candidates connected to the seed in its slice and sphere, as :func:`_within_reach` does."""
    label = candidates.label_at(start)
    if label is None:
        raise ValueError(f"{start} is no candidate")
    zyx = candidates.component(label, in_slice=start[0]).indices()
    offset = (zyx[:, ::-1] - image.geometry.to_index(seed.position_mm)) * image.geometry.spacing_mm
    distance = np.sqrt((offset**2).sum(axis=1)).round(6)
    distance[np.all(zyx == start, axis=1)] = -1.0
    if seed.cut_radius_mm is not None:
        zyx, distance = zyx[distance <= seed.cut_radius_mm], distance[distance <= seed.cut_radius_mm]
    here = Mask.from_indices(zyx)
    labels, _ = ndimage.label(here.voxels, structure_of(protocol.growth_connectivity))
    own = labels[tuple((zyx - here.offset).T)] == labels[tuple(np.subtract(start, here.offset))]
    return zyx[own], distance[own]


def _within_reach(
    image: CTImage, candidates: Candidates, seed: Seed, start: Voxel, protocol: CalciumProtocol
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the candidates connected to the seed inside its sphere, and their distances in mm.

    The seed's own voxel has distance -1, so it stays the seed's even outside the sphere (possible in
    thick slices) or nearer to another seed.
    """
    geometry = image.geometry
    spacing = np.asarray(geometry.spacing_mm)
    radius = seed.cut_radius_mm or 0.0
    index = geometry.to_index(seed.position_mm)
    low = np.maximum(np.minimum(np.ceil(index - radius / spacing), start[::-1]).astype(int), 0)
    high = np.maximum(np.floor(index + radius / spacing), start[::-1]).astype(int) + 1
    high = np.minimum(high, geometry.shape[::-1])
    z, y, x = (np.arange(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))
    squared = ((z[:, None, None] - index[2]) * spacing[2]) ** 2
    squared = squared + ((y[None, :, None] - index[1]) * spacing[1]) ** 2
    squared = squared + ((x[None, None, :] - index[0]) * spacing[0]) ** 2
    # Rounded to 1 nm, so that equal distances tie in every storage order of the same scan.
    distance = np.sqrt(squared).round(6)
    block = image.hu[low[2] : high[2], low[1] : high[1], low[0] : high[0]] >= protocol.threshold_hu
    block &= distance <= radius
    here = tuple(np.subtract(start, low[::-1]))
    block[here] = True
    distance[here] = -1.0
    part = _connected(Mask((int(low[2]), int(low[1]), int(low[0])), block), start, protocol.growth_connectivity)
    zyx = part.indices()
    return zyx, distance[tuple((zyx - low[::-1]).T)]


def _connected(mask: Mask, voxel: Voxel, connectivity: int) -> Mask:
    """Return the part of a mask that is connected to one of its voxels."""
    labels, _ = ndimage.label(mask.voxels, structure_of(connectivity))
    number = labels[tuple(np.subtract(voxel, mask.offset))]
    return Mask.from_indices(np.argwhere(labels == number) + np.asarray(mask.offset))
