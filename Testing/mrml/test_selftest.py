"""The self test that runs in the application."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import show_result  # noqa: E402
from CACBoneAxisLib.mrml.selftest import compare_torso  # noqa: E402
from CACBoneAxisLib.study import Settings  # noqa: E402


class Logic:
    """What the module's logic does, with a wish to get one number wrong."""

    def __init__(self, extra=None):
        self.extra = extra or {}

    def analyze(self, volume, seeds, regions, settings):
        nodes = ReadingNodes(volume, tuple(seeds), tuple(regions))
        settings = {**settings, "calcium": {**settings["calcium"], **self.extra}}
        result = analyze_nodes(nodes, Settings.from_mapping(settings))
        show_result(result, nodes)
        return result


def test_the_torso_gives_the_same_digits_through_the_scene(scene):
    assert compare_torso(Logic(), scene) == []


def test_a_difference_is_found_and_named(scene):
    differences = compare_torso(Logic({"minimum_area_mm2": 20.0}), scene)
    assert any(".calcium.total.agatston" in difference for difference in differences)
