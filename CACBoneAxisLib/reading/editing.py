"""Add, move, cut, exclude and remove lesions through the reading's point list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from CACBoneAxisLib.calcium.lesions import Lesion
from CACBoneAxisLib.calcium.pointing import Place, point_at, rest_of
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import LARGEST_CUT_RADIUS_MM, Growth, seeds_from
from CACBoneAxisLib.calcium.suggestions import Suggestion, suggested_decision
from CACBoneAxisLib.calcium.territories import territories
from CACBoneAxisLib.imaging.geometry import as_point, swap_ras_lps
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.mrml.markups import points_from_node
from CACBoneAxisLib.mrml.placing import add_seeds_node
from CACBoneAxisLib.mrml.seeds import add_seed, decide, remove_seeds, rename_seeds
from CACBoneAxisLib.reading.outcome import Outcome
from CACBoneAxisLib.study.incremental import IncrementalAnalysis


class Editor:
    """The lesion edits of one reading.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the reading, whose ``seeds`` are changed
    analysis : analysis of its volume
    protocol : rules for finding candidates
    heart : box limiting coronary calcium, None for no limit
    """

    def __init__(
        self, parameters: Any, analysis: IncrementalAnalysis, protocol: CalciumProtocol, heart: Region | None = None
    ) -> None:
        self.parameters = parameters
        self.analysis = analysis
        self.protocol = protocol
        self.heart = heart

    def take(self, ras_mm: Sequence[float], territory: str, growth: Growth = "lesion") -> Outcome:
        """Add the lesion at a point to a territory, or move it there.

        A second click accepts a lesion larger than expected.
        """
        place, lesion = self._point(ras_mm, growth=growth)
        whole = lesion is not None and not any(seed.parts for seed in lesion.seeds)
        if lesion is not None and growth == "slice" and whole and place.voxel is not None:
            self._take_part(
                lesion, self.analysis.image.geometry.voxel_center(place.voxel), territory, {"growth": "slice"}
            )
            return Outcome(True, "slice", {"artery": territory})
        if lesion is not None:
            return self._move(lesion, territory)
        refused = self._refused(place, ras_mm, territory)
        if refused is not None or place.voxel is None:
            return refused or Outcome(False, "none")
        decision = {"growth": "slice"} if growth == "slice" else {}
        label = self._add(self.analysis.image.geometry.voxel_center(place.voxel), territory, decision)
        values = {"seed": label, "artery": territory, "volume_mm3": place.volume_mm3}
        if place.kind == "large" and territories()[territory].coronary:
            return Outcome(True, "large", {**values, "limit_mm3": self.protocol.maximum_lesion_volume_mm3})
        return Outcome(True, "taken", values)

    def cut(self, ras_mm: Sequence[float], territory: str, radius_mm: float, growth: Growth = "lesion") -> Outcome:
        """Add to a territory only the part of a component inside a sphere.

        If the territory already had the whole lesion, the rest is removed.
        """
        radius = min(float(radius_mm), LARGEST_CUT_RADIUS_MM)
        place, lesion = self._point(ras_mm, cut_radius_mm=radius, growth=growth)
        if place.voxel is None:
            return self._refused(place, ras_mm, territory) or Outcome(False, "none")
        refused = self._refused(place, ras_mm, territory)
        if refused is not None:
            return refused
        decision: dict[str, Any] = {"cut_radius_mm": radius}
        if growth == "slice":
            decision["growth"] = "slice"
        self._take_part(lesion, as_point(swap_ras_lps(ras_mm)), territory, decision)
        return Outcome(True, "cut", {"artery": territory, "radius_mm": radius})

    def take_suggestions(self, suggestions: Sequence[Suggestion]) -> Outcome:
        """Accept suggested candidates; their seeds record that they were suggested."""
        if not suggestions:
            return Outcome(False, "no-suggestion")
        labels = [self._add(one.position_mm, one.territory, dict(suggested_decision(one))) for one in suggestions]
        return Outcome(True, "suggestions", {"seeds": ", ".join(labels), "count": len(labels)})

    def remove(self, lesion: Lesion | None) -> Outcome:
        """Remove a lesion from the reading."""
        if lesion is None:
            return Outcome(False, "none")
        remove_seeds(self.parameters.seeds, lesion.seeds)
        return Outcome(True, "removed", {"seed": lesion.seeds[0].name})

    def exclude(self, lesion: Lesion | None, reason: str) -> Outcome:
        """Exclude a lesion from the score but keep it listed."""
        if lesion is None:
            return Outcome(False, "none")
        decide(self.parameters.seeds, lesion.seeds, decision="excluded", reason=reason)
        return Outcome(True, "excluded", {"seed": lesion.seeds[0].name, "reason": reason})

    def include(self, lesion: Lesion | None) -> Outcome:
        """Include an excluded lesion again."""
        if lesion is None:
            return Outcome(False, "none")
        decide(self.parameters.seeds, lesion.seeds, decision=None, reason=None)
        return Outcome(True, "included", {"seed": lesion.seeds[0].name})

    def give(self, lesion: Lesion | None, territory: str) -> Outcome:
        """Move a lesion to another territory; its exclusion is unchanged."""
        if lesion is None:
            return Outcome(False, "none")
        rename_seeds(self.parameters.seeds, [s for s in lesion.seeds if s.territory != territory], territory)
        return Outcome(True, "moved", {"artery": territory})

    def lesions(self) -> tuple[Lesion, ...]:
        """Return the lesions as grown, in the order of their ids (1, 2, ...)."""
        node = self.parameters.seeds
        if node is None or not node.GetNumberOfDefinedControlPoints():
            return ()
        return self.analysis.cache.lesions(seeds_from([points_from_node(node)]), self.protocol)[0]

    def lesion_of(self, seeds: Collection[str]) -> Lesion | None:
        """Return the lesion with one of the named seeds, or None."""
        return next((one for one in self.lesions() if any(seed.name in seeds for seed in one.seeds)), None)

    def lesion_at(self, ras_mm: Sequence[float]) -> Lesion | None:
        """Return the lesion at a point, or None."""
        return self._point(ras_mm)[1]

    def _point(self, ras_mm: Sequence[float], **how: Any) -> tuple[Place, Lesion | None]:
        lesions = self.lesions()
        image, candidates = self.analysis.image, self.analysis.cache.candidates(self.protocol)
        place = point_at(image, candidates, lesions, as_point(swap_ras_lps(ras_mm)), self.protocol, **how)
        return place, None if place.lesion is None else lesions[place.lesion]

    def _refused(self, place: Place, ras_mm: Sequence[float], territory: str) -> Outcome | None:
        threshold = self.protocol.threshold_hu
        if place.kind == "outside":
            return Outcome(False, "outside-scan")
        if place.kind == "below":
            return Outcome(False, "below", {"hu": place.hu, "threshold_hu": threshold})
        limited = self.heart is not None and territories()[territory].coronary
        if limited and self.heart is not None and not self.heart.contains(np.asarray(as_point(swap_ras_lps(ras_mm)))):
            return Outcome(False, "outside-heart", {"hu": place.hu})
        if place.kind == "bone":
            return Outcome(False, "bone", {"volume_mm3": place.volume_mm3})
        return None

    def _move(self, lesion: Lesion, territory: str) -> Outcome:
        node = self.parameters.seeds
        excluded = any(seed.decision == "excluded" for seed in lesion.seeds)
        if excluded:
            decide(node, lesion.seeds, decision=None, reason=None)
        others = [seed for seed in lesion.seeds if seed.territory != territory]
        if others:
            rename_seeds(node, others, territory)
            return Outcome(True, "moved", {"artery": territory})
        if lesion.status == "implausible" and lesion.mask is not None:
            decide(node, lesion.seeds, decision="accepted")
            return Outcome(True, "accepted", {"artery": territory})
        if excluded:
            return Outcome(True, "included", {"seed": lesion.seeds[0].name})
        return Outcome(False, "same", {"artery": territory})

    def _take_part(
        self, lesion: Lesion | None, position_mm: tuple[float, float, float], territory: str, decision: dict[str, Any]
    ) -> None:
        """Split a lesion; the rest stays only with another territory."""
        if lesion is not None and lesion.territories == (territory,) and not any(s.parts for s in lesion.seeds):
            remove_seeds(self.parameters.seeds, lesion.seeds)
            lesion = None
        label = self._add(position_mm, territory, decision)
        if lesion is None or lesion.mask is None:
            return
        part = next(one for one in self.lesions() if any(seed.name == label for seed in one.seeds))
        # Other territories' seeds inside the part would claim it; they move to the rest of their lesion.
        inside = [seed for seed in part.seeds if seed in lesion.seeds and not seed.parts]
        if not inside or part.mask is None:
            return
        remove_seeds(self.parameters.seeds, inside)
        there = [seed for seed in lesion.seeds if seed not in inside]
        for position in rest_of(self.analysis.image, lesion.mask, part.mask, there, self.protocol):
            kept = {"decision": inside[0].decision, "reason": inside[0].reason}
            kept = {name: value for name, value in kept.items() if value not in (None, "score")}
            self._add(position, inside[0].territory, kept)

    def _add(self, position_mm: tuple[float, float, float], territory: str, decision: dict[str, Any]) -> str:
        parameters = self.parameters
        if parameters.seeds is None:
            parameters.seeds = add_seeds_node(parameters.volume.GetScene(), parameters.volume)
        if parameters.noneFound:
            parameters.noneFound = False
        return add_seed(parameters.seeds, position_mm, territory, decision)
