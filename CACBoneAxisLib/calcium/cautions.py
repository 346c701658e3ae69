"""Cautions about scored lesions: noise, motion, and the limits of a score of 0."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.lesions import Lesion
from CACBoneAxisLib.calcium.noise import chance_peak_hu
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.scoring import LesionScore
from CACBoneAxisLib.calcium.seeds import names_of
from CACBoneAxisLib.calcium.streaks import SMALLEST_STREAK_MM2, dark_streak_mm2
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage


def noise_findings(
    image: CTImage,
    scored: Sequence[tuple[Lesion, LesionScore | None]],
    blood: BloodPool | None,
) -> list[Finding]:
    """Return a finding for every scored lesion whose peak noise alone could reach."""
    if blood is None:
        return []
    limit = chance_peak_hu(blood, image.geometry.voxel_volume_mm3)
    return [
        finding(
            "lesion-chance",
            seed=lesion.seeds[0].name,
            peak=f"{score.peak_hu:.0f}",
            noise=f"{blood.noise_hu:.0f}",
            blood=f"{blood.hu:.0f}",
            limit=f"{limit:.0f}",
        )
        for lesion, score in scored
        if lesion.status == "scored" and score and score.peak_hu is not None and score.peak_hu < limit
    ]


def streak_findings(
    cache: ImageCache, scored: Sequence[tuple[Lesion, LesionScore | None]], blood: BloodPool | None
) -> list[Finding]:
    """Return the finding that names lesions with dark streaks beside them, if there are any."""
    if blood is None:
        return []
    noise = blood.noise_hu
    beside = []
    for lesion, score in scored:
        mask = lesion.mask
        if lesion.status == "scored" and score and score.agatston > 0 and mask is not None:
            area = cache.measures.get(("streak", mask.key, noise), partial(dark_streak_mm2, cache.image, mask, noise))
            if area >= SMALLEST_STREAK_MM2:
                beside.append(lesion.seeds[0])
    return [finding("motion-streaks", seeds=names_of(beside))] if beside else []


def zero_score_finding(image: CTImage, protocol: CalciumProtocol, blood: BloodPool | None) -> Finding:
    """Return the finding on what a score of 0 excludes: threshold, smallest region, increment, noise."""
    pixels = max(1, protocol.minimum_pixels)
    smallest = f"{pixels} pixel{'s' if pixels > 1 else ''}"
    if protocol.minimum_area_mm2 > pixels * image.geometry.pixel_area_mm2:
        smallest = f"at least {protocol.minimum_area_mm2:g} mm2"
    return finding(
        "zero-rests-on",
        threshold=f"{protocol.threshold_hu:g}",
        smallest=smallest,
        increment=f"{image.geometry.slice_increment_mm:g}",
        noise="unknown size" if blood is None else f"{blood.noise_hu:.0f} HU",
    )
