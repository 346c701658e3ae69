"""Vertebrae of a segmentation node, on the CT's grid."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.labels import labels_from_segmentation  # noqa: E402
from CACBoneAxisLib.mrml.reading import ReadingNodes, analyze_nodes  # noqa: E402


@pytest.fixture
def volume(scene, small_ct):
    return add_volume(small_ct, scene)


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
    assert labels.names == {1: "vertebrae_L1"}
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
