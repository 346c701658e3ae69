"""Estimate coverage of a scan: heart and vertebrae T12 to L2, located by the lungs.

Lung is the only large tissue between -960 and -500 HU. Its area in each slice, and the space
between the lungs, locate the heart: the base lies where that space has widened, the lower border
where the diaphragm has replaced much of the lungs. The lumbar spine begins below the lungs, which
end at about T10 in quiet breathing and up to two vertebrae lower in inspiration (doi
10.1055/s-0039-3401842, figure 7), as in scans of chest and heart. All of this is an estimate, and
called one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.imaging.image import CTImage

GRID_MM, STEP_MM = 3.0, 5.0
LUNG_FROM_HU, LUNG_TO_HU = -960.0, -500.0
# Padding outside a round scan field is darker.
PADDING_HU = -1020.0
SMALLEST_LUNG_MM2 = 1000.0
# Smallest area of lung in a slice with lung, and in a slice of the chest.
LUNG_MM2, CHEST_MM2 = 2000.0, 8000.0
SHORTEST_LUNG_MM, WHOLE_BODY_MM = 30.0, 250.0
# Above the heart the space between the lungs is at most this fraction of its width at the heart; below it the lungs
# are at most this fraction of their maximum (set on a real chest CT and the digital torso). At the heart the lungs
# are near their maximum; otherwise the liver is the wide organ. Both are lower where the field of view cuts the lungs.
BASE_PART = 0.75
OF_WHOLE_LUNGS, OF_CUT_LUNGS = (0.7, 0.85), (0.4, 0.5)
BODY_HU = -300.0
# Smallest fraction of a lung component that is brighter than air; higher for one cut by the side of the image, where
# air with foam and skin is cut too. It counts as cut where it meets the side over this length.
LUNG_SHARE, CUT_LUNG_SHARE, CUT_MM = 0.5, 0.85, 30.0
# From the lower end of the lungs (about that of T11) to the lower ends of T12, L1 and L2; a vertebra with its disc
# is 30 to 35 mm high.
LEVEL_ENDS_MM: Mapping[str, float] = {"T12": 35.0, "L1": 70.0, "L2": 105.0}
LEVEL_MM = 35.0
# Above the lungs' end a thoracic vertebra with its disc takes about 25 mm; the lowest end at T11 to T12. Levels
# within this distance of the end tell best how far names are off.
THORACIC_MM, AT_LUNGS_END, NEAR_END_MM = 25.0, 11.5, 80.0
BONE_HU, SMALLEST_BONE_MM2 = 150.0, 250.0
# A head is 150 to 200 mm wide, a leg or an arm less; a trunk is larger, and what is smaller than any is a phantom.
LARGEST_LIMB_MM2, SMALLEST_LIMB_MM2 = 30_000.0, 5_000.0
# Body Part Examined (0018,0015) of scans that show neither heart nor spine, and of those that show no heart.
NO_TRUNK = frozenset(
    {
        *(
            "HEAD",
            "SKULL",
            "BRAIN",
            "FACE",
            "ORBIT",
            "ORBITS",
            "SINUS",
            "SINUSES",
            "JAW",
            "TEETH",
            "IAC",
            "EAR",
            "NECK",
        ),
        *("LEG", "FEMUR", "THIGH", "KNEE", "CALF", "TIBIA", "ANKLE", "FOOT", "EXTREMITY", "HEADNECK"),
        *("ARM", "HUMERUS", "ELBOW", "FOREARM", "WRIST", "HAND"),
    }
)
NO_HEART = frozenset({"ABDOMEN", "PELVIS", "ABDOMENPELVIS", "HIP", "LSPINE", "SSPINE", "CSPINE", "LUMBAR", "SACRUM"})

Part = Literal["whole", "part", "none"]


@dataclass(frozen=True)
class Coverage:
    """Estimated coverage of a scan; None where it cannot be determined.

    Parameters
    ----------
    heart : coverage of the heart
    above, below : whether the scan extends above the base of the heart, and below its lower border
    below_lungs_mm : from the lower end of the lungs to the last slice; None where the lungs continue
    levels : coverage of T12, L1 and L2
    spine : whether vertebrae lie in the field of view
    """

    heart: Part | None = None
    above: bool | None = None
    below: bool | None = None
    below_lungs_mm: float | None = None
    levels: Mapping[str, Part | None] = field(default_factory=lambda: dict.fromkeys(LEVEL_ENDS_MM))
    spine: bool | None = None


def estimate_coverage(image: CTImage) -> Coverage:
    """Estimate how much of heart and spine a scan covers.

    Parameters
    ----------
    image : CT in axial order; a slice about every 5 mm is examined, on a grid of 3 mm
    """
    dx, dy, dz = image.geometry.spacing_mm
    every = max(1, round(STEP_MM / dz))
    lung, between, spine, cut, limb = [], [], [], [], []
    for z in range(0, image.geometry.shape[0], every):
        plane, pixel_mm2 = _coarse(image.hu[z], dx, dy)
        in_lung, is_cut = _lung(plane, pixel_mm2)
        cut.append(is_cut)
        lung.append(np.count_nonzero(in_lung) * pixel_mm2)
        between.append(np.count_nonzero(_between(in_lung)) * pixel_mm2)
        spine.append(_has_spine(plane, pixel_mm2))
        limb.append(_is_limb(plane, pixel_mm2))
    step = every * dz
    seen = bool(np.mean(spine) > 0.5)
    lungs, space = _longest_run(np.array(lung), step), np.array(between)
    heart, above, below = _heart(lungs, space, *(OF_CUT_LUNGS if np.mean(cut) > 0.5 else OF_WHOLE_LUNGS))
    if heart == "none" and min(image.hu.shape[1] * dy, image.hu.shape[2] * dx) < WHOLE_BODY_MM:
        # A field of view of the heart or the spine alone may show no lung.
        heart = None
    if not lungs.any() and np.mean(limb) > 0.5:
        return Coverage("none", None, None, None, dict.fromkeys(LEVEL_ENDS_MM, "none"), False)
    below_lungs = _below_lungs(lungs, step)
    return Coverage(heart, above, below, below_lungs, _levels(lungs, below_lungs, len(lungs) * step, seen), seen)


_estimated: WeakKeyDictionary[CTImage, Coverage] = WeakKeyDictionary()


def level_shift(image: CTImage, heights_mm: Mapping[float, float]) -> float | None:
    """Return by how many levels vertebrae are named lower in the spine than the lungs' end lets expect; None unknown.

    The estimate is sure to about one level: on real scans whose levels are known it is off by 0.1 to 0.7.

    Parameters
    ----------
    image : CT in axial order
    heights_mm : z (LPS) of the middle of each vertebra, by its place in the spine (T1 is 1, L1 13)
    """
    if image not in _estimated:
        _estimated[image] = estimate_coverage(image)
    below = _estimated[image].below_lungs_mm
    if below is None or not heights_mm:
        return None
    end = image.geometry.origin_mm[2] + below
    shifts = {}
    for order, z in heights_mm.items():
        pitch = LEVEL_MM if z < end else THORACIC_MM
        shifts[order] = abs(z - end), order - (AT_LUNGS_END + (end - z) / pitch)
    nearest = min(away for away, _ in shifts.values())
    return float(np.median([by for away, by in shifts.values() if away <= max(NEAR_END_MM, nearest)]))


def _longest_run(lung: NDArray, step_mm: float) -> NDArray:
    """Return the areas in the longest run of slices with lung, 0 elsewhere; other runs are bowel or couch."""
    labels, count = ndimage.label(lung >= LUNG_MM2)
    lengths = np.bincount(labels, minlength=count + 1)
    lengths[0] = 0
    longest = int(np.argmax(lengths))
    if lengths[longest] * step_mm < SHORTEST_LUNG_MM:
        return np.zeros_like(lung)
    return np.where(labels == longest, lung, 0.0)


def _coarse(plane: NDArray, dx: float, dy: float) -> tuple[NDArray[np.float32], float]:
    """Return a slice as block means of about 3 mm, and the area of a block."""
    down, across = max(1, round(GRID_MM / dy)), max(1, round(GRID_MM / dx))
    rows, columns = plane.shape[0] // down * down, plane.shape[1] // across * across
    blocks = plane[:rows, :columns].reshape(rows // down, down, columns // across, across)
    return blocks.mean(axis=(1, 3), dtype=np.float32), dx * dy * down * across


def _lung(plane: NDArray[np.float32], pixel_mm2: float) -> tuple[NDArray[np.bool_], bool]:
    """Return the lungs in a slice, and whether the field of view cuts them at a side."""
    dark = (plane > PADDING_HU) & (plane < LUNG_TO_HU)
    # Air, foam and clothes lie outside the body whatever their HU; bowel gas is darker than lung.
    inside = _aerated(dark & ndimage.binary_fill_holes(plane > BODY_HU), plane, pixel_mm2, LUNG_SHARE)
    whole = _aerated(dark, plane, pixel_mm2, CUT_LUNG_SHARE)
    labels, _ = ndimage.label(whole)
    sides = np.bincount(labels[:, [0, -1]].ravel(), minlength=labels.max() + 1) * np.sqrt(pixel_mm2)
    sides[0] = 0
    cut = np.asarray((sides >= CUT_MM)[labels])
    return inside | cut, bool(cut.any())


def _aerated(dark: NDArray[np.bool_], plane: NDArray[np.float32], pixel_mm2: float, share: float) -> NDArray[np.bool_]:
    """Return the large components of which this fraction is brighter than air."""
    labels, count = ndimage.label(dark)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    aerated = np.bincount(labels[dark & (plane > LUNG_FROM_HU)], minlength=count + 1)
    chosen = (sizes * pixel_mm2 >= SMALLEST_LUNG_MM2) & (aerated > share * sizes)
    chosen[0] = False
    return np.asarray(chosen[labels])


def _between(lung: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels between the lungs: no lung, with lung on both sides of the row."""
    to_right = np.maximum.accumulate(lung, axis=1)
    to_left = np.maximum.accumulate(lung[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(to_right & to_left & ~lung)


def _has_spine(plane: NDArray[np.float32], pixel_mm2: float) -> bool:
    """Return whether bone of vertebral size lies behind the centre of the image, near the midline."""
    body = plane > BODY_HU
    if not body.any():
        return False
    rows, columns = np.nonzero(body.any(axis=1))[0], np.nonzero(body.any(axis=0))[0]
    labels, count = ndimage.label(plane > BONE_HU)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * pixel_mm2
    middle, reach = (columns[0] + columns[-1]) / 2, (columns[-1] - columns[0]) / 4
    for index in np.nonzero(sizes >= SMALLEST_BONE_MM2)[0]:
        y, x = ndimage.center_of_mass(labels == index + 1)
        if y > (rows[0] + rows[-1]) / 2 and abs(x - middle) < reach:
            return True
    return False


def _is_limb(plane: NDArray[np.float32], pixel_mm2: float) -> bool:
    """Return whether a slice shows the whole of a body part, with air around it, that is too small for a trunk."""
    labels, count = ndimage.label(plane > BODY_HU)
    if not count:
        return False
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest = labels == int(np.argmax(sizes))
    if largest[0].any() or largest[:, 0].any() or largest[:, -1].any():
        return False
    area = np.count_nonzero(ndimage.binary_fill_holes(largest)) * pixel_mm2
    return bool(SMALLEST_LIMB_MM2 < area < LARGEST_LIMB_MM2)


def _name(body_part: str) -> str:
    return "".join(body_part.upper().split())


def shows_no_trunk(body_part: str) -> bool:
    """Return whether a Body Part Examined has neither heart nor vertebrae of the trunk."""
    return _name(body_part) in NO_TRUNK


def claimed(coverage: Coverage, body_part: str) -> Coverage:
    """Return the coverage with what Body Part Examined adds; where lungs and heart are seen, it is contradicted."""
    name = _name(body_part)
    if coverage.heart in ("whole", "part") or name not in NO_TRUNK | NO_HEART:
        return coverage
    if name in NO_HEART:
        return replace(coverage, heart="none")
    return Coverage("none", None, None, None, dict.fromkeys(LEVEL_ENDS_MM, "none"), coverage.spine)


def without_contradicted(findings: Sequence[Finding], coverage: Coverage) -> list[Finding]:
    """Drop the warning about Body Part Examined where lungs and heart are seen."""
    seen = coverage.heart in ("whole", "part")
    return [one for one in findings if not (seen and one.code == "body-part-elsewhere")]


def _heart(
    lung: NDArray, between: NDArray, apex_part: float, heart_part: float
) -> tuple[Part | None, bool | None, bool | None]:
    chest = np.nonzero(lung >= CHEST_MM2)[0]
    if not chest.size:
        # No heart without lungs, except in a field of view that excludes them.
        return ("none" if lung.size > 1 and lung.max() < LUNG_MM2 else None), None, None
    most = float(lung[chest].max())
    level = np.nonzero(lung >= heart_part * most)[0]
    widest = int(level[np.argmax(between[level])])
    above = bool(between[widest:].min() <= BASE_PART * between[widest])
    below = bool(lung[: widest + 1].min() <= apex_part * most)
    if above and below:
        return "whole", above, below
    # A space between the lungs that never widens means a scan above or below the heart.
    return "part", above, below


def _below_lungs(lung: NDArray, step_mm: float) -> float | None:
    shown = np.nonzero(lung >= LUNG_MM2)[0]
    return None if not shown.size or shown[0] == 0 else float(shown[0] * step_mm)


def _levels(lung: NDArray, below_mm: float | None, length_mm: float, spine: bool) -> dict[str, Part | None]:
    if not spine:
        return dict.fromkeys(LEVEL_ENDS_MM, None if below_mm is None else "none")
    if below_mm is None:
        # Lungs that reach the last slice leave nothing below them; without lungs nothing is known.
        return dict.fromkeys(LEVEL_ENDS_MM, "none" if lung.max() >= LUNG_MM2 else None)
    levels: dict[str, Part | None] = {}
    for level, end in LEVEL_ENDS_MM.items():
        levels[level] = "whole" if below_mm >= end else "part" if below_mm > end - LEVEL_MM else "none"
    return levels
