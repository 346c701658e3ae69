"""Match the lesions of two scans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from CACBoneAxisLib.calcium.territories import coronary_codes

# After registration, a lesion farther away than this is a different one.
SAME_LESION_MM = 15.0


def match_lesions(
    first: Sequence[tuple[str | None, Sequence[float]]], second: Sequence[tuple[str | None, Sequence[float]]]
) -> list[tuple[int | None, int | None, float | None]]:
    """Pair the lesions of two scans by territory and position.

    Among all pairings of lesions of the same territory at most 15 mm apart: the one with the most
    pairs, then the one with the smallest sum of distances. Two lesions that have merged appear as one
    pair and one that is gone.

    Parameters
    ----------
    first, second : territory and position in mm, both in the first scan's coordinates; a lesion
        without a territory may belong to any coronary artery

    Returns
    -------
    list of (number in ``first``, number in ``second``, distance in mm)
        Every lesion once: those of ``first`` in their order, paired or not, then the unpaired ones
        of ``second``.

    Examples
    --------
    >>> match_lesions([("LAD", [0, 0, 0])], [("LAD", [3, 4, 0]), ("RCA", [0, 0, 0])])
    [(0, 0, 5.0), (None, 1, None)]
    """
    partner: dict[int, tuple[int, float]] = {}
    if first and second:
        apart = _apart([place for _, place in first], [place for _, place in second])
        same = np.array([[_alike(a, b) for b, _ in second] for a, _ in first]) & (apart <= SAME_LESION_MM)
        # One more pair outweighs any sum of distances.
        worth = SAME_LESION_MM * (min(apart.shape) + 1)
        rows, columns = linear_sum_assignment(np.where(same, apart, worth))
        partner = {int(a): (int(b), float(apart[a, b])) for a, b in zip(rows, columns, strict=True) if same[a, b]}
    found: list[tuple[int | None, int | None, float | None]] = [
        (a, *partner[a]) if a in partner else (a, None, None) for a in range(len(first))
    ]
    taken = {b for b, _ in partner.values()}
    return found + [(None, b, None) for b in range(len(second)) if b not in taken]


def _alike(one: str | None, other: str | None) -> bool:
    return one == other or (None in (one, other) and {one, other} <= {None, *coronary_codes()})


def _apart(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    return np.asarray(np.linalg.norm(a[:, None] - b[None], axis=2))
