"""What was measured of one image before, so that one more seed costs one more lesion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from CACBoneAxisLib.calcium.candidates import Candidates, find_candidates
from CACBoneAxisLib.calcium.heart import HeartRegion, heart_region
from CACBoneAxisLib.calcium.heartlabels import HeartLabels
from CACBoneAxisLib.calcium.lesions import Lesion, grow_lesions
from CACBoneAxisLib.calcium.protocol import RULES, CalciumProtocol
from CACBoneAxisLib.calcium.scoring import LesionScore, score_lesion
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.calcium.suggestions import CandidateSearch, suggest
from CACBoneAxisLib.imaging.airways import find_airways
from CACBoneAxisLib.imaging.aorta import FINE_STEP_MM, BloodPool, find_blood
from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# Thresholds whose candidates are kept: that of the study, the one before it, and one for contrast.
MOST_CANDIDATES = 3

T = TypeVar("T")


class ImageCache:
    """Measures of one image, each made when it is first asked for and kept.

    Nothing here decides anything: with or without it the same functions are called with
    the same arguments.

    Parameters
    ----------
    image : CT in axial order; its voxels must not change
    """

    def __init__(self, image: CTImage) -> None:
        self.image = image
        self._candidates: dict[tuple[float, int], Candidates] = {}
        self._searches: dict[CalciumProtocol, CandidateSearch] = {}
        self._blood: list[BloodPool | None] = []
        self._region: tuple[HeartLabels | None, HeartRegion | None] | None = None
        self._lesions: tuple[Any, Any] | None = None
        self._now: dict[Any, Any] = {}
        self._before: dict[Any, Any] = {}

    def candidates(self, protocol: CalciumProtocol, progress: Callable[[float], None] | None = None) -> Candidates:
        """Return the candidates at the protocol's threshold, joined by its connectivity."""
        found = self._candidates.get((protocol.threshold_hu, protocol.growth_connectivity))
        if found is None:
            found = find_candidates(self.image.hu, protocol.threshold_hu, protocol.growth_connectivity, progress)
        self.keep_candidates(protocol, found)
        return found

    def keep_candidates(self, protocol: CalciumProtocol, candidates: Candidates) -> None:
        """Keep candidates that were found at the protocol's threshold; the last used are the last to go."""
        key = (protocol.threshold_hu, protocol.growth_connectivity)
        self._candidates.pop(key, None)
        self._candidates[key] = candidates
        while len(self._candidates) > MOST_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]

    def blood(self) -> BloodPool | None:
        """Return the blood in the descending aorta, None where that is not found."""
        if not self._blood:
            self._blood.append(find_blood(self.image))
        return self._blood[0]

    def heart(self, labels: HeartLabels | None = None) -> HeartRegion | None:
        """Return the heart's region, None where no descending aorta is found; ``labels`` of the heart where given."""
        if self._region is None or self._region[0] is not labels:
            aorta = None
            if labels is None or "aorta" not in labels.parts:
                aorta = find_blood(self.image, FINE_STEP_MM)
            discs = aorta.discs if aorta is not None else ()
            region = None
            if discs or labels is not None:
                region = heart_region(self.image, discs, find_airways(self.image), labels)
            self._region, self._searches = (labels, region), {}
        return self._region[1]

    def search(self, protocol: CalciumProtocol, labels: HeartLabels | None = None) -> CandidateSearch | None:
        """Return every candidate near the heart, suggested (taken or not) or left out; None without a region."""
        region = self.heart(labels)
        if region is None:
            return None
        if protocol not in self._searches:
            self._searches = {protocol: suggest(self.image, self.candidates(protocol), region, protocol)}
        return self._searches[protocol]

    def lesions(
        self, seeds: Sequence[Seed], protocol: CalciumProtocol, progress: Callable[[float], None] | None = None
    ) -> tuple[tuple[Lesion, ...], tuple[Finding, ...]]:
        """Return the lesions that the seeds stand for, as grown, and what to know about them."""
        rests_on = (tuple(seeds), protocol)
        if self._lesions is None or self._lesions[0] != rests_on:
            found = grow_lesions(self.image, self.candidates(protocol, progress), seeds, protocol, self.once)
            self._lesions = (rests_on, found)
        lesions: tuple[tuple[Lesion, ...], tuple[Finding, ...]] = self._lesions[1]
        return lesions

    def begin(self) -> None:
        """Begin another scoring: what the last one did not need is forgotten."""
        self._before, self._now = self._now, {}

    def once(self, key: Any, measure: Callable[[], T]) -> T:
        """Return what this or the last scoring measured under the key, else measure it."""
        if key not in self._now:
            self._now[key] = self._before[key] if key in self._before else measure()
        found: T = self._now[key]
        return found

    def score(self, mask: Mask, protocol: CalciumProtocol, volume_mask: Mask | None = None) -> tuple[LesionScore, Mask]:
        """Return :func:`~CACBoneAxisLib.calcium.scoring.score_lesion` of these voxels."""
        rules = tuple(getattr(protocol, name) for name in RULES)
        key = (mask.key, volume_mask and volume_mask.key, rules, protocol.mass_factor_mg_per_mm3_per_hu)
        return self.once(key, lambda: score_lesion(self.image, mask, protocol, volume_mask))
