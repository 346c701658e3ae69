"""Unusable input of one half leaves the other its numbers, and says why where the half's answer stands."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.inputs import analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import replay  # noqa: E402
from CACBoneAxisLib.reading.answers import bone_answer, calcium_answer  # noqa: E402

# By hand: slices x pixels x mm2 x weight, 3 mm increment.
LAD, RCA = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4


@pytest.fixture
def host(scene, small_ct):
    add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    host.at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))
    yield host
    host.workspace.cleanup()


def add_twice(scene, volume):
    """Add a segmentation with two segments named L1."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "spine")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    body = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    body[2:10, 45:72, 25:65] = 1
    for segment_id in ("one", "two"):
        node.GetSegmentation().AddEmptySegment(segment_id, "L1")
        slicer.util.updateSegmentBinaryLabelmapFromArray(body, node, segment_id, volume)
    return node


def two_regions(reading, scene):
    """Give the reading two regions for L1."""
    regions = [scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "L1") for _ in range(2)]
    for region in regions:
        region.SetSize(20, 16, 10)
    reading.parameters.regions = regions


@pytest.mark.parametrize("fault", ["two regions", "a region without size", "a segmentation of nothing"])
def test_unusable_bone_input_does_not_stop_calcium(host, scene, fault):
    reading = host.workspace.reading
    if fault == "two regions":
        two_regions(reading, scene)
    elif fault == "a region without size":
        two_regions(reading, scene)
        reading.parameters.regions = reading.parameters.regions[:1]
        reading.parameters.regions[0].SetSize(0, 0, 0)
    else:
        reading.parameters.vertebrae = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "nothing")
    for place, score in (((4, 20, 31), LAD), ((7, 24, 50), LAD + RCA)):
        assert reading.lesions.click(host.at(place)).done
        assert reading.result_mapping()["calcium"]["total"]["agatston"] == pytest.approx(score)
    with pytest.raises(UnusableInputError) as refused:
        analyze_nodes(reading.nodes)
    answer = bone_answer(reading.result_mapping())
    assert f"No bone density: Bone was not measured: {refused.value}" in answer
    assert "No vertebral region was given" not in answer
    again = replay(reading.result()).to_dict()
    assert again["calcium"] == reading.latest_result().to_dict()["calcium"]


def test_two_segments_of_one_level_do_not_stop_calcium(host, scene):
    reading = host.workspace.reading
    reading.parameters.vertebrae = add_twice(scene, reading.volume)
    assert reading.lesions.click(host.at((4, 20, 31))).done
    assert reading.result_mapping()["calcium"]["total"]["agatston"] == pytest.approx(LAD)
    assert not reading.changed_since_result


def test_unusable_seeds_do_not_stop_bone(host, scene):
    reading = host.workspace.reading
    reading.regions.place("L1", host.at((5.5, 58, 45)))
    assert reading.lesions.click(host.at((4, 20, 31))).done
    reading.parameters.seeds.SetNthControlPointLabel(0, "no artery")
    reading.parameters.seeds.SetNthControlPointPosition(0, 1, 2, 3)
    host.let_time_pass()
    (vertebra,) = reading.result_mapping()["bone"]["vertebrae"]
    # The body's 120 HU, everywhere.
    assert vertebra["mean_hu"] == pytest.approx(120)
    assert "No Agatston score: Calcium was not scored" in calcium_answer(reading.result_mapping())
