"""Vertebrae and heart of a segmentation node, on the CT's grid."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.labels import (  # noqa: E402
    exclude_segment,
    exclusion,
    heart_from_segmentation,
    labels_from_segmentation,
    segments_state,
    vertebra_segments,
)


@pytest.fixture
def vertebra(small_ct):
    """The vertebra of the small CT as an array of 0 and 1."""
    array = np.zeros(small_ct.hu.shape, dtype=np.uint8)
    array[2:10, 45:72, 25:65] = 1
    return array


def add_segment(scene, volume, segmentation, name, array):
    segment_id = segmentation.GetSegmentation().AddEmptySegment("", name)
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, segmentation, segment_id, volume)


@pytest.fixture
def segmentation(scene, volume, vertebra):
    """A segmentation as TotalSegmentator makes it: a vertebra among other organs."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Organs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    add_segment(scene, volume, node, "heart", np.roll(vertebra, -30, axis=1))
    add_segment(scene, volume, node, "vertebrae_L1", vertebra)
    return node


def test_only_vertebrae_are_taken_and_every_voxel_of_them(segmentation, volume, vertebra, small_ct):
    labels = labels_from_segmentation(segmentation, volume)
    assert labels.names == {1: "L1"}
    assert np.array_equal(labels.labels, vertebra)
    assert labels.geometry.shape == small_ct.geometry.shape


def test_they_are_measured_as_a_labelmap_is(segmentation, volume):
    bone = analyze_nodes(ReadingNodes(volume, None, (), segmentation)).to_dict()["bone"]
    assert [(v["level"], v["source"], v["mean_hu"]) for v in bone["vertebrae"]] == [("L1", "labelmap", 120)]


def test_a_segmentation_without_a_vertebra_is_refused(scene, volume, vertebra):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Organs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    add_segment(scene, volume, node, "heart", vertebra)
    with pytest.raises(UnusableInputError, match="Organs"):
        labels_from_segmentation(node, volume)


def test_totalsegmentators_segments_are_known_by_class_and_by_standard_name(segmentation):
    """Its extension names segments in words on request (``L1 vertebra``) and always has the class as id."""
    content = segmentation.GetSegmentation()
    content.RemoveAllSegments()
    for segment_id, name in {"vertebrae_L1": "L1 vertebra", "vertebrae_T12": "Wirbel", "vertebrae_S1": "S1"}.items():
        content.AddEmptySegment(segment_id, name)
    assert vertebra_segments(segmentation) == {"vertebrae_L1": "L1", "vertebrae_T12": "T12"}


def test_an_excluded_segment_leaves_the_mean_in_the_scene_and_in_its_file(segmentation, volume, scene, tmp_path):
    """The tag is written by Slicer's own storage node and read by the library without Slicer."""
    from CACBoneAxisLib.imaging.labelfiles import read_labels

    (segment_id,) = vertebra_segments(segmentation)
    exclude_segment(segmentation, segment_id, "fracture | old")
    assert exclusion(segmentation, segment_id) == "fracture / old"
    (vertebra,) = analyze_nodes(ReadingNodes(volume, None, (), segmentation)).to_dict()["bone"]["vertebrae"]
    assert (vertebra["status"], vertebra["mean_hu"]) == ("excluded", None)
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(tmp_path / "spine.seg.nrrd"))
    assert storage.WriteData(segmentation)
    stored = read_labels(tmp_path / "spine.seg.nrrd")
    assert [stored.names[value] for value in stored.excluded] == ["vertebrae_L1"]
    assert list(stored.excluded.values()) == ["fracture / old"]
    exclude_segment(segmentation, segment_id, None)
    assert exclusion(segmentation, segment_id) is None
    assert labels_from_segmentation(segmentation, volume).excluded == {}


def test_what_was_left_out_comes_along_into_the_scene_and_makes_a_result_old(segmentation, volume):
    from CACBoneAxisLib.mrml.archive import add_vertebrae
    from CACBoneAxisLib.mrml.scene import fingerprint
    from CACBoneAxisLib.study import Settings

    nodes = ReadingNodes(volume, None, (), segmentation)
    before = fingerprint(nodes, Settings())
    (segment_id,) = vertebra_segments(segmentation)
    exclude_segment(segmentation, segment_id, "metal")
    assert fingerprint(nodes, Settings()) != before
    again = add_vertebrae(labels_from_segmentation(segmentation, volume), volume, volume.GetScene())
    assert labels_from_segmentation(again, volume).excluded == {1: "metal"}


def test_heart_aorta_and_bones_are_taken_voxel_by_voxel_and_all_else_is_not(segmentation, volume, vertebra, scene):
    heart = np.roll(vertebra, -30, axis=1)
    aorta = np.zeros_like(vertebra)
    aorta[3:6, 5:9, 5:9] = 1
    add_segment(scene, volume, segmentation, "liver", np.roll(vertebra, 5, axis=0))
    add_segment(scene, volume, segmentation, "aorta", aorta)
    before = segments_state(segmentation)
    labels = heart_from_segmentation(segmentation, volume)
    assert segments_state(segmentation) == before
    numbers = {name: number for number, name in labels.names.items()}
    assert set(numbers) == {"heart", "vertebrae_L1", "aorta"}
    for name, array in (("heart", heart), ("vertebrae_L1", vertebra), ("aorta", aorta)):
        assert np.array_equal(labels.labels == numbers[name], array), name
    assert slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode", scene) == []


def test_voxels_and_names_of_segments_make_another_state(segmentation, volume, vertebra):
    before = segments_state(segmentation)
    ids = [segmentation.GetSegmentation().GetNthSegmentID(n) for n in range(2)]
    slicer.util.updateSegmentBinaryLabelmapFromArray(np.roll(vertebra, 1, axis=2), segmentation, ids[0], volume)
    edited = segments_state(segmentation)
    assert edited != before
    segmentation.GetSegmentation().GetSegment(ids[0]).SetName("left ventricle")
    assert segments_state(segmentation) != edited


def test_a_segmentation_without_a_heart_is_refused_as_one(scene, volume, vertebra):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Spine")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    with pytest.raises(UnusableInputError, match="Spine names no heart"):
        heart_from_segmentation(node, volume)
    add_segment(scene, volume, node, "vertebrae_L1", vertebra)
    with pytest.raises(UnusableInputError, match="Spine names no heart"):
        heart_from_segmentation(node, volume)
