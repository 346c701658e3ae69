"""Only the reading of the volume that is shown is seen in the views."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.mrml.archive import add_study  # noqa: E402
from CACBoneAxisLib.mrml.scene import show_result  # noqa: E402
from CACBoneAxisLib.mrml.showing import show_reading_of  # noqa: E402


@pytest.fixture
def two(scene, small_study, small_result):
    """Two studies with their results, as nodes."""
    made = []
    for _ in range(2):
        nodes = add_study(small_result, small_study, scene)
        outputs = show_result(small_result, nodes)
        made.append((nodes.volume, [*nodes.seeds, *nodes.regions, outputs.segmentation]))
    return made


def seen(nodes):
    return [bool(node.GetDisplayNode().GetVisibility()) for node in nodes]


def test_what_belongs_to_the_other_volume_is_hidden_and_comes_back_with_it(scene, two):
    (first, firsts), (second, seconds) = two
    show_reading_of(scene, second)
    assert (seen(firsts), seen(seconds)) == ([False] * 3, [True] * 3)
    show_reading_of(scene, first)
    assert (seen(firsts), seen(seconds)) == ([True] * 3, [False] * 3)


def test_what_the_user_hid_stays_hidden(scene, two):
    (first, firsts), (second, _) = two
    firsts[0].GetDisplayNode().SetVisibility(False)
    show_reading_of(scene, second)
    show_reading_of(scene, first)
    assert seen(firsts) == [False, True, True]


def test_without_a_volume_nothing_changes(scene, two):
    (_, firsts), (_, seconds) = two
    show_reading_of(scene, None)
    assert (seen(firsts), seen(seconds)) == ([True] * 3, [True] * 3)
