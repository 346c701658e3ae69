"""Score the same lesions under every protocol, to show what a protocol does to a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.protocol import RULES, CalciumProtocol, preset_fields, presets
from CACBoneAxisLib.calcium.rethreshold import at_threshold
from CACBoneAxisLib.calcium.scoring import LesionScore
from CACBoneAxisLib.imaging.masks import Mask


@dataclass(frozen=True)
class UnderProtocol:
    """Score of the coronary lesions under one protocol.

    ``kind`` is ``own`` for the study's protocol, ``definition``, ``vendor`` or ``kvp``;
    ``lesions`` are (lesion's id, Agatston, volume). Sums over the coronary arteries are
    None where the study has no total.
    """

    protocol: str
    name: str
    kind: str
    kvp: float | None
    citation: str
    agatston: float | None
    volume_mm3: float | None
    mass_mg: float | None
    lesions: tuple[tuple[int, float, float], ...]

    def to_mapping(self) -> dict[str, Any]:
        """Return the row as in result.json."""
        rows = [{"id": number, "agatston": a, "volume_mm3": v} for number, a, v in self.lesions]
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "lesions"}
        return {**fields, "lesions": rows}


def score_masks(
    cache: ImageCache, masks: Mapping[int, Mask], grown_at_hu: float, protocol: CalciumProtocol
) -> dict[int, tuple[LesionScore, Mask]]:
    """Score lesions grown at one threshold under a protocol that may have another.

    Parameters
    ----------
    cache : of the CT
    masks : voxels of the lesions at ``grown_at_hu``, by any key
    grown_at_hu : HU
    protocol : to score by

    Returns
    -------
    dict
        Score and counted voxels by the same keys, without lesions that have no voxel at the
        protocol's threshold.
    """
    connectivity = protocol.growth_connectivity
    here = at_threshold(cache.image, masks, grown_at_hu, protocol.threshold_hu, connectivity, cache.measures)
    level = protocol.volume_threshold_hu
    wider: Mapping[int, Mask] = {}
    if level is not None:
        wider = at_threshold(cache.image, here, protocol.threshold_hu, level, connectivity, cache.measures)
    return {key: cache.score(mask, protocol, wider.get(key)) for key, mask in here.items()}


def under_every_protocol(
    cache: ImageCache,
    masks: Mapping[int, Mask],
    in_total: Sequence[int],
    protocol: CalciumProtocol,
    *,
    with_total: bool,
) -> tuple[UnderProtocol, ...]:
    """Score the lesions of a study under every protocol of ``data/calcium_protocols.json``.

    Seeds, cuts, decisions and the mass factor stay those of the study. The first row is the
    study's own protocol.

    Parameters
    ----------
    cache : of the CT
    masks : voxels of the scored lesions as grown under the study's protocol, by lesion id
    in_total : ids of the lesions in the coronary total
    protocol : the study's
    with_total : whether the study has a total
    """
    # Several vendors share rules, which are scored once.
    by_rules: dict[tuple[Any, ...], dict[int, tuple[LesionScore, Mask]]] = {}

    def scored(other: CalciumProtocol) -> dict[int, tuple[LesionScore, Mask]]:
        rules = tuple(getattr(other, name) for name in RULES)
        if rules not in by_rules:
            by_rules[rules] = score_masks(cache, masks, protocol.threshold_hu, other)
        return by_rules[rules]

    rows = [_row(scored(protocol), masks, in_total, protocol, ("This study", "own"), with_total)]
    for name, preset in presets().items():
        other = CalciumProtocol(
            **preset_fields(name), mass_factor_mg_per_mm3_per_hu=protocol.mass_factor_mg_per_mm3_per_hu
        )
        rows.append(_row(scored(other), masks, in_total, other, (preset["name"], preset["kind"]), with_total))
    return tuple(rows)


def _row(
    scored: Mapping[int, tuple[LesionScore, Mask]],
    masks: Mapping[int, Mask],
    in_total: Sequence[int],
    protocol: CalciumProtocol,
    title: tuple[str, str],
    with_total: bool,
) -> UnderProtocol:
    found = {key: scored[key][0] if key in scored else None for key in sorted(masks)}
    lesions = tuple((key, s.agatston if s else 0.0, s.volume_mm3 if s else 0.0) for key, s in found.items())
    counted = [found[key] for key in in_total if found.get(key)]
    mass = None
    if with_total and protocol.mass_factor_mg_per_mm3_per_hu is not None:
        mass = float(sum((s.mass_mg or 0.0) for s in counted if s))
    return UnderProtocol(
        protocol.protocol,
        title[0],
        title[1],
        protocol.kvp,
        protocol.citation,
        float(sum(s.agatston for s in counted if s)) if with_total else None,
        float(sum(s.volume_mm3 for s in counted if s)) if with_total else None,
        mass,
        lesions,
    )
