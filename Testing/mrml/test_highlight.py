"""The outline of the chosen lesion: around its voxels, in their place, and gone when nothing is chosen."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.masks import Mask  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.highlight import hide_highlight, highlight  # noqa: E402


def around(image, zyx):
    """The box (RAS mm) around voxels, half a voxel beyond their centres."""
    lps = image.geometry.to_lps(np.asarray(zyx)[:, ::-1])
    ras, half = lps * (-1, -1, 1), np.asarray(image.geometry.spacing_mm) / 2
    return np.stack([ras.min(axis=0) - half, ras.max(axis=0) + half], axis=1).ravel()


def test_the_outline_is_of_one_lesion_after_the_other(scene, small_ct):
    add_volume(small_ct, scene)
    first, second = [[4, 20, 30], [4, 20, 31], [5, 21, 32]], [[7, 24, 50]]
    node = highlight(Mask.from_indices(np.array(first)), small_ct, scene)
    assert node.GetPolyData().GetBounds() == pytest.approx(around(small_ct, first))
    assert highlight(Mask.from_indices(np.array(second)), small_ct, scene) is node
    assert node.GetPolyData().GetBounds() == pytest.approx(around(small_ct, second))
    assert node.GetDisplayNode().GetVisibility()
    assert node.GetDisplayNode().GetVisibility2D()
    hide_highlight(scene)
    assert not node.GetDisplayNode().GetVisibility()
    highlight(Mask.from_indices(np.array(first)), small_ct, scene)
    assert node.GetDisplayNode().GetVisibility()


def test_the_outline_is_not_saved_and_hiding_nothing_is_no_error(scene, small_ct):
    hide_highlight(scene)
    node = highlight(Mask.from_indices(np.array([[7, 24, 50]])), small_ct, scene)
    assert not node.GetSaveWithScene()
    assert node.GetHideFromEditors()
