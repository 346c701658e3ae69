"""Calcium on a contrast-enhanced scan: volume and number of lesions above a threshold, never an Agatston score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, ContrastCalcium
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding


def contrast_threshold(protocol: CalciumProtocol, blood: BloodPool | None) -> tuple[float, str] | None:
    """Return the threshold over enhanced blood and its rule in words; None without one.

    ``contrast_threshold_hu`` where it is set, else mean + ``contrast_threshold_sd`` x noise of the
    blood measured in the aorta.

    Examples
    --------
    >>> blood = BloodPool(hu=350.0, noise_hu=20.0, voxels=5000, slices=20, where="descending aorta")
    >>> contrast_threshold(CalciumProtocol(contrast_threshold_sd=5), blood)
    (450.0, 'mean + 5 SD of the blood in the aorta')
    """
    if protocol.contrast_threshold_hu is not None:
        return protocol.contrast_threshold_hu, "fixed by the user"
    if protocol.contrast_threshold_sd is not None and blood is not None:
        factor = protocol.contrast_threshold_sd
        return blood.hu + factor * blood.noise_hu, f"mean + {factor:g} SD of the blood in the aorta"
    return None


def over_blood(protocol: CalciumProtocol, blood: BloodPool | None) -> CalciumProtocol:
    """Return the protocol at its threshold over enhanced blood; unchanged where it has none."""
    chosen = contrast_threshold(protocol, blood)
    if chosen is None:
        return protocol
    level = chosen[0]
    return replace(
        protocol, threshold_hu=level, weight_thresholds_hu=(level,), volume_threshold_hu=None, volume="voxels"
    )


def contrast_calcium(
    protocol: CalciumProtocol, blood: BloodPool | None, score: Callable[[CalciumProtocol], CalciumResult]
) -> tuple[ContrastCalcium | None, tuple[Finding, ...]]:
    """Measure volume and number of lesions over enhanced blood.

    Lesions are grown and judged as for a score, at the threshold of
    :func:`contrast_threshold`; a threshold that is not above the blood is refused.

    Parameters
    ----------
    protocol : with the rule for the threshold
    blood : measured in the aorta
    score : scores the study's seeds by the protocol it is given

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
    scored = score(over_blood(protocol, blood))
    kept = tuple(f for f in scored.findings if f.code not in ("mass-unavailable", "zero-rests-on"))
    territories = {code: (t.volume_mm3, t.lesions) for code, t in scored.territories.items()}
    total = scored.total
    found = ContrastCalcium(threshold, rule, total.volume_mm3, total.lesions, territories)
    return found, (finding("contrast-calcium", threshold=f"{threshold:.0f}", rule=rule), *kept)
