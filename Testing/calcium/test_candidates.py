"""Candidates as runs, against a dense labelling of the same voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.calcium.candidates import find_candidates

RANK = {6: 1, 18: 2, 26: 3}


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("density", [0.05, 0.2, 0.5, 0.9])
def test_components_are_those_of_a_dense_labelling(connectivity: int, density: float) -> None:
    rng = np.random.default_rng(20)
    for _ in range(25):
        shape = tuple(rng.integers(1, 10, 3))
        hu = np.where(rng.random(shape) < density, 130, 129).astype(np.int16)
        dense, count = ndimage.label(hu >= 130, ndimage.generate_binary_structure(3, RANK[connectivity]))
        found = find_candidates(hu, 130, connectivity)
        assert found.count == count
        assert found.voxels == np.count_nonzero(dense)
        for label in range(count):
            own = found.component(label).filled(shape)
            assert found.size(label) == np.count_nonzero(own)
            numbers = np.unique(dense[own])
            assert numbers.size == 1
            assert np.array_equal(own, dense == numbers[0])


def test_label_at_knows_every_voxel() -> None:
    hu = np.where(np.random.default_rng(3).random((5, 6, 7)) < 0.3, 500, 0).astype(np.int16)
    found = find_candidates(hu, 130)
    for voxel in np.ndindex(*hu.shape):
        label = found.label_at(voxel)
        assert (label is not None) == (hu[voxel] >= 130)
        if label is not None:
            assert found.component(label).filled(hu.shape)[voxel]


def test_remainder_is_the_component_labelled_anew_without_what_was_taken() -> None:
    rng = np.random.default_rng(5)
    hu = np.where(rng.random((6, 12, 12)) < 0.4, 200, 0).astype(np.int16)
    found = find_candidates(hu, 130)
    label = int(np.argmax(np.bincount(found.labels)))
    whole = found.component(label)
    taken = whole.indices()[rng.random(whole.count) < 0.5]
    left = whole.filled(hu.shape)
    left[tuple(taken.T)] = False
    dense, count = ndimage.label(left, np.ones((3, 3, 3)))
    rest = found.remainder(label, taken, 26)
    assert rest.count == count
    for voxel in np.argwhere(left):
        own = rest.label_at(tuple(voxel))
        assert own is not None
        assert rest.size(own) == np.count_nonzero(dense == dense[tuple(voxel)])


def test_remainder_of_nothing_is_empty() -> None:
    hu = np.full((1, 2, 2), 200, dtype=np.int16)
    found = find_candidates(hu, 130)
    assert found.remainder(0, found.component(0).indices(), 26).count == 0


def test_no_candidate_gives_no_component() -> None:
    found = find_candidates(np.zeros((2, 3, 4), dtype=np.int16), 130)
    assert (found.count, found.voxels, found.label_at((0, 0, 0))) == (0, 0, None)


def test_a_view_with_negative_strides_gives_the_flipped_components() -> None:
    hu = np.where(np.random.default_rng(8).random((4, 9, 9)) < 0.3, 300, 0).astype(np.int16)
    flipped = find_candidates(hu[::-1, :, ::-1], 130)
    straight = find_candidates(hu, 130)
    assert sorted(map(flipped.size, range(flipped.count))) == sorted(map(straight.size, range(straight.count)))


def test_the_threshold_itself_is_a_candidate_also_for_fractional_values() -> None:
    hu = np.array([[[129.999, 130.0, 130.001]]], dtype=np.float32)
    assert find_candidates(hu, 130).voxels == 2


def test_progress_rises_from_zero_and_stays_below_one() -> None:
    told: list[float] = []
    find_candidates(np.zeros((100, 4, 4), dtype=np.int16), 130, progress=told.append)
    assert told[0] == 0
    assert told == sorted(told)
    assert told[-1] < 1


def test_the_sizes_and_runs_of_components_are_those_of_a_search_for_each() -> None:
    hu = np.where(np.random.default_rng(5).random((6, 20, 20)) < 0.2, 200, 0).astype(np.int16)
    found = find_candidates(hu, 130, 6)
    sizes = found.sizes()
    assert sizes.sum() == np.count_nonzero(hu >= 130)
    for label in range(found.count):
        own = found.labels == label
        assert sizes[label] == found.size(label) == (found.stops[own] - found.starts[own]).sum()
        assert found.component(label).count == sizes[label]
