"""Check a trabecular region: cortex, soft tissue, metal, too few voxels, no vertebra around it.

Each rule is a number of ``RegionProtocol`` and was set on real scans: an unenhanced
chest CT (0.63 x 0.63 x 5 mm) with cylinders in and beside T11 to L1, and an abdominal
CT (3 mm) with masks of T12 to L5.

cortex
    More than 1 % of the voxels lie above the region's median + 200 HU, or above 500 HU.
    Measured from the median, because trabecular bone itself reaches from about 20 to
    above 300 HU (L1 226 +- 44 HU under 30 years, Jang 2019) while cortex and endplates
    blurred over 5 mm slices may show no more than 300. Well-placed regions had 0 %,
    with a spread (noise and trabeculae) of 30 to 50 HU; regions 9 to 12 mm off, in the
    wall, had 1.1 to 3 %. One per cent of voxels 300 HU too high raises the mean by 3 HU,
    below the 10 to 16 HU that L1 varies between measurements.
    A spread of 65 HU puts 0.1 % of normally distributed voxels above the limit. Above
    500 HU, six standard deviations over the mean of the young, nothing is trabecular.
soft tissue
    More than 1 % below the median - 200 HU: lung, fat, gas. Trabecular bone with fatty
    marrow does not reach there from its own median, whatever the median is.
spread
    Robust standard deviation (1.4826 x median absolute deviation) above 75 HU. A region
    half in bone and half in something else has its median in between, so that neither
    of the two rules above sees it; its spread was 80 to 290 HU against 33 to 51 in bone.
parting, focus, vein
    In ``bone/foci.py``. Well-placed regions of the abdominal CT have mean and median less than
    5 HU apart, its L1 with a focus of up to 771 HU 13.

not bone
    More than 25 % below -75 HU: nothing is measured. Fatty osteoporotic bone of -10 HU in
    a scan with a noise of 60 HU has 14 % there; a region in fat has more than half, one
    a third of which is lung 35 %.
low
    Median below 0 HU: paraspinal muscle with its fat had -16. Trabecular bone that low is
    severe osteoporosis, so it is measured and said.
metal
    A voxel of 2000 HU or more in the region or within 2 mm of it: nothing is measured. One within
    10 mm, such as an endograft's wire beside the body, gives a finding; nothing is measured where the
    region shows its streaks, by one of the rules of cortex, soft tissue or spread.
    Cortex and calcified plaque stayed below 1700 HU.
isolated
    From the middle of the region, in its own x-y plane, 16 directions are followed for
    40 mm; a vertebral body meets cortex (median + 75 HU, which is what a thin cortex
    leaves at 3 mm) in 12 to 16 of them, liver and spleen in 2 to 5, psoas in 5, the heart
    in none; muscle between ribs and spine in 11. Fewer than half give a finding, which withholds
    nothing.

endplate
    Layers across the region's long axis, of a slice or 1.5 mm. One whose mean is 50 HU above
    the median of all, with bone beyond it on both sides, is an endplate: the region reaches
    into a disc or another vertebra. Means of layers of well-placed regions differ by less than
    30 HU; endplates of 1.2 mm leave 60 HU or more at 5 mm, where they are not split between slices.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.foci import foci_findings
from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import RegionVoxels

DIRECTIONS = 16
RAY_STEP_MM = 0.5
# Metal so near to a region touches it.
TOUCHING_MM = 2.0
LAYER_MM, FEWEST_IN_LAYER, ENDPLATE_HU = 1.5, 20, 50.0
# Standard deviation per median absolute deviation of normally distributed values.
MAD_TO_SD = 1.4826


def percent(fraction: float) -> str:
    """Format a fraction as per cent, never rounded to 0 or 100 unless exact."""
    value = 100 * fraction
    if 0 < value < 0.1:
        return "less than 0.1"
    if 99.9 < value < 100:
        return "more than 99.9"
    return f"{value:.1f}".removesuffix(".0")


def placement_findings(level: str, found: RegionVoxels, protocol: RegionProtocol) -> tuple[Finding, ...]:
    """Return the findings about the position of a region in the scan; an error means not measured."""
    if found.total == 0:
        return (finding("region-empty", level=level),)
    if found.within == 0:
        return (finding("region-outside", level=level),)
    outside = found.total - found.within
    if outside == 0:
        return ()
    code = "region-leaves" if outside > protocol.outside_tolerance * found.total else "region-edge"
    return (finding(code, level=level, percent=percent(outside / found.total)),)


def content_findings(
    level: str,
    hu: NDArray[np.generic],
    geometry: ImageGeometry,
    mask: Mask,
    protocol: RegionProtocol,
    axes: NDArray[np.floating] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings about the voxels of a region; an error means not measured.

    Parameters
    ----------
    level : as named in the messages
    hu : array (z, y, x)
    mask : the region's voxels
    axes : (3, 3)
        Columns are the region's x, y and z in LPS; the image's where None.
    """
    values = mask.values(hu).astype(float)
    count = values.size
    findings: list[Finding] = []
    metal = _metal_around(hu, geometry, mask, protocol)
    if metal is not None and (metal[1] <= TOUCHING_MM or _streaked(values, protocol)):
        findings.append(finding("region-metal", level=level, maximum=f"{metal[0]:.0f}"))
    fat = np.count_nonzero(values < protocol.fat_hu) / count
    if fat > protocol.fat_tolerance:
        limit = f"{protocol.fat_hu:.0f}"
        findings.append(finding("region-not-bone", level=level, percent=percent(fat), limit=limit))
    if findings:
        return tuple(findings)
    if metal is not None:
        words = {"maximum": f"{metal[0]:.0f}", "away": f"{metal[1]:.0f}"}
        findings.append(finding("region-metal-near", level=level, **words))
    if count < protocol.minimum_voxels:
        findings.append(finding("region-small", level=level, voxels=count))
    median = float(np.median(values))
    if median < protocol.low_hu:
        findings.append(finding("region-low", level=level, median=f"{median:.0f}"))
    high = min(median + protocol.departure_hu, protocol.maximum_trabecular_hu)
    cortex = np.count_nonzero(values > high) / count
    if cortex > protocol.foreign_tolerance:
        findings.append(finding("region-cortex", level=level, percent=percent(cortex), limit=f"{high:.0f}"))
    low = median - protocol.departure_hu
    soft = np.count_nonzero(values < low) / count
    if soft > protocol.foreign_tolerance:
        findings.append(finding("region-soft", level=level, percent=percent(soft), limit=f"{low:.0f}"))
    spread = MAD_TO_SD * float(np.median(np.abs(values - median)))
    if spread > protocol.spread_hu:
        limit = f"{protocol.spread_hu:.0f}"
        findings.append(finding("region-spread", level=level, spread=f"{spread:.0f}", limit=limit))
    layer = _endplate_layer(hu, geometry, mask, axes)
    if layer is not None:
        findings.append(finding("region-endplate", level=level, above=f"{layer[1]:.0f}", away=f"{abs(layer[0]):.0f}"))
    findings += foci_findings(level, median, hu, geometry, mask, protocol, axes)
    bare = 1 - _directions_with_cortex(hu, geometry, mask, median, protocol, axes)
    if bare > 1 - protocol.cortex_fraction:
        findings.append(finding("region-isolated", level=level, percent=percent(bare)))
    return tuple(findings)


def _endplate_layer(
    hu: NDArray[np.generic], geometry: ImageGeometry, mask: Mask, axes: NDArray[np.floating] | None
) -> tuple[float, float] | None:
    """Return the position of an endplate along the region's axis (mm from its centre) and its contrast, HU."""
    points = geometry.to_lps(mask.indices()[:, ::-1])
    up = np.array([0.0, 0.0, 1.0]) if axes is None else np.asarray(axes)[:, 2]
    along = (points - points.mean(axis=0)) @ up
    thickness = max(LAYER_MM, geometry.slice_increment_mm)
    layer = np.floor((along - along.min()) / thickness).astype(int)
    counts = np.bincount(layer)
    kept = counts >= FEWEST_IN_LAYER
    if np.count_nonzero(kept) < 4:
        return None
    means = np.full(len(counts), np.nan)
    means[kept] = np.bincount(layer, mask.values(hu).astype(float))[kept] / counts[kept]
    known = np.flatnonzero(kept)
    above = means[known] - np.median(means[known])
    # The end layers may hold part of an endplate beyond; the cortex rule covers that.
    inner = slice(1, len(known) - 1)
    n = int(np.argmax(above[inner])) + 1
    if above[n] < ENDPLATE_HU or above[-1] > above[n] - ENDPLATE_HU / 2 or above[0] > above[n] - ENDPLATE_HU / 2:
        return None
    return float(along.min() + (known[n] + 0.5) * thickness), float(above[n])


def overlap(first: Mask, second: Mask) -> int:
    """Return the number of voxels shared by two masks."""
    low = np.maximum(first.offset, second.offset)
    high = np.minimum(
        np.add(first.offset, first.voxels.shape),
        np.add(second.offset, second.voxels.shape),
    )
    if np.any(high <= low):
        return 0
    a, b = (
        m.voxels[tuple(slice(p - o, q - o) for p, q, o in zip(low, high, m.offset, strict=True))]
        for m in (first, second)
    )
    return int(np.count_nonzero(a & b))


def between_findings(geometry: ImageGeometry, masks: Mapping[str, Mask]) -> list[Finding]:
    """Return the findings about the positions of measured regions relative to each other."""
    findings = [
        finding("regions-overlap", first=first, second=second)
        for first, second in combinations(masks, 2)
        if overlap(masks[first], masks[second])
    ]
    height = {level: geometry.to_lps(mask.indices().mean(axis=0)[::-1])[2] for level, mask in masks.items()}
    findings += [
        finding("levels-order", upper=upper, lower=lower)
        for upper, lower in pairwise(masks)
        if height[upper] < height[lower]
    ]
    return findings


def _metal_around(
    hu: NDArray[np.generic], geometry: ImageGeometry, mask: Mask, protocol: RegionProtocol
) -> tuple[float, float] | None:
    """Return the largest HU and the distance (mm) of metal in the mask and its margin, None without."""
    margins = [ceil(protocol.metal_margin_mm / s) for s in geometry.spacing_mm[::-1]]
    stops = np.add(mask.offset, mask.voxels.shape)
    low = [max(0, o - m) for o, m in zip(mask.offset, margins, strict=True)]
    high = [min(n, int(stop) + m) for n, stop, m in zip(hu.shape, stops, margins, strict=True)]
    block = hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    if block.max() < protocol.metal_hu:
        return None
    away = np.ones(block.shape, dtype=bool)
    away[tuple(slice(o - a, int(b) - a) for o, a, b in zip(mask.offset, low, stops, strict=True))] = ~mask.voxels
    distance = ndimage.distance_transform_edt(away, sampling=geometry.spacing_mm[::-1])
    metal = np.asarray(block, dtype=float) >= protocol.metal_hu
    metal &= distance <= protocol.metal_margin_mm
    return (float(block[metal].max()), float(distance[metal].min())) if metal.any() else None


def _streaked(values: NDArray[np.float64], protocol: RegionProtocol) -> bool:
    """Return whether values of a region are spread as streaks of metal beside it spread them."""
    median = float(np.median(values))
    away = np.abs(values - median)
    foreign = float(np.mean(away > protocol.departure_hu))
    spread = MAD_TO_SD * float(np.median(away))
    return foreign > protocol.foreign_tolerance or spread > protocol.spread_hu


def _directions_with_cortex(
    hu: NDArray[np.generic],
    geometry: ImageGeometry,
    mask: Mask,
    median: float,
    protocol: RegionProtocol,
    axes: NDArray[np.floating] | None,
) -> float:
    """Return the fraction of directions inside the scan that meet cortex."""
    center = geometry.to_lps(mask.indices().mean(axis=0)[::-1])
    frame = np.eye(3) if axes is None else np.asarray(axes)
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    directions = np.cos(angles)[:, None] * frame[:, 0] + np.sin(angles)[:, None] * frame[:, 1]
    steps = np.arange(0, protocol.cortex_search_mm + RAY_STEP_MM, RAY_STEP_MM)
    points = geometry.to_index(center + steps[None, :, None] * directions[:, None, :])[..., ::-1]
    nearest = np.rint(points).astype(int)
    within = np.all((nearest >= 0) & (nearest < hu.shape), axis=-1)
    nearest = np.where(within[..., None], nearest, 0)
    values = hu[tuple(np.moveaxis(nearest, -1, 0))]
    met = np.any(within & (values >= median + protocol.cortex_rise_hu), axis=1)
    # A direction that leaves the scan before it meets cortex does not count.
    known = met | within.all(axis=1)
    return float(np.count_nonzero(met) / np.count_nonzero(known)) if known.any() else 1.0
