"""Intermediate results of one image, so that one more seed costs one more lesion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
from CACBoneAxisLib.imaging.cache import Cache
from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# Thresholds whose candidates are kept: that of the study, the one before it, and one for contrast.
MOST_CANDIDATES = 3
# A reading of a hundred lesions has about 2,500, at most some kB each.
MOST_MEASURES = 10_000


class ImageCache:
    """Measurements of one image, each made when it is first asked for.

    Nothing here decides anything: with or without it the same functions are called with
    the same arguments.

    Parameters
    ----------
    image : CT in axial order; its voxels must not change
    """

    def __init__(self, image: CTImage) -> None:
        self.image = image
        self.measures = Cache(MOST_MEASURES)
        self._candidates = Cache(MOST_CANDIDATES)
        self._latest = Cache(4)

    def candidates(self, protocol: CalciumProtocol, progress: Callable[[float], None] | None = None) -> Candidates:
        """Return the candidates at the protocol's threshold, joined by its connectivity."""
        threshold, connectivity = protocol.threshold_hu, protocol.growth_connectivity
        return self._candidates.get(
            (threshold, connectivity), lambda: find_candidates(self.image.hu, threshold, connectivity, progress)
        )

    def blood(self) -> BloodPool | None:
        """Return the blood in the descending aorta, None where that is not found."""
        return self._latest.get("blood", lambda: find_blood(self.image))

    def heart(self, labels: HeartLabels | None = None) -> HeartRegion | None:
        """Return the heart's region, None where no descending aorta is found; ``labels`` of the heart where given."""
        return self._latest.get("heart", lambda: self._find_heart(labels), labels)

    def _find_heart(self, labels: HeartLabels | None) -> HeartRegion | None:
        aorta = None
        if labels is None or "aorta" not in labels.parts:
            aorta = find_blood(self.image, FINE_STEP_MM)
        discs = aorta.discs if aorta is not None else ()
        if not discs and labels is None:
            return None
        return heart_region(self.image, discs, find_airways(self.image), labels)

    def search(self, protocol: CalciumProtocol, labels: HeartLabels | None = None) -> CandidateSearch | None:
        """Return every candidate near the heart, suggested (taken or not) or left out; None without a region."""
        region = self.heart(labels)
        if region is None:
            return None
        return self._latest.get(
            "search", lambda: suggest(self.image, self.candidates(protocol), region, protocol), (protocol, region)
        )

    def lesions(
        self, seeds: Sequence[Seed], protocol: CalciumProtocol, progress: Callable[[float], None] | None = None
    ) -> tuple[tuple[Lesion, ...], tuple[Finding, ...]]:
        """Return the lesions that the seeds stand for, as grown, and their findings."""
        return self._latest.get(
            "lesions",
            lambda: grow_lesions(self.image, self.candidates(protocol, progress), seeds, protocol, self.measures),
            (tuple(seeds), protocol),
        )

    def score(self, mask: Mask, protocol: CalciumProtocol, volume_mask: Mask | None = None) -> tuple[LesionScore, Mask]:
        """Return :func:`~CACBoneAxisLib.calcium.scoring.score_lesion` of these voxels."""
        rules = tuple(getattr(protocol, name) for name in RULES)
        key = (mask.key, volume_mask and volume_mask.key, rules, protocol.mass_factor_mg_per_mm3_per_hu)
        return self.measures.get(key, lambda: score_lesion(self.image, mask, protocol, volume_mask))
