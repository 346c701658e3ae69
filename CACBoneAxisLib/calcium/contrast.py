"""What calcium on a contrast-enhanced scan is told by: the threshold, and volume and number above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.aorta import BloodPool


@dataclass(frozen=True)
class ContrastCalcium:
    """Calcium at or above a threshold over enhanced blood.

    Parameters
    ----------
    threshold_hu : that was used
    rule : how it was chosen, in words
    volume_mm3, lesions : of the four coronary arteries; None where one is undecided
    territories : (volume in mm3, lesions) by territory
    """

    threshold_hu: float
    rule: str
    volume_mm3: float | None
    lesions: int | None
    territories: dict[str, tuple[float | None, int | None]]

    def to_mapping(self) -> dict[str, Any]:
        """Return the ``contrast_calcium`` part of result.json."""
        return {
            "threshold_hu": self.threshold_hu,
            "rule": self.rule,
            "volume_mm3": self.volume_mm3,
            "lesions": self.lesions,
            "territories": {c: {"volume_mm3": v, "lesions": n} for c, (v, n) in self.territories.items()},
        }


def contrast_threshold(protocol: CalciumProtocol, blood: BloodPool | None) -> tuple[float, str] | None:
    """Return the threshold for calcium over enhanced blood and its rule in words; None where none can be given.

    ``contrast_threshold_hu`` where it is set, else mean + ``contrast_threshold_sd`` x noise of the
    blood measured in the aorta.
    """
    if protocol.contrast_threshold_hu is not None:
        return protocol.contrast_threshold_hu, "fixed by the user"
    if protocol.contrast_threshold_sd is not None and blood is not None:
        factor = protocol.contrast_threshold_sd
        return blood.hu + factor * blood.noise_hu, f"mean + {factor:g} SD of the blood in the aorta"
    return None
