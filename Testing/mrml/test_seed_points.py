"""Seeds as control points: found again by name and place, and changed no more than was asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.calcium.seeds import seeds_from  # noqa: E402
from CACBoneAxisLib.mrml.markups import points_from_node  # noqa: E402
from CACBoneAxisLib.mrml.seeds import add_seed, decide, numbers_of, remove_seeds, rename_seeds  # noqa: E402


@pytest.fixture
def node(scene):
    """A point list with three seeds."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "seeds")
    for territory, place in (("LAD", (1.0, 2.0, 3.0)), ("LAD", (1.0, 2.0, 3.0)), ("RCA", (-4.0, 5.0, 6.0))):
        add_seed(node, place, territory)
    return node


def seeds(node):
    return seeds_from([points_from_node(node)])


def test_a_seed_is_where_it_was_put_in_the_world(node):
    assert [point.label for point in points_from_node(node).points] == ["LAD-1", "LAD-2", "RCA-1"]
    assert np.allclose([point.position_mm for point in points_from_node(node).points][2], (-4.0, 5.0, 6.0))


def test_points_at_one_place_are_told_apart_by_their_names(node):
    assert numbers_of(node, [seed for seed in seeds(node) if seed.name == "LAD-2"]) == [1]
    remove_seeds(node, [seed for seed in seeds(node) if seed.name == "LAD-1"])
    assert [point.label for point in points_from_node(node).points] == ["LAD-2", "RCA-1"]


def test_a_decision_keeps_what_it_does_not_name_and_gives_way_to_none(node):
    decide(node, seeds(node), cut_radius_mm=2.0)
    decide(node, seeds(node)[:1], decision="excluded", reason="stent")
    said = [json.loads(point.description) for point in points_from_node(node).points]
    assert said[0] == {"cut_radius_mm": 2.0, "decision": "excluded", "reason": "stent"}
    assert said[1:] == [{"cut_radius_mm": 2.0}] * 2
    decide(node, seeds(node), decision=None, reason=None, cut_radius_mm=None)
    assert [point.description for point in points_from_node(node).points] == [""] * 3


def test_renamed_seeds_get_the_next_free_numbers(node):
    rename_seeds(node, [seed for seed in seeds(node) if seed.territory == "LAD"], "RCA")
    assert [point.label for point in points_from_node(node).points] == ["RCA-2", "RCA-3", "RCA-1"]


def test_nothing_is_found_of_a_seed_that_is_gone(node):
    before = seeds(node)
    remove_seeds(node, before)
    assert numbers_of(node, before) == []
