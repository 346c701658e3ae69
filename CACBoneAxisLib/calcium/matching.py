"""Which lesion of one scan is which of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from CACBoneAxisLib.calcium.territories import coronary_codes

# Once the follow-up lies over the baseline, a lesion farther away than this is another one.
SAME_LESION_MM = 15.0


def match_lesions(
    first: Sequence[tuple[str | None, Sequence[float]]], second: Sequence[tuple[str | None, Sequence[float]]]
) -> list[tuple[int | None, int | None, float | None]]:
    """Pair the lesions of two scans that lie at one place.

    Of all ways to pair lesions of the same territory that are at most 15 mm apart, the one with
    the most pairs, among these the one with the smallest sum of distances. Lesions that
    have grown together show as one pair and one that is gone.

    Parameters
    ----------
    first, second : territory and place in mm, both in the first scan's coordinates; without a
        territory, a lesion may be of any coronary artery

    Returns
    -------
    list of (number in ``first``, number in ``second``, distance in mm)
        Every lesion once: pairs in the order of ``first``, with those of ``first`` that have
        none, then those of ``second`` that have none.
    """
    partner: dict[int, tuple[int, float]] = {}
    if first and second:
        apart = _apart([place for _, place in first], [place for _, place in second])
        same = np.array([[_alike(a, b) for b, _ in second] for a, _ in first]) & (apart <= SAME_LESION_MM)
        # A pair more is worth any sum of distances.
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
