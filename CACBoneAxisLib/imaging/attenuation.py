"""Check the Hounsfield scale of a scan by its own values: air, clipping, fractions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.hounsfield import PADDING_BELOW_HU, WHOLE_NUMBER_TOLERANCE_HU, sample

# Range of air; padding outside the scan field is below, lung above.
AIR_FROM_HU, AIR_TO_HU = -1150, -930
# Upper end of the values examined; a mode above the range of air is lung.
DARK_TO_HU = -880
AIR_BIN_HU = 10
AIR_HALF_WIDTH_HU = 25
# Smallest fraction of the scan, and of its dark values, that the peak of air must hold.
AIR_PART_OF_SCAN = 0.01
AIR_PART_OF_DARK = 0.4
# A scan without lung may have less: this many voxels of the sample, and nearly all that is dark.
LITTLE_AIR_VOXELS = 100
LITTLE_AIR_PART_OF_DARK = 0.8
# Padding rather than air: the only dark value, at or below the HU that scanners clip at.
CUT_HU = -1024
# Lung shows the scale nearly as well as air: smallest fraction of the scan in this range.
LUNG_FROM_HU, LUNG_TO_HU, LUNG_PART = -950, -600, 0.01
# A single value with this fraction of the dark voxels is a clipping floor, not the noise of air.
FLOOR_PART = 0.1
# Clipped values pile up at the maximum: this many voxels of the sample, this many times the mean count of the
# values just below, nearly all of which occur.
CLIP_VOXELS = 20
CLIP_TIMES = 5
CLIP_BELOW_HU = 50
CLIP_BELOW_PRESENT = 0.6
# 12 bits reach 3071 HU; only metal is clipped there.
FULL_SCALE_HU = 3071


@dataclass(frozen=True, eq=False)
class Attenuation:
    """Statistics of a regular sample of a scan's values, HU."""

    values: NDArray

    @classmethod
    def of(cls, hu: NDArray) -> Attenuation:
        """Sample an image (z, y, x), in a time independent of its size."""
        return cls(sample(hu))

    @cached_property
    def lowest(self) -> float:
        """Smallest value, HU."""
        return float(self.values.min())

    @cached_property
    def padding_hu(self) -> float | None:
        """Value of padding in place of air, None without padding."""
        dark = self.values[self.values < DARK_TO_HU]
        if dark.size and dark.max() == self.lowest and self.lowest <= CUT_HU:
            return self.lowest
        return self.lowest if self.lowest < PADDING_BELOW_HU else None

    @cached_property
    def lowest_tissue(self) -> float:
        """Smallest value other than padding, HU."""
        padding = self.padding_hu
        kept = self.values if padding is None else self.values[self.values > padding]
        return float(kept.min()) if kept.size else self.lowest

    @cached_property
    def lung(self) -> bool:
        """Whether there is lung in the scan."""
        count = np.count_nonzero((self.values > LUNG_FROM_HU) & (self.values < LUNG_TO_HU))
        return bool(count > LUNG_PART * self.values.size)

    @cached_property
    def fractional(self) -> bool:
        """Whether any value is not an integer."""
        if np.issubdtype(self.values.dtype, np.integer):
            return False
        return bool(np.any(np.abs(self.values - np.rint(self.values)) > WHOLE_NUMBER_TOLERANCE_HU))

    @cached_property
    def air_hu(self) -> float | None:
        """Median of the air around the patient, None where the scan holds too little.

        The most frequent 10 HU of what is dark, if they lie between -1150 and -930, and 25 HU
        to each side of them. Less than 1 % of the scan is enough where there is no lung to mistake for it.
        """
        dark = self.values[(self.values >= AIR_FROM_HU) & (self.values < DARK_TO_HU)]
        fewest, part = AIR_PART_OF_SCAN * self.values.size, AIR_PART_OF_DARK
        if dark.size < fewest and not self.lung:
            fewest, part = LITTLE_AIR_VOXELS, LITTLE_AIR_PART_OF_DARK
        if dark.size < fewest:
            return None
        at_floor = dark == dark.min()
        if at_floor.all() and dark[0] <= CUT_HU:
            return None
        above_floor = dark[~at_floor]
        # Scanners clip at -1024; values piled up there say nothing about the scale.
        if np.count_nonzero(at_floor) > FLOOR_PART * dark.size and above_floor.size > FLOOR_PART * dark.size:
            dark = above_floor
        counts, edges = np.histogram(dark, np.arange(AIR_FROM_HU, DARK_TO_HU + AIR_BIN_HU, AIR_BIN_HU))
        peak = edges[int(np.argmax(counts))] + AIR_BIN_HU / 2
        if peak > AIR_TO_HU:
            return None
        air = dark[np.abs(dark - peak) <= AIR_HALF_WIDTH_HU]
        if air.size < max(fewest, part * dark.size):
            return None
        return float(np.median(air))

    @cached_property
    def cut_at_hu(self) -> tuple[float, float] | None:
        """Value at which the image was clipped from above and the fraction of voxels there, or None."""
        highest = self.values.max()
        if highest >= FULL_SCALE_HU:
            return None
        at_top = int(np.count_nonzero(self.values == highest))
        below = self.values[(self.values >= highest - CLIP_BELOW_HU) & (self.values < highest)]
        present = np.unique(np.floor(below)).size
        if at_top < CLIP_VOXELS or at_top < CLIP_TIMES * below.size / CLIP_BELOW_HU:
            return None
        if present < CLIP_BELOW_PRESENT * CLIP_BELOW_HU:
            return None
        return float(highest), at_top / self.values.size
