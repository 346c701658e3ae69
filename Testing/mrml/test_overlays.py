"""The overlay over the CT: every voxel of a lesion and a region, and no other."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_study  # noqa: E402
from CACBoneAxisLib.mrml.inputs import analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.overlays import fill_label_volume, label_values, result_segments, show_segments  # noqa: E402

ORDERS = {
    "axial": np.eye(3),
    "as most files": np.diag([-1, -1, 1]),
    "feet first": np.diag([1, -1, -1]),
    "sagittal": np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "mirrored": np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]]),
}


@pytest.fixture(params=list(ORDERS))
def shown(request, scene, small_study, small_result):
    """The result shown over a volume node in one of several axis orders: nodes, result, segmentation."""
    nodes = add_study(small_result, small_study, scene)
    array, matrix = slicer.util.arrayFromVolume(nodes.volume), vtk.vtkMatrix4x4()
    nodes.volume.GetIJKToRASMatrix(matrix)
    ijk_to_ras = slicer.util.arrayFromVTKMatrix(matrix)
    turn = ORDERS[request.param]
    source, signs = np.abs(turn).argmax(axis=0), turn.sum(axis=0)
    xyz = array.transpose(2, 1, 0).transpose(source)
    old_from_new = np.eye(4)
    old_from_new[:3, :3] = turn
    for new, (old, sign) in enumerate(zip(source, signs, strict=True)):
        if sign < 0:
            xyz = np.flip(xyz, new)
            old_from_new[old, 3] = array.shape[2 - old] - 1
    slicer.util.updateVolumeFromArray(nodes.volume, np.ascontiguousarray(xyz.transpose(2, 1, 0)))
    nodes.volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras @ old_from_new))
    result = analyze_nodes(nodes)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Overlay")
    show_segments(result_segments(result), result, nodes.volume, segmentation)
    return nodes, result, segmentation


def values_in(segmentation, segment_id, volume) -> np.ndarray:
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
    return slicer.util.arrayFromVolume(volume)[inside > 0]


def test_each_segment_lies_on_its_calcium_in_every_axis_order(shown):
    nodes, _result, segmentation = shown
    assert values_in(segmentation, "LAD", nodes.volume).tolist() == [250] * 12
    assert values_in(segmentation, "RCA", nodes.volume).tolist() == [450] * 4


def test_the_region_lies_on_the_vertebra_in_every_axis_order(shown):
    nodes, result, segmentation = shown
    values = values_in(segmentation, "L1", nodes.volume)
    assert len(values) == result.bone_masks["L1"].count
    assert set(values.tolist()) == {120}


def test_the_label_volume_holds_the_same_voxels(shown, scene):
    nodes, result, segmentation = shown
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    fill_label_volume(result_segments(result), result, nodes.volume, labels)
    array = slicer.util.arrayFromVolume(labels)
    for segment_id, value in (("LAD", 2), ("RCA", 4), ("L1", 23)):
        assert label_values()[segment_id] == value
        inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, nodes.volume)
        assert np.array_equal(array == value, inside > 0)
    assert labels.GetDisplayNode().GetColorNode().GetColorName(4) == "Right coronary"


def test_no_segment_is_larger_than_what_it_holds(shown):
    """Writing a segment at full size once would make every later update slow."""
    nodes, _result, segmentation = shown
    image = segmentation.GetSegmentation().GetSegment("LAD").GetRepresentation("Binary labelmap")
    whole = np.prod(nodes.volume.GetImageData().GetDimensions())
    assert image.GetNumberOfPoints() < whole / 4


def test_segments_that_are_gone_from_the_result_go_and_a_readers_own_stay(shown):
    nodes, result, segmentation = shown
    content = segmentation.GetSegmentation()
    content.AddEmptySegment("mine", "Mine")
    only_bone = [s for s in result_segments(result) if s.id == "L1"]
    show_segments(only_bone, result, nodes.volume, segmentation)
    assert sorted(content.GetNthSegmentID(n) for n in range(content.GetNumberOfSegments())) == ["L1", "mine"]
    assert len(values_in(segmentation, "L1", nodes.volume)) == result.bone_masks["L1"].count


def test_shown_again_every_segment_keeps_its_voxels(shown):
    nodes, result, segmentation = shown
    for _again in range(2):
        show_segments(result_segments(result), result, nodes.volume, segmentation)
    test_each_segment_lies_on_its_calcium_in_every_axis_order(shown)


def test_colour_name_and_codes_survive_slicers_segmentation_file(shown, scene, tmp_path):
    _nodes, _result, segmentation = shown
    segmentation.AddDefaultStorageNode()
    segmentation.GetStorageNode().SetFileName(str(tmp_path / "overlay.seg.nrrd"))
    assert segmentation.GetStorageNode().WriteData(segmentation)
    again = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Again")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(tmp_path / "overlay.seg.nrrd"))
    assert storage.ReadData(again)
    segment = again.GetSegmentation().GetSegment("LAD")
    assert segment.GetName() == "Left anterior descending"
    assert np.allclose(np.multiply(segment.GetColor(), 255), (255, 221, 51), atol=0.5)
    tag = vtk.reference("")
    assert segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), tag)
    assert "SCT^59438005" in str(tag)


def test_a_volume_whose_transform_was_hardened_is_overlaid_where_it_is_seen(scene, small_study, small_result):
    nodes = add_study(small_result, small_study, scene)
    move = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turn = np.array([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    move.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    for node in (nodes.volume, *nodes.seeds, *nodes.regions):
        node.SetAndObserveTransformNodeID(move.GetID())
        node.HardenTransform()
    result = analyze_nodes(nodes)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Overlay")
    show_segments(result_segments(result), result, nodes.volume, segmentation)
    assert values_in(segmentation, "LAD", nodes.volume).tolist() == [250] * 12
