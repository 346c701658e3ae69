from __future__ import annotations

import numpy as np

from CACBoneAxisLib.imaging.masks import Mask


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
