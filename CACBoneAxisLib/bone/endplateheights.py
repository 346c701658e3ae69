"""Six-point heights of a vertebral body that was found from a point, by following its endplates from front to back.

At stations along the depth the HU of columns near the midline are averaged. About the
place where the frame has an endplate, each averaged profile is compared with spongy
bone, a thin bright endplate, a disc and the next endplate, blurred as the slices blur
them (as ``bone/endplates.py`` does for the whole body); the brightnesses are fitted,
endplate and disc tried. Of all contours that change by no more than a slope from station
to station the one that explains most is the endplate.
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
# What of the axis a profile shows of an endplate, inwards and outwards, and how far off the frame's it may lie.
INWARDS_MM, OUTWARDS_MM, SEARCH_MM = 10.0, 13.0, 7.0
# So much beyond the frame's endplate has to lie in the scan.
SEEN_MM = 6.0
DISCS_MM = np.arange(2.0, 15.1, 1.0)
# A severe wedge loses 12 mm over a depth of 25: half of that at each endplate, or all at one.
STEEPEST = 0.6
# A place of which the model explains less of the profile than this has no endplate that can be told.
LEAST_EXPLAINED = 0.6
LOWEST_MM = 4.0


def found_heights(image: CTImage, frame: BodyFrame) -> Heights | None:
    """Return the heights of a found body, None where slices are too thick or an endplate is not resolved.

    A height is the length along the body's axis between the two contours, the mean over
    the stations of its place (``bone.heights.PLACES``), of columns within 5 mm of the midline.

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
    """Return how far an endplate lies from mid-height at every station, mm, and how much is explained (0 to 1)."""
    half = frame.height_mm / 2
    w = np.arange(half - min(INWARDS_MM, half), half + OUTWARDS_MM, STEP_MM)
    u = np.linspace(-MIDLINE_MM, MIDLINE_MM, LINES)
    width = (STATIONS[1] - STATIONS[0]) / 2
    v = (STATIONS[:, None] + np.array([-width, 0.0, width]) - 0.5) * frame.depth_mm
    values = block.grid(frame.center_mm, frame.axes, u, v.ravel(), side * w)
    profiles = values.reshape(len(u), len(STATIONS), 3, len(w)).mean(axis=(0, 2))
    # Where the scan ends, what lies before is used if enough of the disc does.
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
    """Return what part of each profile an endplate at each place explains, (profiles, places), with the best disc."""
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
    """Return the index in every row of the path of the largest sum that moves by at most ``steps`` from row to row."""
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
