"""Region nodes: the reader's decision about a vertebra, and where its region stands."""

from __future__ import annotations

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.bone.vertebraregion import VertebraRegion  # noqa: E402
from CACBoneAxisLib.imaging.regions import Region  # noqa: E402
from CACBoneAxisLib.mrml.markups import add_box_node, box_from_node  # noqa: E402
from CACBoneAxisLib.mrml.regions import (  # noqa: E402
    box_of,
    decision_of,
    exclude_region,
    excluded_reason,
    move_region,
    set_shape,
)

TILT = np.radians(20)
TILTED = (
    (1.0, 0.0, 0.0),
    (0.0, float(np.cos(TILT)), float(-np.sin(TILT))),
    (0.0, float(np.sin(TILT)), float(np.cos(TILT))),
)
REGION = Region((1.0, 2.0, 3.0), (24.0, 18.0, 9.0), TILTED, "ellipsoid")


@pytest.fixture
def node(scene):
    return add_box_node(box_of("L1", REGION), scene)


def test_an_exclusion_is_what_the_library_reads_and_is_taken_back(node):
    set_shape(node, "ellipsoid")
    exclude_region(node, 'fracture, "old"')
    given = VertebraRegion.from_box(box_from_node(node))
    assert (given.excluded, given.region.shape, given.level) == ('fracture, "old"', "ellipsoid", "L1")
    assert excluded_reason(node) == 'fracture, "old"'
    exclude_region(node, None)
    assert excluded_reason(node) is None
    assert VertebraRegion.from_box(box_from_node(node)).excluded is None
    assert decision_of(node) == {"shape": "ellipsoid"}
    set_shape(node, None)
    assert box_from_node(node).description == ""


def test_text_that_is_no_decision_is_none(node):
    for text in ("a remark", "{not json", json.dumps(["a"])):
        node.SetNthControlPointDescription(0, text)
        assert decision_of(node) == {}


def test_moved_it_stands_where_it_was_sent_and_keeps_its_decision(node):
    exclude_region(node, "hardware")
    events = []
    node.AddObserver(slicer.vtkMRMLMarkupsNode.PointModifiedEvent, lambda *_: events.append(1))
    there = Region((-30.0, 40.0, 500.0), (20.0, 16.0, 10.0), TILTED)
    move_region(node, there)
    box = box_from_node(node)
    assert box.center_mm == pytest.approx(there.center_mm)
    assert box.size_mm == pytest.approx(there.size_mm)
    assert np.allclose(box.axes, TILTED)
    assert excluded_reason(node) == "hardware"
    assert len(events) == 1
