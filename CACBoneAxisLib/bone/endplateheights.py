"""Six-point heights of a located vertebral body, following its endplates from front to back.

At stations along the depth the HU of columns near the midline are averaged. Around each endplate of
the frame the averaged profile is compared with a model of spongy bone, thin bright endplate, disc and
next endplate, blurred by the slices (as in ``bone/endplates.py`` for the whole body); brightnesses are
fitted, positions of endplate and disc searched. The endplate is the contour of limited slope that
explains the most.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.bodies import BodyFrame
from CACBoneAxisLib.bone.endplates import (
    BLUR_OF_INCREMENT,
    DISC_HU,
    ENDPLATE_HU,
    ENDPLATE_MM,
    OWN_BLUR_MM,
    SPONGY_HU,
    step,
)
from CACBoneAxisLib.bone.heights import LARGEST_INCREMENT_MM, LINES, MIDLINE_MM, PART_OF_DEPTH, PLACES, Heights
from CACBoneAxisLib.bone.oblique import Block, block_around
from CACBoneAxisLib.imaging.image import CTImage

REACH_MM = (45.0,) * 6
STEP_MM = 0.25
STATIONS = np.linspace(0.12, 0.88, 17)
# Extent of a profile inwards and outwards of an endplate, and search range around that of the frame.
INWARDS_MM, OUTWARDS_MM, SEARCH_MM = 10.0, 13.0, 7.0
# Distance beyond the frame's endplate that must lie in the scan.
SEEN_MM = 6.0
DISCS_MM = np.arange(2.0, 15.1, 1.0)
# A severe wedge loses 12 mm over a depth of 25 mm, half at each endplate or all at one.
STEEPEST = 0.6
# Smallest fraction of a profile that the model must explain for an endplate to count.
LEAST_EXPLAINED = 0.6
LOWEST_MM = 4.0


def found_heights(image: CTImage, frame: BodyFrame) -> Heights | None:
    """Measure the heights of a located body; None with thick slices or an unresolved endplate.

    A height is the distance between the two contours along the body's axis, averaged over the
    stations of its place (``bone.heights.PLACES``), in columns within 5 mm of the midline.

    Parameters
    ----------
    image : CTImage
    frame : of the body, from ``bone.locate.locate_vertebra``
    """
    if image.geometry.slice_increment_mm > LARGEST_INCREMENT_MM:
        return None
    block = block_around(image.hu, image.geometry, frame.center_mm, REACH_MM)
    if block is None:
        return None
    ends = [_contour(block, frame, side, image.geometry.slice_increment_mm) for side in (-1, 1)]
    found = []
    for place in PLACES.values():
        here = np.abs(STATIONS - place) <= PART_OF_DEPTH / 2
        if any(explained[here].mean() < LEAST_EXPLAINED for _, explained in ends):
            return None
        found.append(float((ends[0][0] + ends[1][0])[here].mean()))
    return Heights(*found) if min(found) >= LOWEST_MM else None


def _contour(
    block: Block, frame: BodyFrame, side: int, increment_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance of an endplate from mid-height at every station, mm, and the explained fraction."""
    half = frame.height_mm / 2
    w = np.arange(half - min(INWARDS_MM, half), half + OUTWARDS_MM, STEP_MM)
    u = np.linspace(-MIDLINE_MM, MIDLINE_MM, LINES)
    width = (STATIONS[1] - STATIONS[0]) / 2
    v = (STATIONS[:, None] + np.array([-width, 0.0, width]) - 0.5) * frame.depth_mm
    values = block.grid(frame.center_mm, frame.axes, u, v.ravel(), side * w)
    profiles = values.reshape(len(u), len(STATIONS), 3, len(w)).mean(axis=(0, 2))
    # At the end of the scan the profile is cut, if enough of the disc remains.
    lost = np.flatnonzero(~np.isfinite(profiles).all(axis=0))
    if lost.size:
        profiles, w = profiles[:, : lost[0]], w[: lost[0]]
    if not w.size or w[-1] < half + SEEN_MM:
        return np.zeros(len(STATIONS)), np.zeros(len(STATIONS))
    places = np.arange(max(half - SEARCH_MM, LOWEST_MM / 2), min(half + SEARCH_MM, w[-1] - SEEN_MM / 2), STEP_MM)
    blur = float(np.hypot(BLUR_OF_INCREMENT * increment_mm, OWN_BLUR_MM))
    explained = _explained(profiles, w, places, blur)
    steps = max(1, round(STEEPEST * (STATIONS[1] - STATIONS[0]) * frame.depth_mm / STEP_MM))
    best = _smooth_path(explained, steps)
    return places[best], explained[np.arange(len(STATIONS)), best]


def _explained(
    profiles: NDArray[np.floating], w: NDArray[np.floating], places: NDArray[np.floating], blur_mm: float
) -> NDArray[np.float64]:
    """Return the fraction of each profile explained by an endplate at each position, with the best disc."""
    filled = profiles.astype(np.float64)
    mean = filled.mean(axis=1, keepdims=True)
    total = np.maximum(((filled - mean) ** 2).sum(axis=1), 1e-9)
    most = np.zeros((len(profiles), len(places)))
    for n, place in enumerate(places):
        for disc in DISCS_MM:
            away = np.abs(w - place - disc / 2)
            soft = step((disc / 2 - away) / blur_mm)
            plate = step((disc / 2 + ENDPLATE_MM - away) / blur_mm) - soft
            rows = np.stack([np.ones_like(w), soft, plate], axis=1)
            (spongy, fall, rise), *_ = np.linalg.lstsq(rows, filled.T, rcond=None)
            left = ((filled.T - rows @ np.stack([spongy, fall, rise])) ** 2).sum(axis=0)
            plausible = (rise > ENDPLATE_HU[0]) & (rise < ENDPLATE_HU[1]) & (spongy > SPONGY_HU[0])
            plausible &= (spongy + fall > DISC_HU[0]) & (spongy + fall < DISC_HU[1])
            most[:, n] = np.maximum(most[:, n], np.where(plausible, 1 - left / total, 0.0))
    return most


def _smooth_path(gain: NDArray[np.floating], steps: int) -> NDArray[np.intp]:
    """Return, for every row, the index on the path of the largest sum with steps of at most ``steps``."""
    rows, columns = gain.shape
    total, came = gain[0].copy(), np.zeros((rows, columns), dtype=np.intp)
    for row in range(1, rows):
        padded = np.pad(total, steps, constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * steps + 1)
        came[row] = np.arange(columns) - steps + windows.argmax(axis=1)
        total = gain[row] + windows.max(axis=1)
    path = np.empty(rows, dtype=np.intp)
    path[-1] = int(total.argmax())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path
