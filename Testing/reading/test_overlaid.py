"""What only shows a result is no input: an edited overlay is written anew, and hidden candidates come back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.candidatenodes import find_label_node  # noqa: E402
from CACBoneAxisLib.reading.candidates import CandidateLayer  # noqa: E402


@pytest.fixture
def host(scene, small_ct):
    scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode").SetLayoutName("Red")
    add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    host.at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))
    host.workspace.reading.lesions.click(host.at((4, 20, 31)))
    yield host
    host.workspace.cleanup()


def voxels(reading):
    """The number of voxels in the segment of the LAD."""
    segmentation = reading.result().GetNodeReference("segmentation")
    return int((slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "LAD", reading.volume) > 0).sum())


@pytest.mark.parametrize("edit", ["erased", "removed"])
def test_an_edited_overlay_is_said_and_written_anew(host, edit):
    reading = host.workspace.reading
    assert (voxels(reading), reading.guard.notices()) == (12, [])
    segmentation = reading.result().GetNodeReference("segmentation")
    # As while the Segment Editor is open.
    host.workspace.stop()
    if edit == "erased":
        nothing = np.zeros(slicer.util.arrayFromVolume(reading.volume).shape, np.uint8)
        nothing[4, 20, 30] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(nothing, segmentation, "LAD", reading.volume)
        assert voxels(reading) == 1
    else:
        segmentation.GetSegmentation().RemoveSegment("LAD")
    host.workspace.start()
    (sentence,) = reading.guard.notices()
    assert "Cut" in sentence
    assert "Exclude" in sentence
    host.let_time_pass()
    assert voxels(reading) == 12
    assert not reading.overlay_edited()
    # Said until the reader's next step.
    assert reading.lesions.click(host.at((7, 24, 50))).done
    assert reading.guard.notices() == []


def test_the_reading_that_is_approved_stays_so_when_its_overlay_is_edited(host):
    reading = host.workspace.reading
    reading.approve("Dr. Lee")
    host.workspace.stop()
    reading.result().GetNodeReference("segmentation").GetSegmentation().RemoveSegment("LAD")
    host.workspace.start()
    assert reading.locked()
    assert len(reading.guard.notices()) == 1


def test_candidates_behind_another_label_volume_are_said_and_come_back(host, scene, small_ct):
    reading = host.workspace.reading
    layer = CandidateLayer(host.workspace, lambda: None)
    layer.switch(True)
    layer.update()
    layer.settle()
    (composite,) = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", scene)
    own = find_label_node(scene)
    assert composite.GetLabelVolumeID() == own.GetID()
    other = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "TotalSegmentator")
    composite.SetLabelVolumeID(other.GetID())
    assert reading.guard.notices() == [
        "The candidates are hidden by TotalSegmentator: hide that label volume, and they are back."
    ]
    before = host.refreshed
    composite.SetLabelVolumeID(None)
    assert composite.GetLabelVolumeID() == own.GetID()
    assert reading.guard.notices() == []
    assert host.refreshed > before
    composite.SetLabelVolumeID(other.GetID())
    layer.switch(False)
    assert composite.GetLabelVolumeID() == other.GetID()
    assert reading.guard.notices() == []
    layer.cleanup()
