"""Candidates over the CT: which voxels, where in the patient, and how little of the scan is touched."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.calcium.candidates import find_candidates  # noqa: E402
from CACBoneAxisLib.calcium.heart import HeartRegion  # noqa: E402
from CACBoneAxisLib.calcium.protocol import CalciumProtocol  # noqa: E402
from CACBoneAxisLib.calcium.screening import screen_candidates  # noqa: E402
from CACBoneAxisLib.imaging.regions import Region  # noqa: E402
from CACBoneAxisLib.mrml import candidatenodes as overlay  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.volumes import ijk_to_ras  # noqa: E402

PROTOCOL = CalciumProtocol()


@pytest.fixture
def listing(small_ct):
    small_ct.hu[2:10, 45:72, 25:65] = 300  # bone
    return screen_candidates(small_ct, find_candidates(small_ct.hu, 130.0), PROTOCOL)


def box_around(image, low_zyx, high_zyx):
    """A box that holds the centres of these voxels and those between them."""
    ends = np.array([image.geometry.to_lps(np.asarray(zyx)[::-1]) for zyx in (low_zyx, high_zyx)])
    size = np.abs(ends[1] - ends[0]) + 0.1
    return Region(tuple(ends.mean(axis=0)), tuple(size), shape="box")


def test_labels_are_what_is_offered_and_not_taken(small_ct, listing):
    crop = overlay.crop_of(small_ct, None)
    wanted = (small_ct.hu >= 130).astype(np.uint8)
    wanted[2:10, 45:72, 25:65] = 0
    assert np.array_equal(overlay.candidate_labels(listing, crop), wanted)
    lesion = listing.candidates.component(listing.candidates.label_at((7, 24, 50)))
    wanted[7, 24:26, 50:52] = 0
    assert np.array_equal(overlay.candidate_labels(listing, crop, [lesion]), wanted)


@pytest.mark.parametrize(
    ("low", "high"), [((3, 10, 20), (8, 40, 60)), ((4, 21, 31), (5, 30, 50)), ((0, 0, 0), (11, 79, 89))]
)
def test_a_block_holds_what_the_whole_image_has_there(small_ct, listing, low, high):
    crop = overlay.crop_of(small_ct, box_around(small_ct, low, high))
    whole = overlay.candidate_labels(listing, overlay.crop_of(small_ct, None))
    assert all(a <= b for a, b in zip(crop.low, low, strict=True))
    assert all(a + n > b for a, n, b in zip(crop.low, crop.shape, high, strict=True))
    assert np.array_equal(overlay.candidate_labels(listing, crop), whole[crop.slices])
    assert np.array_equal(overlay.above(small_ct, 200.0, crop), (small_ct.hu >= 200)[crop.slices])


def test_a_box_outside_the_scan_has_an_empty_block(small_ct, listing):
    crop = overlay.crop_of(small_ct, Region((500.0, 0.0, 0.0), (10.0, 10.0, 10.0), shape="box"))
    assert overlay.candidate_labels(listing, crop).size == 0


def test_a_turned_box_is_held_whole(small_ct):
    angle = np.radians(30)
    axes = ((np.cos(angle), -np.sin(angle), 0.0), (np.sin(angle), np.cos(angle), 0.0), (0.0, 0.0, 1.0))
    center = tuple(float(v) for v in small_ct.geometry.to_lps((45, 40, 6)))
    box = Region(center, (20.0, 10.0, 9.0), axes, "box")
    inside = box.contains(small_ct.geometry.to_lps(np.argwhere(np.ones(small_ct.hu.shape))[:, ::-1]))
    zyx = np.argwhere(np.ones(small_ct.hu.shape))[inside]
    crop = overlay.crop_of(small_ct, box)
    assert np.all(zyx >= crop.low)
    assert np.all(zyx < np.add(crop.low, crop.shape))


def test_the_layer_lies_where_the_candidates_are(scene, small_ct, listing):
    add_volume(small_ct, scene)
    crop = overlay.crop_of(small_ct, box_around(small_ct, (3, 10, 20), (8, 40, 60)))
    node = overlay.show_labels(scene, small_ct, crop, overlay.candidate_labels(listing, crop))
    array = slicer.util.arrayFromVolume(node)
    matrix = ijk_to_ras(node)
    ras = np.argwhere(array)[:, ::-1] @ matrix[:3, :3].T + matrix[:3, 3]
    zyx = np.rint(small_ct.geometry.to_index(ras * (-1, -1, 1)))[:, ::-1].astype(int)
    assert {tuple(v) for v in zyx} == {
        tuple(v) for v in np.argwhere(overlay.candidate_labels(listing, overlay.crop_of(small_ct, None)))
    }
    assert overlay.find_label_node(scene) is node
    assert not node.GetSaveWithScene()


def test_the_same_block_is_changed_in_place_and_another_one_anew(scene, small_ct, listing):
    crop = overlay.crop_of(small_ct, None)
    node = overlay.show_labels(scene, small_ct, crop, overlay.candidate_labels(listing, crop))
    image = node.GetImageData()
    again = overlay.show_labels(scene, small_ct, crop, overlay.above(small_ct, 200.0, crop))
    assert (again, again.GetImageData()) == (node, image)
    assert np.array_equal(slicer.util.arrayFromVolume(node), small_ct.hu >= 200)
    smaller = overlay.crop_of(small_ct, box_around(small_ct, (3, 10, 20), (8, 40, 60)))
    overlay.show_labels(scene, small_ct, smaller, overlay.above(small_ct, 200.0, smaller))
    assert slicer.util.arrayFromVolume(node).shape == smaller.shape


def test_the_layer_comes_over_every_view_and_leaves_others_labels_alone(scene, small_ct, listing):
    crop = overlay.crop_of(small_ct, None)
    node = overlay.show_labels(scene, small_ct, crop, overlay.candidate_labels(listing, crop))
    mine, others = (scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(2))
    another = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "another")
    others.SetLabelVolumeID(another.GetID())
    overlay.show_layer(node, scene)
    assert mine.GetLabelVolumeID() == node.GetID()
    assert others.GetLabelVolumeID() == another.GetID()
    overlay.hide_layer(node, scene)
    assert mine.GetLabelVolumeID() is None
    assert others.GetLabelVolumeID() == another.GetID()


def test_the_proposed_box_holds_the_region_without_its_spurs(small_ct):
    inside = np.zeros((12, 40, 45), dtype=bool)
    inside[3:9, 10:30, 12:35] = True
    inside[0, 0, 0] = True
    heart = HeartRegion(inside, np.zeros_like(inside), 2, np.zeros((12, 3)))
    box = overlay.proposed_box(small_ct, heart)
    region = overlay.box_region(box)
    voxels = np.argwhere(inside)[1:] * (1, 2, 2)
    assert np.all(region.contains(small_ct.geometry.to_lps(voxels[:, ::-1])))
    assert not region.contains(np.asarray(small_ct.geometry.to_lps((0, 0, 0))))
    low = small_ct.geometry.to_index(np.asarray(box.center_mm) - np.asarray(box.size_mm) / 2)
    # 5 mm of margin around columns 24 to 69, rows 20 to 59, slices 3 to 8.
    assert low == pytest.approx((24 - 5 / 0.7, 20 - 5 / 0.8, 3 - 5 / 3), abs=0.1)
    assert overlay.proposed_box(small_ct, None) is None
