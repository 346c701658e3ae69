"""Convert stored values to Hounsfield units (integers as int16) and check them without a copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import Finding, finding, refusal

# A value this near to an integer is that integer in floating point.
WHOLE_NUMBER_TOLERANCE_HU = 1e-3
# A labelmap has few distinct values and no air; noise alone gives a CT more.
FEW_DISTINCT_VALUES = 32
AIR_AT_MOST_HU = -900
# Smallest range of a CT, from fat (-100 HU) to trabecular bone (100 HU).
SMALLEST_RANGE_HU = 200
SAMPLE_VOXELS = 500_000
SCALE_VOXELS = 50_000
# No tissue and no noise of air lies below: what does is padding, which is one value, or another scale.
PADDING_BELOW_HU = -1200.0
PADDING_SHARE, MOST_OF_DARK_SHARE = 0.02, 0.9
# In a body little is denser than this, and of no one density; in raw values (1024 higher) all soft tissue is.
DENSE_HU, DENSE_SHARE = 700.0, 0.2
ALIKE_HU, ALIKE_SHARE = 75.0, 0.5
SOFT_HU, SOFT_SHARE = -500.0, 0.005
# Nothing uniform lies between lung and fat: what is so narrow, and so much there, is air or tissue on another scale.
DARK_HU, NARROW_HU, NARROW_SHARE, AIR_SHARE = -200.0, 30.0, 0.6, 0.05
LUNG_HU = -600.0
INT16 = np.iinfo(np.int16)


def sample(array: NDArray, voxels: int = SAMPLE_VOXELS) -> NDArray:
    """Return about ``voxels`` values spread regularly over a (z, y, x) array, shape (n,).

    Whole slices are skipped before rows and rows before columns, because reading part
    of a row costs as much memory traffic as reading all of it.
    """
    slices, rows, columns = array.shape
    excess = max(1.0, array.size / voxels)
    step_z = max(1, min(slices // 8, round(excess ** (1 / 3))))
    step_y = max(1, min(rows // 8, round((excess / step_z) ** 0.5)))
    step_x = max(1, min(columns // 8, round(excess / step_z / step_y)))
    return array[step_z // 2 :: step_z, step_y // 2 :: step_y, step_x // 2 :: step_x].ravel()


@dataclass(frozen=True, eq=False)
class Hounsfield:
    """Values as int16 (float32 where they are not integers), and findings about them."""

    values: NDArray
    findings: tuple[Finding, ...] = ()


def as_hounsfield(array: NDArray, name: str) -> Hounsfield:
    """Check an array and return it in the smallest type that keeps its Hounsfield units.

    Parameters
    ----------
    array : (z, y, x), any real type, HU
    name : file name for the sentences

    Returns
    -------
    Hounsfield
        int16 where all values are whole numbers (``WHOLE_NUMBER_TOLERANCE_HU``), the given
        memory itself when it has that type already; float32 and ``hu-fractional`` otherwise.

    Raises
    ------
    UnusableInputError
        ``not-finite``; ``not-hu`` when the values are a labelmap's or another unit's.
    """
    some = sample(array)
    # int16 can hold nothing that a look at every voxel would have to find.
    low, high = (some.min(), some.max()) if array.dtype == np.int16 else _range(array, name)
    _check_plausible(some, float(low), float(high), name)
    if array.dtype == np.int16:
        return Hounsfield(array)
    if array.dtype == np.uint16:  # no value is above what int16 holds
        return Hounsfield(array.view(np.int16))
    # A look at a sample spares most fractional images the attempt.
    if np.issubdtype(array.dtype, np.integer) or _is_whole(some):
        whole = _whole(array)
        if whole is not None:
            return Hounsfield(whole)
    return Hounsfield(array.astype(np.float32, copy=False), (finding("hu-fractional"),))


def _range(array: NDArray, name: str) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for plane in array:
        # min and max pass NaN on, so one test at the end sees every voxel.
        low, high = np.minimum(low, plane.min()), np.maximum(high, plane.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise refusal("not-finite", file=name)
    return float(low), float(high)


def _check_plausible(some: NDArray, low: float, high: float, name: str) -> None:
    reason = None
    if low < INT16.min or high > INT16.max:
        reason = f"its values go from {low:.6g} to {high:.6g}"
    elif low >= 0:
        reason = f"no value is below 0 (they go from {low:.6g} to {high:.6g}), so there is neither air nor fat"
    elif high - low < SMALLEST_RANGE_HU:
        reason = f"its values go from {low:.6g} to {high:.6g} only"
    elif low < INT16.max and (scale := _scale_problem(some)) is not None:
        reason = scale
    elif low > AIR_AT_MOST_HU:
        distinct = np.unique(some).size
        if distinct < FEW_DISTINCT_VALUES:
            reason = f"it has {distinct} distinct values and no air near -1000"
    if reason is not None:
        raise refusal("not-hu", file=name, why=reason)


def _scale_problem(some: NDArray) -> str | None:
    """Return why values cannot be Hounsfield units although some lie below 0, None where they can."""
    some = some[:: max(1, some.size // SCALE_VOXELS)]
    dark = some[some < PADDING_BELOW_HU]
    body = some[some >= PADDING_BELOW_HU]
    if not body.size:
        return f"no value lies above {PADDING_BELOW_HU:g}"
    if dark.size > PADDING_SHARE * some.size:
        _, counts = np.unique(dark, return_counts=True)
        if counts.max() < MOST_OF_DARK_SHARE * dark.size:
            return f"air measures {np.median(dark):.0f} HU"
    dense = body[body > DENSE_HU]
    if dense.size > DENSE_SHARE * body.size:
        usual = float(np.median(dense))
        if np.count_nonzero(np.abs(dense - usual) < ALIKE_HU) > ALIKE_SHARE * dense.size:
            part = f"{100 * dense.size / body.size:.0f} %"
            return f"{part} of it measures about {usual:.0f}, as soft tissue does in raw values"
    if np.count_nonzero(body > SOFT_HU) < SOFT_SHARE * body.size:
        return f"hardly anything in it is denser than {SOFT_HU:g} HU"
    gas = body[(body > LUNG_HU) & (body < DARK_HU)]
    if gas.size > AIR_SHARE * some.size:
        counts, edges = np.histogram(gas, np.arange(LUNG_HU, DARK_HU + 10, 10.0))
        peak = edges[int(np.argmax(counts))] + 5.0
        narrow = np.count_nonzero(np.abs(gas - peak) <= NARROW_HU)
        if narrow > NARROW_SHARE * gas.size and narrow > AIR_SHARE * some.size:
            return (
                f"{100 * narrow / some.size:.0f} % of it measures about {peak:.0f}, which neither air nor tissue does"
            )
    return None


def _is_whole(values: NDArray) -> bool:
    return bool(np.all(np.abs(values - np.rint(values)) <= WHOLE_NUMBER_TOLERANCE_HU))


def _whole(array: NDArray) -> NDArray | None:
    """Convert the array to int16 slice by slice; None at the first slice with fractions."""
    result = np.empty(array.shape, dtype=np.int16)
    floating = np.issubdtype(array.dtype, np.floating)
    for plane, out in zip(array, result, strict=True):
        if floating:
            if not _is_whole(plane):
                return None
            out[...] = np.rint(plane)
        else:
            out[...] = plane
    return result
