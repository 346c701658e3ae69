"""Voxels of vertebrae before measurement, from a region, a point or a labelmap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.endplateheights import found_heights
from CACBoneAxisLib.bone.heights import Heights, heights_findings, labelled_heights, with_crush
from CACBoneAxisLib.bone.labelledregion import described_region, label_findings, labelled_region
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.bone.locate import locate_vertebra
from CACBoneAxisLib.bone.numbering import level_numbers
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.quality import placement_findings
from CACBoneAxisLib.bone.regionplacement import DEFAULT, located_region, lowered
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.coverage import level_shift
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import Region, RegionShape

# A lumbar vertebra with its processes is about 100 mm wide, a region in its body a third of that.
LARGEST_REGION_MM = 120.0
# The lungs' end tells levels to about one; on scans whose levels are known it was off by up to 0.8.
DOUBTED_LEVELS = 0.9


@dataclass(frozen=True)
class Candidate:
    """A vertebra before measurement: its voxels, None without any, and findings so far."""

    level: str
    source: str
    described: dict[str, Any]
    mask: Mask | None
    findings: tuple[Finding, ...] = ()
    excluded: bool = False
    axes: NDArray[np.floating] | None = None
    heights: Heights | None = None


def vertebra_masks(
    image: CTImage, regions: Sequence[VertebraRegion], labels: LabelImage | None, protocol: BoneProtocol
) -> tuple[list[Candidate], tuple[Finding, ...]]:
    """Return the vertebrae of regions, points and a labelmap, from the head down, and findings on the labels.

    Parameters
    ----------
    image : CTImage
    regions : of the reader; a point locates the body
    labels : labelmap of vertebrae on the image's grid, or None
    protocol : BoneProtocol

    Raises
    ------
    UnusableInputError
        When a level has two regions or labels, or the labelmap is not on the image's grid or names no level.
    """
    candidates = [_from_region(image, item, protocol) for item in _unique(regions)]
    findings: tuple[Finding, ...] = ()
    if labels is not None:
        cores, findings = _from_labels(image, labels, protocol, {c.level: c for c in candidates})
        candidates = [*_told(candidates, cores), *(c for c in cores if c.level not in {x.level for x in candidates})]
    candidates.sort(key=lambda c: levels()[c.level].order)
    heights = with_crush({c.level: c.heights for c in candidates if c.heights})
    candidates = [replace(c, heights=heights.get(c.level)) for c in candidates]
    without = {c.level: c.source for c in candidates if c.heights is None}
    return candidates, (*findings, *heights_findings(without, image.geometry.slice_increment_mm))


def names_findings(image: CTImage, candidates: Sequence[Candidate]) -> tuple[Finding, ...]:
    """Return a warning where the lungs' end lets expect other levels than vertebrae are named."""
    placed = {c.level: c.mask.indices()[:, 0].mean() for c in candidates if c.mask is not None}
    heights = {level: float(image.geometry.to_lps([0, 0, z])[2]) for level, z in placed.items()}
    shift = level_shift(image, {levels()[level].order: z for level, z in heights.items()})
    if shift is None or abs(shift) < DOUBTED_LEVELS:
        return ()
    codes = list(levels())
    places = {level: min(max(levels()[level].order - 1 - round(shift), 0), len(codes) - 1) for level in placed}
    expected = ", ".join(f"{level} where {codes[place]} is expected" for level, place in places.items())
    return (finding("levels-doubted", expected=expected, shift=f"{abs(shift):.1f}"),)


def _unique(regions: Sequence[VertebraRegion]) -> Sequence[VertebraRegion]:
    seen = set()
    for item in regions:
        if item.level in seen:
            raise refusal("region-duplicate", level=item.level)
        seen.add(item.level)
    return regions


def _from_point(image: CTImage, item: VertebraRegion, protocol: BoneProtocol) -> Candidate:
    """Locate the body from a point and place the region of the protocol in it."""
    wanted = protocol.region
    found = locate_vertebra(image, item.level, item.point_mm or (), wanted.metal_hu)
    heights = None if found.frame is None else found_heights(image, found.frame)
    if item.excluded is not None:
        left_out = (finding("vertebra-excluded", level=item.level, reason=item.excluded),)
        return Candidate(item.level, "point", {}, None, left_out, excluded=True, heights=heights)
    described: dict[str, Any] = {"protocol": wanted.protocol, "located": found.to_mapping()}
    region = None
    if found.frame is not None:
        region = located_region(found.frame, wanted.protocol, wanted.erosion_mm, image.geometry)
    if region is None:
        empty = (finding("region-empty", level=item.level),) if found.frame is not None else ()
        return Candidate(item.level, "point", described, None, (*found.findings, *empty), heights=heights)
    if wanted.protocol == DEFAULT:
        described["erosion_mm"] = wanted.erosion_mm
    placed, mask = _placed(image, item.level, region, protocol)
    placed = (*lowered(item.level, region, wanted.protocol, image.geometry.slice_increment_mm), *placed)
    described |= described_region(region)
    findings = (*found.findings, *placed)
    return Candidate(item.level, "point", described, mask, findings, axes=np.asarray(region.axes), heights=heights)


def _placed(
    image: CTImage, level: str, region: Region, protocol: BoneProtocol
) -> tuple[tuple[Finding, ...], Mask | None]:
    """Return the findings on a region's position, and its voxels, None where they are not measured."""
    if max(region.size_mm) > LARGEST_REGION_MM:
        size = " x ".join(f"{length:g}" for length in region.size_mm)
        return (finding("region-large", level=level, size=size, limit=f"{LARGEST_REGION_MM:g}"),), None
    found = region.voxels(image.geometry)
    findings = placement_findings(level, found, protocol.region)
    return findings, None if any(f.severity == "error" for f in findings) else found.mask


def _from_region(image: CTImage, item: VertebraRegion, protocol: BoneProtocol) -> Candidate:
    region = item.region
    if region is None:
        return _from_point(image, item, protocol)
    if not item.own_shape:
        region = replace(region, shape=cast(RegionShape, protocol.region.shape))
    axes = np.asarray(region.axes)
    described = described_region(region)
    if item.excluded is not None:
        findings = (finding("vertebra-excluded", level=item.level, reason=item.excluded),)
        return Candidate(item.level, "roi", described, None, findings, excluded=True)
    placed, mask = _placed(image, item.level, region, protocol)
    return Candidate(item.level, "roi", described, mask, placed, axes=axes)


def _from_labels(
    image: CTImage, labels: LabelImage, protocol: BoneProtocol, given: dict[str, Candidate]
) -> tuple[list[Candidate], tuple[Finding, ...]]:
    labels = labels.on_grid_of(image.geometry)
    boxes = label_boxes(labels.labels)
    numbers, findings = level_numbers(labels, protocol.numbering, image)
    heights = labelled_heights(labels.labels, numbers, boxes, image.geometry)
    cores = []
    for level, number in numbers.items():
        told = Candidate(level, "labelmap", {"label": number}, None, heights=heights.get(level))
        if number in labels.excluded:
            reason = finding("vertebra-excluded", level=level, reason=labels.excluded[number])
            cores.append(replace(told, findings=(reason,), excluded=True))
            continue
        if level in given:
            mask = given[level].mask
            findings = label_findings(level, mask, labels.labels, numbers) if mask else ()
            cores.append(replace(told, findings=findings))
            continue
        found = labelled_region(labels.labels, level, number, boxes[number], image.geometry, protocol.region)
        cores.append(
            Candidate(
                level,
                "labelmap",
                found.described,
                found.mask,
                found.findings,
                axes=found.axes,
                heights=heights.get(level),
            )
        )
    return cores, findings


def _told(given: list[Candidate], cores: list[Candidate]) -> list[Candidate]:
    """Return the given regions, with a finding where the labelmap has the level too."""
    labelled = {core.level: core for core in cores}
    told = []
    for c in given:
        core = labelled.get(c.level)
        if core is not None:
            findings = tuple(dict.fromkeys((*c.findings, finding("region-and-label", level=c.level), *core.findings)))
            excluded = c.excluded or core.excluded
            mask = None if excluded else c.mask
            c = replace(c, findings=findings, heights=core.heights or c.heights, mask=mask, excluded=excluded)
        told.append(c)
    return told
