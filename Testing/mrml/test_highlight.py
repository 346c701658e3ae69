"""The outline of the chosen lesion: its voxels, in their place, and gone when nothing is chosen."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.masks import Mask  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.highlight import SEGMENT, hide_highlight, highlight  # noqa: E402


def shown(node, volume):
    array = slicer.util.arrayFromSegmentBinaryLabelmap(node, SEGMENT, volume)
    return {tuple(int(i) for i in zyx) for zyx in np.argwhere(array)}


def test_the_outline_is_of_one_lesion_after_the_other(scene, small_ct):
    volume = add_volume(small_ct, scene)
    first = Mask.from_indices(np.array([[4, 20, 30], [5, 21, 32]]))
    second = Mask.from_indices(np.array([[7, 24, 50]]))
    node = highlight(first, small_ct, volume)
    assert shown(node, volume) == {(4, 20, 30), (5, 21, 32)}
    assert highlight(second, small_ct, volume) is node
    assert shown(node, volume) == {(7, 24, 50)}
    assert node.GetDisplayNode().GetOpacity2DFill() == 0
    assert node.GetDisplayNode().GetVisibility()
    hide_highlight(scene)
    assert not node.GetDisplayNode().GetVisibility()
    highlight(first, small_ct, volume)
    assert node.GetDisplayNode().GetVisibility()


def test_another_scan_has_its_own_grid(scene, small_ct):
    volume, other = add_volume(small_ct, scene), add_volume(small_ct, scene)
    mask = Mask.from_indices(np.array([[7, 24, 50]]))
    highlight(mask, small_ct, volume)
    node = highlight(mask, small_ct, other)
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is other
    assert shown(node, other) == {(7, 24, 50)}


def test_the_outline_is_not_saved_and_hiding_nothing_is_no_error(scene, small_ct):
    hide_highlight(scene)
    node = highlight(Mask.from_indices(np.array([[7, 24, 50]])), small_ct, add_volume(small_ct, scene))
    assert not node.GetSaveWithScene()
