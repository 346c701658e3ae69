"""Screen every candidate of a scan: coronary calcium, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.candidates import Candidates
from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.geometry import as_ras
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.regions import Region

Reason = Literal["bone", "large", "small", "aorta", "outside", "airway"]
# In the order of the tests; the first that applies is the reason.
REASONS: tuple[Reason, ...] = ("bone", "large", "small", "aorta", "outside", "airway")
# Width of the wall around the descending aorta.
AORTA_WALL_MM = 5.0


@dataclass(frozen=True)
class ScreenedCandidate:
    """A candidate.

    Parameters
    ----------
    label : number of its component
    reason : why it is left out; None where it is offered
    position_mm : LPS, of its brightest voxel
    volume_mm3, voxels, peak_hu : measured at the threshold
    slices : its first and last slice, counted from 0 at the feet
    """

    label: int
    reason: Reason | None
    position_mm: tuple[float, float, float]
    volume_mm3: float
    voxels: int
    peak_hu: float
    slices: tuple[int, int]

    def to_mapping(self) -> dict[str, Any]:
        """Return the candidate as names and values, its position in RAS mm."""
        return {
            "reason": self.reason,
            "position_ras_mm": as_ras(self.position_mm),
            "volume_mm3": self.volume_mm3,
            "voxels": self.voxels,
            "peak_hu": self.peak_hu,
            "slices": list(self.slices),
        }


@dataclass(frozen=True, eq=False)
class Screening:
    """All candidates of an image, offered or left out.

    Parameters
    ----------
    image, candidates : as screened
    sizes : voxels of each component, shape (count,)
    codes : 0 where a component is offered, else 1 + index of the reason in ``REASONS``, shape (count,)
    """

    image: CTImage
    candidates: Candidates
    sizes: NDArray[np.int64]
    codes: NDArray[np.int8]

    @cached_property
    def counts(self) -> dict[Reason, int]:
        """Number of candidates left out for each reason."""
        found = np.bincount(self.codes, minlength=len(REASONS) + 1)
        return {reason: int(found[n]) for n, reason in enumerate(REASONS, start=1)}

    @property
    def offered(self) -> int:
        """Number of candidates offered."""
        return int(np.count_nonzero(self.codes == 0))

    def reason(self, label: int) -> Reason | None:
        """Return why a component is left out, None where it is offered."""
        code = int(self.codes[label])
        return REASONS[code - 1] if code else None

    def largest(self, reason: Reason | None, most: int | None = None) -> tuple[ScreenedCandidate, ...]:
        """Return the candidates of a reason (None: those offered), largest first, at most ``most``."""
        code = 0 if reason is None else 1 + REASONS.index(reason)
        labels = np.flatnonzero(self.codes == code)
        order = np.lexsort((labels, -self.sizes[labels]))
        return tuple(self._listed(int(label)) for label in labels[order][:most])

    def _listed(self, label: int) -> ScreenedCandidate:
        mask = self.candidates.component(label)
        zyx, values = mask.indices(), mask.values(self.image.hu)
        peak = zyx[int(np.argmax(values))]
        volume = len(zyx) * self.image.geometry.voxel_volume_mm3
        ends = (int(zyx[0, 0]), int(zyx[-1, 0]))
        reason = self.reason(label)
        return ScreenedCandidate(
            label, reason, self.image.geometry.voxel_center(peak), volume, len(zyx), float(values.max()), ends
        )


def screen_candidates(
    image: CTImage,
    candidates: Candidates,
    protocol: CalciumProtocol,
    heart: HeartRegion | None = None,
    box: Region | None = None,
) -> Screening:
    """Sort every candidate of an image: offered, or left out and why.

    ``bone``: larger than ``bone_volume_mm3``. ``large``: larger than ``maximum_lesion_volume_mm3``.
    ``small``: below the smallest size in every slice. ``aorta``: at the wall of the descending aorta.
    ``outside``: its centroid lies outside the reader's box, or without one outside the heart region.
    ``airway``: in or beside an airway.

    Parameters
    ----------
    image : CT in axial order
    candidates : of the image at the protocol's threshold
    protocol : gives the limits
    heart : heart region; without it only ``box`` decides about the last three reasons
    box : of the reader, LPS, in place of the region between the lungs

    Notes
    -----
    Time and memory are proportional to the number of runs; voxels are not read.
    """
    geometry = image.geometry
    sizes = candidates.sizes()
    fewest = max(protocol.minimum_pixels, protocol.minimum_area_mm2 / geometry.pixel_area_mm2 - 1e-9, 1)
    voxel = geometry.voxel_volume_mm3
    runs = _Runs.of(candidates)
    middle = runs.middles(sizes)
    holds: dict[Reason, Callable[[], NDArray[np.bool_]]] = {
        "bone": lambda: sizes * voxel > protocol.bone_volume_mm3,
        "large": lambda: sizes * voxel > protocol.maximum_lesion_volume_mm3,
        "small": lambda: runs.most_in_a_slice(image.hu.shape[0]) < fewest,
        "aorta": lambda: _at_aorta(image, runs, heart),
        "outside": lambda: _outside(image, middle, heart, box),
        "airway": lambda: _at_airway(middle, heart),
    }
    codes = np.zeros(candidates.count, dtype=np.int8)
    for number, reason in enumerate(REASONS, start=1):
        codes[(codes == 0) & holds[reason]()] = number
    return Screening(image, candidates, sizes, codes)


@dataclass(frozen=True, eq=False)
class _Runs:
    """Runs as slice, row, first column, length and component."""

    z: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    lengths: NDArray[np.int64]
    labels: NDArray[np.signedinteger]
    count: int

    @classmethod
    def of(cls, candidates: Candidates) -> _Runs:
        _, rows, columns = candidates.shape
        starts = candidates.starts.astype(np.int64)
        line, x = np.divmod(starts, columns + 2)
        z, y = np.divmod(line, rows + 2)
        return cls(z, y - 1, x - 1, candidates.stops - starts, candidates.labels, candidates.count)

    def middles(self, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the centroid (z, y, x) of every component, shape (count, 3)."""
        columns = (self.z, self.y, self.x + (self.lengths - 1) / 2)
        sums = [np.bincount(self.labels, self.lengths * places, minlength=self.count) for places in columns]
        return np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]

    def most_in_a_slice(self, slices: int) -> NDArray[np.int64]:
        """Return the largest number of voxels of every component in one slice, shape (count,)."""
        keys, which = np.unique(self.labels.astype(np.int64) * slices + self.z, return_inverse=True)
        voxels = np.bincount(which, self.lengths)
        most = np.zeros(self.count)
        np.maximum.at(most, keys // slices, voxels)
        return most.astype(np.int64)


def _outside(
    image: CTImage, middle: NDArray[np.float64], heart: HeartRegion | None, box: Region | None
) -> NDArray[np.bool_]:
    if box is not None:
        return ~box.contains(image.geometry.to_lps(middle[:, ::-1]))
    if heart is None:
        return np.zeros(len(middle), dtype=bool)
    return ~heart.inside[_grid(middle, heart)]


def _at_airway(middle: NDArray[np.float64], heart: HeartRegion | None) -> NDArray[np.bool_]:
    if heart is None:
        return np.zeros(len(middle), dtype=bool)
    return np.asarray(heart.airway[_grid(middle, heart)])


def _grid(middle: NDArray[np.float64], heart: HeartRegion) -> tuple[NDArray[np.int64], ...]:
    z, y, x = middle.astype(np.int64).T
    rows, columns = heart.inside.shape[1:]
    return z, np.minimum(y // heart.step, rows - 1), np.minimum(x // heart.step, columns - 1)


def _at_aorta(image: CTImage, runs: _Runs, heart: HeartRegion | None) -> NDArray[np.bool_]:
    if heart is None:
        return np.zeros(runs.count, dtype=bool)
    dx, dy, _ = image.geometry.spacing_mm
    y, x, radius = heart.aorta[runs.z].T
    # The voxel of the run nearest to the centre of the aorta.
    nearest = np.clip(np.rint(x), runs.x, runs.x + runs.lengths - 1)
    near = np.hypot((runs.y - y) * dy, (nearest - x) * dx) <= radius + AORTA_WALL_MM
    return np.bincount(runs.labels[near], minlength=runs.count) > 0
