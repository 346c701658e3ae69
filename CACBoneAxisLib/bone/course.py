"""The course of the spine around a point: the direction along which its cross-sections change least.

Walls and canal run along the spine, and a scan shows them in its fine pixels, however thick
its slices are. Endplates lie across it, and thick slices blur them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.oblique import Block

STEP_MM = 1.0
# A body with half of each neighbour, the feet and the head of it.
ALONG_MM = 30.0
# To the sides, to the front and to the back of the point: body, canal and where they may lie beside a point.
WINDOW_MM = {"side": 32.0, "front": 30.0, "back": 46.0}
# What is farther from the canal's front wall, about here behind the point, is no spine and counts less.
MIDDLE_BACK_MM, SPREAD_MM = 10.0, 18.0
# Lung is like fat here, and calcium of the aorta like cortex.
LOWEST_HU, HIGHEST_HU = -50.0, 300.0
SLOPES = np.arange(-0.6, 0.61, 0.1)
FINE, FINEST = np.arange(-0.08, 0.081, 0.04), np.arange(-0.03, 0.031, 0.015)


def spine_course(block: Block, center_mm: NDArray[np.floating], increment_mm: float) -> NDArray[np.float64] | None:
    """Return the unit vector (LPS) along the spine, to the head; None where too little of it is in the scan.

    Cross-sections are shifted by what a direction says, and averaged: of all directions the
    one whose average keeps most contrast (variance) is that of the walls.

    Parameters
    ----------
    block : Block
    center_mm : LPS, in the body
    increment_mm : of the slices
    """
    u = np.arange(-WINDOW_MM["side"], WINDOW_MM["side"] + 0.1, STEP_MM)
    v = np.arange(-WINDOW_MM["front"], WINDOW_MM["back"] + 0.1, STEP_MM)
    # On the slices themselves, as interpolation between them would show every wall twice.
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
