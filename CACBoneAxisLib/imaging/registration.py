"""Rigid registration of two scans of a patient, with a check of its quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import SimpleITK
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from CACBoneAxisLib.imaging.image import CTImage

# Voxel size and preceding blur of each level, mm.
LEVELS_MM = (6.0, 3.0)
SOFT_TISSUE_HU = (-200.0, 300.0)
ITERATIONS = 120
# The heart moves within the chest; a larger surrounding would register other anatomy.
AROUND_MM = 45.0
# Quality limits: correlation of both scans around the positions, overlap, largest rotation and translation. The
# project's own choices.
LEAST_CORRELATION, LEAST_OVERLAP = 0.8, 0.6
MOST_TURNED_DEGREES, MOST_MOVED_MM = 20.0, 60.0


@dataclass(frozen=True, eq=False)
class Registration:
    """A rigid transform from one scan to another.

    Parameters
    ----------
    matrix : array (4, 4), LPS mm of the first scan to LPS mm of the second
    correlation : of both scans' HU around the places, clipped to -200 to 300 HU, after the transform
    overlap : fraction of that surrounding inside both scans
    turned_degrees : rotation angle
    problem : why it is rejected, in words; None when it is accepted
    """

    matrix: NDArray[np.float64]
    correlation: float
    overlap: float
    turned_degrees: float
    problem: str | None = None

    def to_first(self, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points of the second scan to the first, LPS mm, shape (..., 3)."""
        return np.asarray((np.asarray(points_mm, dtype=float) - self.matrix[:3, 3]) @ self.matrix[:3, :3])


def register(
    first: CTImage,
    second: CTImage,
    places_mm: ArrayLike,
    shift_mm: ArrayLike = (0.0, 0.0, 0.0),
    progress: Callable[[float], None] | None = None,
) -> Registration:
    """Register the second scan to the first around some positions.

    Mean squares of soft tissue (HU clipped to -200 to 300) on voxels of 6 and then 3 mm, within 45 mm
    of the positions. The result is checked by the correlation of both scans, their overlap, and its
    rotation and translation.

    Parameters
    ----------
    first, second : CT in axial order
    places_mm : LPS in the first scan; at least one
    shift_mm : LPS, initial estimate of the translation
    progress : called with the fraction done; an exception it raises cancels the search
    """
    places = np.asarray(places_mm, dtype=float).reshape(-1, 3)
    shift = np.asarray(shift_mm, dtype=float)
    low, high = places.min(axis=0) - AROUND_MM, places.max(axis=0) + AROUND_MM
    transform = SimpleITK.Euler3DTransform()
    transform.SetCenter(((low + high) / 2).tolist())
    transform.SetTranslation([float(v) for v in shift])
    for number, size in enumerate(LEVELS_MM):
        fixed = _coarse(first, size, low, high)
        reach = MOST_MOVED_MM + 2 * size
        moving = _coarse(second, size, low + shift - reach, high + shift + reach)
        if fixed is None or moving is None:
            return Registration(_matrix(transform), 0.0, 0.0, 0.0, "one of them does not hold the places of the other")
        _optimise(fixed, moving, transform, partial(_told, progress, number))
        found = _judged(fixed, moving, transform, shift)
    return found


def _told(progress: Callable[[float], None] | None, level: int, part: float) -> None:
    if progress is not None:
        progress((level + part) / len(LEVELS_MM))


def _coarse(
    image: CTImage, size_mm: float, low_mm: NDArray[np.floating], high_mm: NDArray[np.floating]
) -> SimpleITK.Image | None:
    """Return a block of a scan in coarser voxels, None with fewer than three along an axis."""
    geometry = image.geometry
    corners = np.array(np.meshgrid(*zip(low_mm, high_mm, strict=True))).reshape(3, -1).T
    index = geometry.to_index(corners)
    first = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, geometry.shape[::-1])
    spacing = np.asarray(geometry.spacing_mm)
    step = np.maximum(np.rint(size_mm / spacing).astype(int), 1)
    if np.any((last - first) // step < 3):
        return None
    block = image.hu[tuple(slice(a, b) for a, b in zip(first[::-1], last[::-1], strict=True))]
    blur = [0.0 if s == 1 else 0.4 * s for s in step[::-1]]
    smooth = ndimage.gaussian_filter(np.clip(block, *SOFT_TISSUE_HU).astype(np.float32), blur)
    found = SimpleITK.GetImageFromArray(np.ascontiguousarray(smooth[:: step[2], :: step[1], :: step[0]]))
    found.SetSpacing((spacing * step).tolist())
    found.SetOrigin([float(v) for v in geometry.to_lps(first)])
    found.SetDirection([value for row in geometry.direction for value in row])
    return found


def _optimise(
    fixed: SimpleITK.Image,
    moving: SimpleITK.Image,
    transform: SimpleITK.Euler3DTransform,
    progress: Callable[[float], None],
) -> None:
    method = SimpleITK.ImageRegistrationMethod()
    # One thread, because sums in another order change the last digits.
    method.SetNumberOfThreads(1)
    method.SetMetricAsMeanSquares()
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=4.0, minStep=0.02, numberOfIterations=ITERATIONS, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, inPlace=True)
    stopped: list[BaseException] = []

    def told() -> None:
        try:
            progress(min(1.0, method.GetOptimizerIteration() / ITERATIONS))
        except BaseException as stop:
            stopped.append(stop)
            method.StopRegistration()

    method.AddCommand(SimpleITK.sitkIterationEvent, told)
    try:
        method.Execute(fixed, moving)
    except RuntimeError:
        # Images that do not overlap are rejected by the checks below.
        if not stopped:
            return
    if stopped:
        raise stopped[0]


def _matrix(transform: SimpleITK.Euler3DTransform) -> NDArray[np.float64]:
    turn = np.asarray(transform.GetMatrix()).reshape(3, 3)
    center = np.asarray(transform.GetCenter())
    found = np.eye(4)
    found[:3, :3] = turn
    found[:3, 3] = center + np.asarray(transform.GetTranslation()) - turn @ center
    return found


def _judged(
    fixed: SimpleITK.Image,
    moving: SimpleITK.Image,
    transform: SimpleITK.Euler3DTransform,
    shift_mm: NDArray[np.floating],
) -> Registration:
    outside = -5000.0
    laid = SimpleITK.GetArrayFromImage(SimpleITK.Resample(moving, fixed, transform, SimpleITK.sitkLinear, outside))
    values = SimpleITK.GetArrayFromImage(fixed)
    both = laid > outside / 2
    overlap = float(both.mean())
    a, b = values[both], laid[both]
    varied = a.size > 10 and a.std() > 0 and b.std() > 0
    correlation = float(np.corrcoef(a, b)[0, 1]) if varied else 0.0
    matrix = _matrix(transform)
    turned = float(np.degrees(np.arccos(np.clip((np.trace(matrix[:3, :3]) - 1) / 2, -1, 1))))
    moved = float(np.linalg.norm(np.asarray(transform.GetTranslation()) - shift_mm))
    problem = None
    if overlap < LEAST_OVERLAP:
        problem = f"only {overlap:.0%} of the surroundings of the calcium lies in both"
    elif correlation < LEAST_CORRELATION:
        problem = f"they do not look alike around the calcium, correlation {correlation:.2f}"
    elif turned > MOST_TURNED_DEGREES or moved > MOST_MOVED_MM:
        problem = f"they would have to be turned by {turned:.0f} degrees and moved by {moved:.0f} mm"
    return Registration(matrix, correlation, overlap, turned, problem)
