"""Calcium on a contrast-enhanced scan: volume and number, never an Agatston score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.contrast import ContrastCalcium, contrast_threshold
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage


def over_blood(protocol: CalciumProtocol, blood: BloodPool | None) -> CalciumProtocol:
    """Return a protocol at its threshold for calcium over enhanced blood; as it is where it has none.

    What is found by it is measured in volume and number, never in an Agatston score.
    """
    chosen = contrast_threshold(protocol, blood)
    if chosen is None:
        return protocol
    level = chosen[0]
    return replace(
        protocol, threshold_hu=level, weight_thresholds_hu=(level,), volume_threshold_hu=None, volume="voxels"
    )


def contrast_calcium(
    image: CTImage,
    seeds: Sequence[Seed],
    protocol: CalciumProtocol,
    blood: BloodPool | None,
    cache: ImageCache | None = None,
) -> tuple[ContrastCalcium | None, tuple[Finding, ...]]:
    """Measure volume and number of the seeds' lesions over enhanced blood.

    Lesions are grown and judged as for a score, at the threshold of
    :func:`contrast_threshold`; a threshold that is not above the blood is refused.

    Returns
    -------
    calcium, findings
        None without a threshold, with a finding where one was asked for.
    """
    chosen = contrast_threshold(protocol, blood)
    if chosen is None:
        asked = protocol.contrast_threshold_sd is not None
        return None, (finding("contrast-threshold-unknown"),) if asked else ()
    threshold, rule = chosen
    if blood is not None and threshold <= blood.hu + blood.noise_hu:
        values = {"threshold": f"{threshold:.0f}", "blood": f"{blood.hu:.0f}"}
        return None, (finding("contrast-threshold-low", **values),)
    scored = score_calcium(image, seeds, over_blood(protocol, blood), cache=cache)
    kept = tuple(f for f in scored.findings if f.code not in ("mass-unavailable", "zero-rests-on"))
    territories = {code: (t.volume_mm3, t.lesions) for code, t in scored.territories.items()}
    total = scored.total
    found = ContrastCalcium(threshold, rule, total.volume_mm3, total.lesions, territories)
    return found, (finding("contrast-calcium", threshold=f"{threshold:.0f}", rule=rule), *kept)
