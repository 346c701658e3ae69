"""Course of the spine around a point: the direction along which cross-sections change least.

Walls and canal run along the spine and are resolved by the fine pixels of a scan, even with thick
slices, which blur the endplates across it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.oblique import Block

STEP_MM = 1.0
# Extent towards feet and head: a body with half of each neighbour.
ALONG_MM = 30.0
# Extent to the sides, front and back of the point: body and canal, wherever the point lies in the body.
WINDOW_MM = {"side": 32.0, "front": 30.0, "back": 46.0}
# Weights fall with the distance from the front wall of the canal, about this far behind the point.
MIDDLE_BACK_MM, SPREAD_MM = 10.0, 18.0
# Clips lung to fat, and calcium of the aorta to cortex.
LOWEST_HU, HIGHEST_HU = -50.0, 300.0
SLOPES = np.arange(-0.6, 0.61, 0.1)
FINE, FINEST = np.arange(-0.08, 0.081, 0.04), np.arange(-0.03, 0.031, 0.015)


def spine_course(block: Block, center_mm: NDArray[np.floating], increment_mm: float) -> NDArray[np.float64] | None:
    """Return the unit vector (LPS) along the spine towards the head; None with too little of it in the scan.

    Cross-sections are shifted along a direction and averaged; the direction whose average keeps the
    most contrast (variance) is that of the walls.

    Parameters
    ----------
    block : Block
    center_mm : LPS, in the body
    increment_mm : of the slices
    """
    u = np.arange(-WINDOW_MM["side"], WINDOW_MM["side"] + 0.1, STEP_MM)
    v = np.arange(-WINDOW_MM["front"], WINDOW_MM["back"] + 0.1, STEP_MM)
    # Sampled on the slices themselves, because interpolation between them doubles every wall.
    w = np.arange(-ALONG_MM, ALONG_MM + 0.1, increment_mm)
    index = block.geometry.to_index(center_mm)
    on_slice = block.geometry.to_lps(np.array([index[0], index[1], np.rint(index[2])]))
    sections = block.grid(np.asarray(on_slice), np.eye(3), u, v, w)
    whole = np.isfinite(sections).mean(axis=(0, 1)) > 0.8
    if np.count_nonzero(whole) < 3 or np.ptp(w[whole]) < ALONG_MM:
        return None
    w = w[whole]
    sections = np.clip(np.nan_to_num(sections[..., whole], nan=0.0), LOWEST_HU, HIGHEST_HU)
    weight = np.exp(-0.5 * (u[:, None] ** 2 + (v[None, :] - MIDDLE_BACK_MM) ** 2) / SPREAD_MM**2)
    weight /= weight.sum()

    def contrast(left: float, back: float) -> float:
        mean = np.zeros(weight.shape, dtype=np.float32)
        for n, along in enumerate(w):
            shift = (-left * along / STEP_MM, -back * along / STEP_MM)
            mean += ndimage.shift(sections[..., n], shift, order=1, mode="nearest", prefilter=False)
        mean /= len(w)
        return float((weight * mean**2).sum() - (weight * mean).sum() ** 2)

    best = (0.0, 0.0)
    for near in (SLOPES, FINE, FINEST):
        tried = [(best[0] + a, best[1] + b) for a in near for b in near]
        best = max(tried, key=lambda one: contrast(*one))
    course = np.array([*best, 1.0])
    return course / np.linalg.norm(course)
