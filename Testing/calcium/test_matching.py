"""Lesions of two scans are paired by artery and place, as the best of all ways to pair them."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from CACBoneAxisLib.calcium.matching import SAME_LESION_MM, match_lesions


def test_near_lesions_of_one_artery_are_one_and_others_are_new_or_gone() -> None:
    before = [("LAD", (0.0, 0.0, 0.0)), ("RCA", (50.0, 0.0, 0.0)), ("LCX", (0.0, 0.0, 9.0))]
    after = [("RCA", (50.0, 3.0, 4.0)), ("LAD", (0.0, 15.1, 0.0)), ("LAD", (2.0, 0.0, 0.0))]
    assert match_lesions(before, after) == [(0, 2, 2.0), (1, 0, 5.0), (2, None, None), (None, 1, None)]
    assert match_lesions([], after[:1]) == [(None, 0, None)]
    assert match_lesions(before[:1], []) == [(0, None, None)]
    assert match_lesions([], []) == []


def test_exactly_the_bound_is_still_the_same_lesion() -> None:
    assert match_lesions([("LM", (0, 0, 0))], [("LM", (SAME_LESION_MM, 0, 0))]) == [(0, 0, SAME_LESION_MM)]


def test_the_pairs_are_those_of_a_look_at_every_way_to_pair() -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        count = int(rng.integers(1, 5)), int(rng.integers(1, 5))
        first, second = (
            [(str(rng.choice(["LAD", "RCA"])), tuple(rng.uniform(0, 30, 3))) for _ in range(n)] for n in count
        )
        best = (0, 0.0)
        for order in permutations([*range(len(second)), *[None] * len(first)], len(first)):
            apart = [
                float(np.linalg.norm(np.subtract(first[a][1], second[b][1])))
                for a, b in enumerate(order)
                if b is not None and first[a][0] == second[b][0]
            ]
            apart = [d for d in apart if d <= SAME_LESION_MM]
            best = max(best, (len(apart), -sum(apart)))
        pairs = [d for _, _, d in match_lesions(first, second) if d is not None]
        assert len(pairs) == best[0]
        assert np.isclose(sum(pairs), -best[1])
