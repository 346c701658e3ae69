"""Placing seeds and regions: modes, names, and where a first region goes."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.bone.locate import LocatedVertebra  # noqa: E402
from CACBoneAxisLib.bone.protocol import RegionProtocol  # noqa: E402
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae  # noqa: E402
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion  # noqa: E402
from CACBoneAxisLib.imaging.findings import UnusableInputError, finding  # noqa: E402
from CACBoneAxisLib.mrml import placing  # noqa: E402
from CACBoneAxisLib.mrml.markups import box_from_node  # noqa: E402
from CACBoneAxisLib.mrml.placing import (  # noqa: E402
    FIRST_REGION_SIZE_MM,
    add_seeds_node,
    hold_handles,
    name_seed,
    place_region,
    region_of,
)
from CACBoneAxisLib.mrml.regions import exclude_region, excluded_reason  # noqa: E402
from CACBoneAxisLib.phantom import TorsoParameters, make_torso  # noqa: E402


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


MIDDLE = (1.5, 26.4, 116.5)


@pytest.fixture(scope="module")
def torso():
    """The tilted lumbar spine of the torso, whose bodies and densities are known; and where its L1 is."""
    made = make_torso(TorsoParameters.spine(rods=False, z_range_mm=(-84.0, 40.0), slice_increment_mm=2.0))
    return made, next(row for row in made.truth["bone"]["vertebrae"] if row["level"] == "L1")


@pytest.fixture
def nothing_found(monkeypatch):
    """No vertebra is found, without looking for one."""
    said = (finding("locate-unsure", level="L1"),)
    monkeypatch.setattr(
        placing, "locate_vertebra", lambda image, level, point, metal_hu: LocatedVertebra(level, point, findings=said)
    )


def test_where_no_vertebra_is_told_the_plain_region_stands_at_the_click_and_why_is_said(scene, small_ct):
    """The small vertebra is a box of one density: it has neither wall nor endplates."""
    node, message = place_region(scene, small_ct, np.array(MIDDLE), "L1")
    assert message
    box = box_from_node(node)
    assert (box.name, box.label, box.size_mm) == ("L1", "L1", FIRST_REGION_SIZE_MM)
    assert box.center_mm == pytest.approx(MIDDLE, abs=1e-4)
    hold_handles([node], node)
    assert node.GetDisplayNode().GetHandlesInteractive()
    hold_handles([node], None)
    assert not node.GetDisplayNode().GetHandlesInteractive()


def test_placed_again_the_region_moves_and_keeps_its_decision(scene, small_ct, nothing_found):
    node, _ = place_region(scene, small_ct, np.array(MIDDLE), "L1")
    exclude_region(node, "fracture")
    again, _ = place_region(scene, small_ct, np.add(MIDDLE, (2, 0, 3)), "L1", node)
    assert again is node
    assert box_from_node(node).center_mm == pytest.approx(np.add(MIDDLE, (2, 0, 3)), abs=1e-4)
    assert excluded_reason(node) == "fracture"


def test_a_click_beside_the_scan_is_refused(scene, small_ct):
    with pytest.raises(UnusableInputError, match="outside the scan"):
        place_region(scene, small_ct, np.array([500.0, 0.0, 0.0]), "L1")
    assert not scene.GetNumberOfNodesByClass("vtkMRMLMarkupsROINode")


def test_a_region_is_named_by_its_level_even_beside_another_scans(scene, small_ct, nothing_found):
    nodes = [place_region(scene, small_ct, np.array(MIDDLE), "L1")[0] for _scan in range(2)]
    assert [node.GetName() for node in nodes] == ["L1", "L1"]
    assert [node.GetNthControlPointLabel(0) for node in nodes] == ["L1", "L1"]


def test_a_region_is_found_by_its_level(scene, small_ct, nothing_found):
    region, _ = place_region(scene, small_ct, np.array(MIDDLE), "T12")
    assert region_of([region], "T12") is region
    assert region_of([region], "L2") is None


def test_one_click_anywhere_in_a_vertebra_places_a_region_without_cortex(scene, torso):
    torso, truth = torso
    for off in ((0, 0, 0), (8, -4, 3)):
        node, message = place_region(scene, torso.image, np.add(truth["center_lps_mm"], off), "L1")
        box = box_from_node(node)
        tilt = np.degrees(np.arccos(np.asarray(box.axes)[:, 2] @ truth["axis_lps"]))
        assert np.linalg.norm(np.subtract(box.center_mm, truth["center_lps_mm"])) < 3
        assert tilt < 8
        assert "found from a point" in message
        (vertebra,) = measure_vertebrae(torso.image, [VertebraRegion.from_box(box)]).vertebrae
        assert not {"region-cortex", "region-isolated"} & {finding.code for finding in vertebra.findings}


def test_a_protocol_of_another_shape_is_kept_with_the_region(scene, torso):
    torso, truth = torso
    protocol = RegionProtocol(protocol="sphere")
    node, _ = place_region(scene, torso.image, np.asarray(truth["center_lps_mm"]), "L1", protocol=protocol)
    assert VertebraRegion.from_box(box_from_node(node)).region.shape == "ellipsoid"
    size = box_from_node(node).size_mm
    assert size[:2] == pytest.approx((20, 20))
    # In the slices of this torso it has to be lower, to stay clear of the endplates.
    assert 10 < size[2] <= 20
    place_region(scene, torso.image, np.asarray(truth["center_lps_mm"]), "L1", node)
    assert VertebraRegion.from_box(box_from_node(node)).own_shape is False
