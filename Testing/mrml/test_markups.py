"""Point lists and ROI nodes to seeds and boxes, and back, also through Slicer's own files."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, read_markups, write_markups  # noqa: E402
from CACBoneAxisLib.imaging.regions import Region  # noqa: E402
from CACBoneAxisLib.mrml.markups import add_box_node, add_points_node, box_from_node, points_from_node  # noqa: E402

SEEDS = PointList(
    "Seeds",
    (
        ControlPoint("LAD-1", (12.5, -30.25, 110.0), '{"decision": "excluded", "reason": "stent"}'),
        ControlPoint("RCA", (-21.0, -44.0, 96.5)),
    ),
)
# A quarter turn about z and a tilt of 20 degrees about the new x: columns are the box's axes.
TILT = np.deg2rad(20)
AXES = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ np.array(
    [[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]]
)
VERTEBRA = Box(
    "L1", (3.0, 55.5, -210.25), (24.0, 18.0, 10.0), tuple(map(tuple, AXES.tolist())), "L1", '{"shape": "ellipsoid"}'
)
# Slicer keeps positions and matrices as doubles and writes all their digits.
ROUNDING_MM = 1e-9


def assert_same_points(found: PointList, expected: PointList) -> None:
    assert [(p.label, p.description) for p in found.points] == [(p.label, p.description) for p in expected.points]
    assert np.allclose(
        [p.position_mm for p in found.points], [p.position_mm for p in expected.points], atol=ROUNDING_MM
    )


def assert_same_box(found: Box, expected: Box) -> None:
    assert (found.name, found.label, found.description) == (expected.name, expected.label, expected.description)
    assert np.allclose(found.center_mm, expected.center_mm, atol=ROUNDING_MM)
    assert np.allclose(found.size_mm, expected.size_mm, atol=ROUNDING_MM)
    assert np.allclose(found.axes, expected.axes, atol=ROUNDING_MM)


def test_seeds_survive_the_way_through_a_node(scene):
    assert_same_points(points_from_node(add_points_node(SEEDS, scene)), SEEDS)


def test_a_point_of_a_node_is_ras_and_a_seed_is_lps(scene):
    node = add_points_node(SEEDS, scene)
    position = [0.0, 0.0, 0.0]
    node.GetNthControlPointPosition(0, position)
    assert position == [-12.5, 30.25, 110.0]


def test_points_that_were_not_placed_are_left_out(scene):
    node = add_points_node(SEEDS, scene)
    node.UnsetNthControlPointPosition(0)
    node.AddControlPoint(vtk.vtkVector3d(1, 2, 3), "LM")
    node.SetNthControlPointPositionMissing(2)
    assert [p.label for p in points_from_node(node).points] == ["RCA"]
    node.UnsetNthControlPointPosition(1)
    with pytest.raises(UnusableInputError, match="none of them was placed"):
        points_from_node(node)
    node.RemoveAllControlPoints()
    assert points_from_node(node).points == ()


def test_a_transform_over_seeds_and_regions_is_refused_until_it_is_hardened(scene):
    move = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turn = np.array([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    move.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    points, box = add_points_node(SEEDS, scene), add_box_node(VERTEBRA, scene)
    for node, read in ((points, points_from_node), (box, box_from_node)):
        node.SetAndObserveTransformNodeID(move.GetID())
        with pytest.raises(UnusableInputError, match="harden it first"):
            read(node)
        node.HardenTransform()
    # RAS of the first seed is (-12.5, 30.25, 110); turned and moved: (-30.25 + 5, -12.5 + 6, 117); LPS: signs of x, y.
    assert points_from_node(points).points[0].position_mm == pytest.approx((25.25, 6.5, 117.0))
    moved = box_from_node(box)
    # Centre in RAS (-3, -55.5, -210.25) becomes (55.5 + 5, -3 + 6, -203.25).
    assert moved.center_mm == pytest.approx((-60.5, -3.0, -203.25))
    assert np.allclose(moved.axes, turn[:3, :3] @ AXES, atol=ROUNDING_MM)


def test_a_region_under_a_transform_that_stretches_is_refused(scene):
    stretch = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Stretch")
    stretch.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.0, 1.0, 1.3, 1.0])))
    node = add_box_node(VERTEBRA, scene)
    node.SetAndObserveTransformNodeID(stretch.GetID())
    with pytest.raises(UnusableInputError, match="Stretch"):
        box_from_node(node)


def test_a_turned_region_survives_the_way_through_a_node(scene):
    assert_same_box(box_from_node(add_box_node(VERTEBRA, scene)), VERTEBRA)


def test_the_region_holds_the_points_that_the_node_holds(scene):
    node = add_box_node(VERTEBRA, scene)
    box = box_from_node(node)
    region = Region(box.center_mm, box.size_mm, box.axes, "box")
    points = np.random.default_rng(7).uniform(-20, 20, (2000, 3)) + VERTEBRA.center_mm
    inside = [bool(node.IsPointInROIWorld(p * (-1, -1, 1))) for p in points]
    assert 100 < sum(inside) < 1900
    assert np.array_equal(region.contains(points), inside)


@pytest.mark.parametrize("kind", ["points", "box"])
def test_slicer_writes_what_the_library_reads(scene, tmp_path, kind):
    item = SEEDS if kind == "points" else VERTEBRA
    node = (add_points_node if kind == "points" else add_box_node)(item, scene)
    node.AddDefaultStorageNode()
    path = tmp_path / "written.mrk.json"
    node.GetStorageNode().SetFileName(str(path))
    assert node.GetStorageNode().WriteData(node)
    (found,) = read_markups(path)
    if kind == "points":
        assert_same_points(found, SEEDS)
    else:
        assert found.size_mm == VERTEBRA.size_mm
        assert np.allclose(found.center_mm, VERTEBRA.center_mm, atol=ROUNDING_MM)
        assert np.allclose(found.axes, AXES, atol=ROUNDING_MM)
        assert (found.label, found.description) == (VERTEBRA.label, VERTEBRA.description)


@pytest.mark.parametrize("kind", ["points", "box"])
def test_slicer_reads_what_the_library_writes(scene, tmp_path, kind):
    path = tmp_path / "written.mrk.json"
    class_name = "vtkMRMLMarkupsFiducialNode" if kind == "points" else "vtkMRMLMarkupsROINode"
    write_markups(path, [SEEDS if kind == "points" else VERTEBRA])
    node = scene.AddNewNodeByClass(class_name, "L1" if kind == "box" else "Seeds")
    node.AddDefaultStorageNode()
    storage = node.GetStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    if kind == "points":
        assert_same_points(points_from_node(node), SEEDS)
    else:
        assert_same_box(box_from_node(node), VERTEBRA)
