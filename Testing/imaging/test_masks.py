from __future__ import annotations

import itertools

import numpy as np

from CACBoneAxisLib.imaging.masks import Mask, near_each_other


def test_a_mask_of_indices_is_their_smallest_block():
    mask = Mask.from_indices(np.array([[2, 3, 4], [3, 3, 6], [2, 5, 5]]))
    assert mask.offset == (2, 3, 4)
    assert mask.voxels.shape == (2, 3, 3)
    assert mask.count == 3
    assert sorted(map(tuple, mask.indices().tolist())) == [(2, 3, 4), (2, 5, 5), (3, 3, 6)]


def test_block_whole_array_and_values_agree():
    generator = np.random.default_rng(5)
    whole = np.zeros((6, 7, 8), dtype=bool)
    whole[1:4, 2:6, 3:7] = generator.random((3, 4, 4)) > 0.5
    image = generator.integers(-1000, 1000, whole.shape)
    mask = Mask.from_indices(np.argwhere(whole))
    assert np.array_equal(mask.filled(whole.shape), whole)
    assert np.array_equal(mask.values(image), image[whole])


def test_values_of_a_reversed_view_follow_the_view():
    image = np.arange(24).reshape(2, 3, 4)[::-1, :, ::-1]
    mask = Mask.from_indices(np.array([[0, 0, 0], [1, 2, 3]]))
    assert mask.values(image).tolist() == [image[0, 0, 0], image[1, 2, 3]]


def test_masks_that_do_not_meet_are_in_different_groups_and_none_that_touch_are_parted() -> None:
    rng = np.random.default_rng(7)
    for margin in ((0, 0, 0), (1, 2, 0)):
        masks = [Mask(tuple(rng.integers(0, 20, 3)), np.ones(rng.integers(1, 4, 3), dtype=bool)) for _ in range(25)]
        groups = near_each_other(masks, margin)
        assert sorted(number for group in groups for number in group) == list(range(25))
        where = {number: n for n, group in enumerate(groups) for number in group}
        for a, b in itertools.combinations(range(25), 2):
            apart = np.abs(masks[a].indices()[:, None] - masks[b].indices()[None])
            # Voxels of blocks grown by the margin touch when they are this near in every direction.
            if np.any(np.all(apart <= 2 * np.asarray(margin) + 1, axis=2)):
                assert where[a] == where[b]
    assert near_each_other([]) == []
    assert near_each_other([masks[0]]) == [[0]]
    far = [Mask((0, 0, 0), np.ones((1, 1, 1), dtype=bool)), Mask((0, 0, 5), np.ones((1, 1, 1), dtype=bool))]
    assert near_each_other(far) == [[0], [1]]
