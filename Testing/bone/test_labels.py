import numpy as np
import pytest

from CACBoneAxisLib.bone.labels import label_boxes, trabecular_core


def core_of(labels, number, spacing_mm, erosion_mm):
    return trabecular_core(labels, number, label_boxes(labels)[number], spacing_mm, erosion_mm)


def brute_force_core(inside, spacing_zyx, erosion_mm):
    """Distances of every voxel to every outside voxel, the volume padded with outside."""
    padded = np.pad(inside, 1)
    outside = np.argwhere(~padded) * spacing_zyx
    kept = np.zeros_like(padded)
    for voxel in np.argwhere(padded):
        kept[tuple(voxel)] = np.min(((outside - voxel * spacing_zyx) ** 2).sum(axis=1)) > erosion_mm**2 * (1 + 1e-5)
    return kept[1:-1, 1:-1, 1:-1]


def with_all_neighbours(inside):
    """Voxels whose six neighbours are inside too; the label does not touch the border."""
    kept = inside.copy()
    for axis in range(3):
        kept &= np.roll(inside, 1, axis) & np.roll(inside, -1, axis)
    return kept


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (1.2, 0.8, 3.0)])
@pytest.mark.parametrize("erosion_mm", [1.0, 2.0, 2.5])
def test_the_core_is_the_brute_force_one_with_anisotropic_voxels(spacing_mm, erosion_mm):
    z, y, x = np.indices((11, 18, 18))
    inside = ((z - 5) / 4.6) ** 2 + ((y - 8.3) / 7.7) ** 2 + ((x - 8.6) / 7.2) ** 2 <= 1
    labels = np.where(inside, 20, 0).astype(np.uint8)
    core = core_of(labels, 20, spacing_mm, erosion_mm)
    expected = brute_force_core(inside, np.array(spacing_mm[::-1]), erosion_mm) & with_all_neighbours(inside)
    assert expected.any()
    np.testing.assert_array_equal(core.mask.filled(labels.shape), expected)
    assert not core.at_border


def test_a_distance_equal_to_the_erosion_does_not_exceed_it():
    labels = np.zeros((13, 13, 13), np.uint8)
    labels[1:12, 1:12, 1:12] = 1
    # Eleven voxels of 0.1 mm: the outermost is 0.1 mm from the outside, the third 0.1 + 0.1 + 0.1.
    assert core_of(labels, 1, (0.1, 0.1, 0.1), 0.3).mask.voxels.shape == (5, 5, 5)


def test_no_erosion_keeps_the_whole_label_in_all_its_pieces():
    labels = np.zeros((5, 5, 9), np.uint8)
    labels[1:4, 1:4, 1:4] = 3
    labels[2, 2, 6] = 3
    assert core_of(labels, 3, (1.0, 1.0, 1.0), 0.0).mask.count == 28


@pytest.mark.parametrize("order", [1, -1])
def test_islands_that_erosion_leaves_beside_the_core_are_dropped(order):
    labels = np.zeros((14, 30, 14), np.uint8)
    labels[1:13, 1:13, 1:13] = 20
    labels[3:10, 18:25, 3:10] = 20
    labels[6, 12:19, 6] = 20
    # The core comes first, and last.
    labels = labels.swapaxes(0, 1)[::order]
    core = core_of(labels, 20, (1.0, 1.0, 1.0), 2.0)
    assert core.mask.filled(labels.shape)[::order][13:].sum() == 0
    # The cube of 12 eroded to 8, and one voxel at the root of the bridge: sqrt(5) mm from the outside.
    assert core.mask.count == 8**3 + 1


def test_a_vertebra_at_the_border_is_eroded_from_there_too_and_said():
    labels = np.zeros((8, 9, 9), np.uint8)
    labels[3:, 1:8, 1:8] = 20
    core = core_of(labels, 20, (1.0, 1.0, 1.0), 1.5)
    assert core.at_border
    assert core.mask.indices()[:, 0].max() == 6


def test_erosion_may_leave_nothing():
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[1:4, 1:4, 1:4] = 20
    assert core_of(labels, 20, (1.0, 1.0, 1.0), 4.0).mask is None


def test_the_core_is_the_same_in_a_view_with_negative_strides():
    rng = np.random.default_rng(5)
    labels = np.zeros((9, 12, 12), np.uint16)
    labels[1:8, 1:11, 1:11] = 20
    labels[rng.random(labels.shape) < 0.01] = 0
    straight = core_of(labels, 20, (1.0, 1.0, 2.0), 1.5).mask.filled(labels.shape)
    flipped = core_of(labels[::-1, :, ::-1], 20, (1.0, 1.0, 2.0), 1.5).mask.filled(labels.shape)
    np.testing.assert_array_equal(flipped[::-1, :, ::-1], straight)


def test_slices_wider_apart_than_the_erosion_lose_their_end_layers_too():
    labels = np.zeros((7, 40, 40), dtype=np.uint8)
    labels[1:6, 5:35, 5:35] = 20
    core = trabecular_core(labels, 20, label_boxes(labels)[20], (1.0, 1.0, 5.0), 4.0)
    # By hand: three slices of five, and 30 - 2 x 4 pixels each way.
    assert core.mask.voxels.shape == (3, 22, 22)
    assert core.mask.count == 3 * 22 * 22
