"""The calcium protocol: every decision behind a score, frozen and printed with it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding

# CT scanners store twelve bits from -1024 HU.
MAXIMUM_THRESHOLD_HU = 3071.0
DEFAULT_PROTOCOL = "agatston-1990"


@dataclass(frozen=True)
class CalciumProtocol:
    """How calcium is found and scored; every field is printed with the result.

    The defaults are Agatston 1990 (J Am Coll Cardiol 15:827) with the choices that
    reproduce the published reference scores of the open method of van Praagh 2021
    (doi 10.1002/mp.14912).

    Parameters
    ----------
    protocol
        Name of the scoring rules: one of ``data/calcium_protocols.json``, whose values are then the
        defaults, or a name of your own, which needs a citation.
    citation
        Source of the rules; by default that of the named protocol.
    kvp
        Tube voltage that the thresholds are adapted to; None where they are not.
    threshold_hu
        A voxel at or above it is a candidate.
    weight_thresholds_hu
        The weight of a region in a slice is the number of these that its peak reaches.
    minimum_area_mm2
        A smaller region of a slice scores 0.
    minimum_pixels
        So does a region of fewer pixels.
    in_plane_connectivity
        4 or 8: which neighbours join voxels of a slice to one region.
    growth_connectivity
        6, 18 or 26: which neighbours join candidates to one lesion.
    reference_increment_mm
        The score is multiplied by slice increment / this.
    mass_factor_mg_per_mm3_per_hu
        Calibration factor of the scanner; without one mass is not reported.
    volume
        ``voxels``: number of voxels times voxel volume. ``isotropic``: the same after linear
        interpolation to cubes of the pixel size (Callister 1998).
    volume_threshold_hu
        Volume, mass, mean and peak are those of the voxels at or above it; None for
        ``threshold_hu``.
    contrast_threshold_hu
        Threshold for volume and number of lesions on a contrast-enhanced scan; None for no such
        measurement, unless the next is set.
    contrast_threshold_sd
        Or at the mean of the blood in the aorta plus this many standard deviations.
    suggestions
        ``none``; ``list``: candidates are listed with a suggested territory, not scored; ``accept``:
        they are also scored, unread.
    seed_search_mm
        Largest distance from a seed to the nearest candidate voxel, measured to the voxel's box.
    maximum_lesion_volume_mm3
        A larger coronary lesion is flagged, not scored, unless accepted. 2000 mm3 is an artery
        calcified over 100 mm and bloomed to 5 mm.
    bone_volume_mm3
        A larger connected region counts as skeleton, in any territory.
    """

    protocol: str = DEFAULT_PROTOCOL
    citation: str = "Agatston 1990, J Am Coll Cardiol 15:827"
    kvp: float | None = None
    threshold_hu: float = 130.0
    weight_thresholds_hu: tuple[float, ...] = (130.0, 200.0, 300.0, 400.0)
    minimum_area_mm2: float = 1.0
    minimum_pixels: int = 0
    in_plane_connectivity: Literal[4, 8] = 8
    growth_connectivity: Literal[6, 18, 26] = 26
    reference_increment_mm: float = 3.0
    mass_factor_mg_per_mm3_per_hu: float | None = None
    volume: Literal["voxels", "isotropic"] = "voxels"
    volume_threshold_hu: float | None = None
    contrast_threshold_hu: float | None = None
    contrast_threshold_sd: float | None = None
    suggestions: Literal["none", "list", "accept"] = "none"
    seed_search_mm: float = 2.0
    maximum_lesion_volume_mm3: float = 2000.0
    bone_volume_mm3: float = 10000.0

    def __post_init__(self) -> None:
        """Raise ValueError, in one clause, for a value that cannot be scored with."""
        numbers = {
            "threshold_hu": self.threshold_hu,
            "minimum_area_mm2": self.minimum_area_mm2,
            "minimum_pixels": self.minimum_pixels,
            "reference_increment_mm": self.reference_increment_mm,
            "seed_search_mm": self.seed_search_mm,
            "maximum_lesion_volume_mm3": self.maximum_lesion_volume_mm3,
            "bone_volume_mm3": self.bone_volume_mm3,
        }
        for name in ("kvp", "volume_threshold_hu", "contrast_threshold_hu", "contrast_threshold_sd"):
            if getattr(self, name) is not None:
                numbers[name] = getattr(self, name)
        for name, value in numbers.items():
            if not isfinite(value) or value < 0:
                raise ValueError(f"calcium.{name} must be a number of 0 or more, not {value}")
        if self.threshold_hu > MAXIMUM_THRESHOLD_HU:
            raise ValueError(
                f"calcium.threshold_hu must be at most {MAXIMUM_THRESHOLD_HU:g}, not {self.threshold_hu:g}"
            )
        if self.reference_increment_mm == 0:
            raise ValueError("calcium.reference_increment_mm must be more than 0")
        weights = self.weight_thresholds_hu
        if not weights or any(b <= a for a, b in itertools.pairwise(weights)):
            raise ValueError(f"calcium.weight_thresholds_hu must be rising numbers, not {list(weights)}")
        if weights[0] > self.threshold_hu:
            raise ValueError("calcium.threshold_hu must not be below the first of calcium.weight_thresholds_hu")
        factor = self.mass_factor_mg_per_mm3_per_hu
        if factor is not None and not (isfinite(factor) and factor > 0):
            raise ValueError(f"calcium.mass_factor_mg_per_mm3_per_hu must be more than 0, not {factor}")

    def changed(self) -> tuple[str, ...]:
        """Return, in words, how the rules differ from the named protocol; nothing for a user's own."""
        if self.protocol not in presets():
            return ()
        original = CalciumProtocol(**preset_fields(self.protocol))
        return tuple(
            f"{name} {_words(getattr(self, name))} instead of {_words(getattr(original, name))}"
            for name in RULES
            if getattr(self, name) != getattr(original, name)
        )


# The rules of a protocol; the other fields belong to the scanner or to seeds.
RULES = (
    "threshold_hu",
    "weight_thresholds_hu",
    "minimum_area_mm2",
    "minimum_pixels",
    "in_plane_connectivity",
    "growth_connectivity",
    "reference_increment_mm",
    "volume",
    "volume_threshold_hu",
)


def presets() -> dict[str, dict[str, Any]]:
    """Return the rows of ``data/calcium_protocols.json`` by name; treat them as read-only."""
    return {row["protocol"]: row for row in load_table("calcium_protocols")["protocols"]}


def preset_fields(protocol: str) -> dict[str, Any]:
    """Return the fields that a named protocol sets, as :class:`CalciumProtocol` takes them."""
    row = presets()[protocol]
    fields = {"protocol": protocol, "citation": row["source"], **row["fields"]}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def with_preset(stated: dict[str, Any]) -> dict[str, Any]:
    """Complete the calcium settings of a file with the values of the protocol that it names.

    Raises
    ------
    ValueError
        When the name is not in ``data/calcium_protocols.json`` and no citation is given.
    """
    name = stated.get("protocol", DEFAULT_PROTOCOL)
    if not isinstance(name, str):
        return stated
    if name in presets():
        return {**preset_fields(name), **stated}
    if not stated.get("citation"):
        known = ", ".join(presets())
        raise ValueError(f"calcium.protocol {name} is none of {known}; one of your own needs calcium.citation")
    return stated


def protocol_findings(protocol: CalciumProtocol, kvp: float | None) -> tuple[Finding, ...]:
    """Return the findings about a protocol on a scan of this tube voltage."""
    found = []
    changes = protocol.changed()
    if changes:
        found.append(finding("protocol-changed", protocol=protocol.protocol, changes="; ".join(changes)))
    if protocol.kvp is not None and kvp is None:
        found.append(finding("protocol-kvp-unknown", protocol=protocol.protocol, kvp=f"{protocol.kvp:g}"))
    elif protocol.kvp is not None and kvp is not None and round(kvp) != round(protocol.kvp):
        adapted = f"{protocol.kvp:g}"
        found.append(finding("protocol-kvp", protocol=protocol.protocol, adapted=adapted, kvp=f"{kvp:g}"))
    return tuple(found)


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(f"{item:g}" for item in value)
    return "none" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
