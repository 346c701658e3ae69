"""Placing seeds and regions: modes, names, and where a first region goes."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.placing import (  # noqa: E402
    FIRST_REGION_SIZE_MM,
    add_region,
    add_seeds_node,
    is_placing,
    name_seed,
    region_of,
    start_placing,
    stop_placing,
    viewed_position_mm,
)


@pytest.fixture
def volume(scene, small_ct):
    return add_volume(small_ct, scene)


def test_placing_goes_to_the_one_list_until_it_is_stopped(scene, volume):
    first, second = add_seeds_node(scene, volume), add_seeds_node(scene, volume)
    start_placing(scene, first)
    assert is_placing(scene, first)
    assert not is_placing(scene, second)
    stop_placing(scene)
    assert not is_placing(scene, first)


def test_seeds_are_numbered_by_artery_and_no_number_is_given_twice(scene, volume):
    node = add_seeds_node(scene, volume)
    labels = []
    for number, territory in enumerate(["LAD", "RCA", "LAD", "LAD"]):
        node.AddControlPoint(vtk.vtkVector3d(0, 0, number))
        labels.append(name_seed(node, number, territory))
    assert labels == ["LAD-1", "RCA-1", "LAD-2", "LAD-3"]
    node.RemoveNthControlPoint(0)
    node.AddControlPoint(vtk.vtkVector3d(0, 0, 9))
    assert name_seed(node, 3, "LAD") == "LAD-4"


def test_without_views_a_region_goes_to_the_middle_of_the_scan(scene, volume, small_ct):
    middle = small_ct.geometry.to_lps((np.asarray(small_ct.geometry.shape[::-1]) - 1) / 2)
    assert viewed_position_mm(scene, volume) == pytest.approx(middle)


def add_slice_nodes(scene, ras):
    for name, axis, orientation in (("Yellow", 0, "Sagittal"), ("Green", 1, "Coronal"), ("Red", 2, "Axial")):
        node = slicer.vtkMRMLSliceNode()
        node.SetLayoutName(name)
        node.SetSingletonTag(name)
        node = scene.AddNode(node)
        node.SetOrientation(orientation)
        matrix = node.GetSliceToRAS()
        matrix.SetElement(axis, 3, ras[axis])
        node.UpdateMatrices()


def test_with_views_it_goes_where_they_cross(scene, volume):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    add_slice_nodes(scene, (-2.0, -25.0, 115.0))
    assert viewed_position_mm(scene, volume) == pytest.approx((2.0, 25.0, 115.0))


def test_a_crossing_outside_the_scan_is_not_taken(scene, volume, small_ct):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    add_slice_nodes(scene, (500.0, 0.0, 0.0))
    middle = small_ct.geometry.to_lps((np.asarray(small_ct.geometry.shape[::-1]) - 1) / 2)
    assert viewed_position_mm(scene, volume) == pytest.approx(middle)


def test_a_region_is_named_by_its_level_even_beside_another_scans(scene, volume):
    nodes = [add_region(scene, volume, "L1") for _scan in range(2)]
    assert [node.GetName() for node in nodes] == ["L1", "L1"]
    assert [node.GetNthControlPointLabel(0) for node in nodes] == ["L1", "L1"]
    assert tuple(nodes[0].GetSize()) == FIRST_REGION_SIZE_MM


def test_a_region_is_found_by_its_level(scene, volume):
    region = add_region(scene, volume, "T12")
    assert region_of([region], "T12") is region
    assert region_of([region], "L2") is None
