"""Find the two endplates of a vertebral body along columns of bone around a point inside it.

Columns within a patch are shifted by the slope of a plane and averaged. The averaged profile is
compared with a periodic row of bodies and discs (spongy bone, thin bright endplate, disc, endplate),
blurred by the slices. The three brightnesses are fitted; slopes to the left and back, middle, height
and disc are searched. Any of the three can carry the information: the disc beside dense bone, the
endplate beside osteoporotic bone, or, in slices so thick that a disc and its endplates form one band,
the distance of the bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.oblique import Block

STEP_MM = 0.5
COLUMN_MM = 2.0
WINDOW_MM = 32.0
# Weights fall beyond this distance from the point: spines bend, and neighbours differ in size.
CERTAIN_MM = 18.0
ENDPLATE_MM = 1.2
# Blur beside that of the slices: endplates are concave and columns few.
OWN_BLUR_MM = 0.9
BLUR_OF_INCREMENT = 0.4
# Disc thickness as a fraction of body height.
DISC_OF_HEIGHT = (0.15, 0.45)
# From a collapsed to the tallest body; T8 to L5 of adults are about 0.7 of the root of width times depth.
HEIGHT_OF_SIZE = (0.36, 0.9)
# Taller bodies than this fraction of it are increasingly rare.
USUAL_HEIGHT, HEIGHT_SD = 0.7, 0.08
# In thick slices so are lower ones, because a dense band at mid-height resembles an endplate.
LEAST_USUAL_HEIGHT = 0.58
# Readers click near the middle of a body: a fit centred on a disc counts a third.
OFF_COST = 4.0
# Tilt (tangent) is increasingly rare, and small against the course of the spine where that is known.
TILT_SD, COURSE_SD = 0.3, 0.06
# Limits of the fitted brightnesses of vertebrae; a band in thick slices may hold a bright disc.
ENDPLATE_HU, SPONGY_HU, DISC_HU = (60.0, 1500.0), (-60.0, 700.0), (-20.0, 130.0)


@dataclass(frozen=True)
class Ends:
    """Ends of a body along an axis.

    ``middle_mm`` is the distance from the point to mid-height along the axis; the slopes are those of
    the endplate planes; ``explained`` is the fraction of the profile's variance explained by the model;
    ``endplate_hu`` the contrast of an unblurred endplate to spongy bone; ``known_mm`` the part of the
    axis inside the scan.
    """

    middle_mm: float
    height_mm: float
    disc_mm: float
    slope_left: float
    slope_back: float
    explained: float
    spongy_hu: float
    endplate_hu: float
    known_mm: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Choices:
    """Search grid: slopes (left, back), middles, heights and discs (mm); ``upright`` prefers little tilt."""

    slopes: tuple[NDArray[np.floating], NDArray[np.floating]]
    middles_mm: NDArray[np.floating]
    heights_mm: NDArray[np.floating]
    discs_mm: NDArray[np.floating]
    upright: bool = False


FIRST = Choices(
    (np.arange(-5, 6) * 0.1, np.arange(-5, 6) * 0.1),
    np.arange(-20.0, 20.1, 1.5),
    np.arange(11.0, 36.1, 1.5),
    np.array([3.0, 4.5, 6.0, 8.0, 10.0, 12.0]),
    upright=True,
)


def wide(size_mm: float) -> Choices:
    """Return the coarse search grid once the wall is known, which limits the height of the body.

    Parameters
    ----------
    size_mm : root of the product of width and depth
    """
    slopes = np.arange(-3, 4) * 0.1
    heights = np.arange(HEIGHT_OF_SIZE[0], HEIGHT_OF_SIZE[1], 0.045) * size_mm
    return Choices((slopes, slopes), np.arange(-15.0, 15.1, 1.5), heights, FIRST.discs_mm, upright=True)


def fine(found: Ends, step: float) -> Choices:
    """Return a finer search grid around a result, after moving the point to the middle and turning the axes."""
    slopes = np.arange(-4, 5) * step
    return Choices(
        (slopes, slopes),
        np.arange(-3.0, 3.1, 0.5),
        found.height_mm + np.arange(-2.5, 2.6, 0.5),
        found.disc_mm + np.arange(-1.5, 1.6, 0.75),
    )


def find_ends(
    block: Block,
    center_mm: NDArray[np.floating],
    axes: NDArray[np.floating],
    patch_mm: tuple[float, float],
    choices: Choices,
    increment_mm: float,
    size_mm: float | None = None,
    course: NDArray[np.floating] | None = None,
) -> Ends | None:
    """Fit the model to the columns around a point; None without a fit.

    Parameters
    ----------
    block : Block
    center_mm : LPS, in the body
    axes : columns left, back, head
    patch_mm : half width and half depth of the patch of columns
    choices : search grid
    increment_mm : of the slices
    size_mm : root of the product of the body's width and depth, None where it is not known
    course : unit vector along the spine that restrains the axis; None to use the endplates alone
    """
    w = np.arange(-WINDOW_MM, WINDOW_MM + STEP_MM / 2, STEP_MM)
    profiles, known = _profiles(block, center_mm, axes, patch_mm, choices.slopes, w)
    if known is None:
        return None
    w = w[known[0] : known[1]]
    profiles = profiles[..., known[0] : known[1]]
    rows, parameters = _rows(choices, w, np.hypot(BLUR_OF_INCREMENT * increment_mm, OWN_BLUR_MM))
    if not len(rows):
        return None
    # Orthonormal bases of disc and endplate over a constant: the explained variance is a sum of two squares.
    weight = np.interp(np.abs(w), (CERTAIN_MM, WINDOW_MM), (1.0, 0.2))
    root = np.sqrt(weight)
    flat = profiles.reshape(-1, len(w))
    means = flat @ weight / weight.sum()
    flat = (flat - means[:, None]) * root
    row_means = rows @ weight / weight.sum()
    rows = (rows - row_means[..., None]) * root
    bases, mixing = np.linalg.qr(np.swapaxes(rows, 1, 2))
    part = (flat @ np.swapaxes(bases, 1, 2).reshape(-1, len(w)).T).reshape(len(flat), len(rows), 2)
    endplate = part[:, :, 1] / mixing[None, :, 1, 1]
    soft = (part[:, :, 0] - mixing[None, :, 0, 1] * endplate) / mixing[None, :, 0, 0]
    spongy = means[:, None] - soft * row_means[None, :, 0] - endplate * row_means[None, :, 1]
    plausible = (endplate > ENDPLATE_HU[0]) & (endplate < ENDPLATE_HU[1])
    plausible &= (spongy > SPONGY_HU[0]) & (spongy + soft > DISC_HU[0]) & (spongy + soft < DISC_HU[1])
    total = np.maximum((flat**2).sum(axis=1), 1e-9)[:, None]
    gain = (part**2).sum(axis=2)
    explained = gain / total
    # Both the explained fraction and the explained variance count.
    middles, heights, discs = np.array(parameters).T
    likely = np.exp(-OFF_COST * (middles / (heights + discs)) ** 2)
    if size_mm is not None:
        ratio = heights / size_mm
        beyond = np.maximum(0.0, ratio - USUAL_HEIGHT)
        if course is not None:
            beyond = np.maximum(beyond, LEAST_USUAL_HEIGHT - ratio)
        likely *= np.exp(-0.5 * (beyond / HEIGHT_SD) ** 2)
    if course is not None:
        likely = likely * _usual(choices.slopes, course @ axes, COURSE_SD).reshape(-1, 1)
    elif choices.upright:
        likely = likely * _usual(choices.slopes, axes[2], TILT_SD).reshape(-1, 1)
    score = np.where(plausible, gain * explained**2 * likely, -np.inf)
    n, m = np.unravel_index(int(np.argmax(score)), score.shape)
    if not np.isfinite(score[n, m]):
        return None
    a, b = np.unravel_index(int(n), profiles.shape[:2])
    middle, height, disc = parameters[m]
    return Ends(
        float(middle),
        float(height),
        float(disc),
        float(choices.slopes[0][a]),
        float(choices.slopes[1][b]),
        float(explained[n, m]),
        float(spongy[n, m]),
        float(endplate[n, m]),
        (float(w[0]), float(w[-1])),
    )


def _usual(slopes: tuple[NDArray[np.floating], ...], along: NDArray[np.floating], sd: float) -> NDArray[np.floating]:
    """Return the prior of the tilt of planes against a direction (along the axes), 1 without tilt."""
    normals = np.stack(np.broadcast_arrays(-slopes[0][:, None], -slopes[1][None, :], 1.0), axis=-1)
    cosine = (normals @ along) ** 2 / (normals**2).sum(axis=-1)
    return np.asarray(np.exp(-0.5 * (1 / np.maximum(cosine, 1e-6) - 1) / sd**2))


def _profiles(
    block: Block,
    center_mm: NDArray[np.floating],
    axes: NDArray[np.floating],
    patch_mm: tuple[float, float],
    slopes: tuple[NDArray[np.floating], NDArray[np.floating]],
    w: NDArray[np.floating],
) -> tuple[NDArray[np.floating], tuple[int, int] | None]:
    """Return averaged profiles, shape (slope left, slope back, w), and the samples around 0 inside the scan."""
    extra = int(np.ceil(sum(np.abs(s).max() * h for h, s in zip(patch_mm, slopes, strict=True)) / STEP_MM)) + 1
    long = np.arange(-extra, len(w) + extra) * STEP_MM + w[0]
    u, v = (np.arange(-half, half + 0.1, min(COLUMN_MM, half / 2)) for half in patch_mm)
    values = block.grid(center_mm, axes, u, v, long)
    inside = (u[:, None] / patch_mm[0]) ** 2 + (v[None, :] / patch_mm[1]) ** 2 <= 1.01
    pu, pv = (p[inside] for p in np.broadcast_arrays(u[:, None], v[None, :]))
    columns = values[inside]
    shift = np.rint((slopes[0][:, None, None] * pu + slopes[1][None, :, None] * pv) / STEP_MM).astype(np.int32)
    profiles = np.zeros((*shift.shape[:2], len(w)), dtype=np.float32)
    views = np.lib.stride_tricks.sliding_window_view(columns, len(w), axis=1)
    for n, view in enumerate(views):
        profiles += view[shift[:, :, n] + extra]
    profiles /= len(pu)
    whole = np.asarray(np.isfinite(profiles).all(axis=(0, 1)))
    middle = len(w) // 2
    if not whole[middle]:
        return profiles, None
    lost = np.flatnonzero(~whole)
    first = int(lost[lost < middle].max()) + 1 if np.any(lost < middle) else 0
    last = int(lost[lost > middle].min()) if np.any(lost > middle) else len(w)
    return profiles, (first, last)


def _rows(choices: Choices, w: NDArray[np.floating], blur_mm: float) -> tuple[NDArray[np.floating], list[Any]]:
    """Return blurred disc and endplate of every model in the grid, shape (rows, 2, w), and its parameters."""
    parameters = [
        (middle, height, disc)
        for height in choices.heights_mm
        for disc in choices.discs_mm
        if DISC_OF_HEIGHT[0] * height <= disc <= DISC_OF_HEIGHT[1] * height
        for middle in choices.middles_mm
        if abs(middle) <= (height + disc) / 2
    ]
    made = np.array(parameters, dtype=float).reshape(-1, 3).T
    return _row(made[0][:, None], made[1][:, None], made[2][:, None], w, blur_mm), parameters


def _row(middle: Any, height: Any, disc: Any, w: NDArray[np.floating], blur_mm: float) -> NDArray[np.floating]:
    # Distance from the middle of the nearest disc in a periodic row of bodies and discs.
    pitch = height + disc
    away = np.mod(w[None, :] - middle, pitch) - pitch / 2
    away = np.abs(away)
    soft = step((disc / 2 - away) / blur_mm)
    plate = step((disc / 2 + ENDPLATE_MM - away) / blur_mm) - soft
    return np.stack([soft, plate], axis=1)


def step(z: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the normal distribution function by its logistic approximation, within 0.01."""
    return np.asarray(1 / (1 + np.exp(-1.702 * np.clip(z, -20, 20))))
