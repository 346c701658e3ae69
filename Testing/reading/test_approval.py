"""An approved reading stands still: whatever changes it from elsewhere ends the approval at once."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.trail import trail  # noqa: E402


def write_vertebra(segmentation, volume, first):
    """Write L1 from a slice on into the segmentation, as the Segment Editor does."""
    body = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    body[first:10, 45:72, 25:65] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(body, segmentation, "L1", volume)


@pytest.fixture
def approved(scene, small_ct):
    """A host whose reading, with a lesion, a region, and a segmented vertebra, is approved."""
    volume = add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    reading = host.workspace.reading
    at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))  # noqa: E731
    reading.lesions.click(at((4, 20, 31)))
    reading.regions.place("L2", at((5.5, 58, 45)))
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "vertebrae")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation.GetSegmentation().AddEmptySegment("L1", "L1")
    write_vertebra(segmentation, volume, 2)
    reading.parameters.vertebrae = segmentation
    host.let_time_pass()
    assert not reading.changed_since_result
    reading.approve("Dr. Lee")
    assert reading.locked()
    yield host
    host.workspace.cleanup()


CHANGES = {
    "a seed moved": lambda p: p.seeds.SetNthControlPointPosition(0, 1, 2, 3),
    "a region resized": lambda p: p.regions[0].SetSize(30, 30, 30),
    "a region deleted": lambda p: p.regions[0].GetScene().RemoveNode(p.regions[0]),
    "a threshold": lambda p: setattr(p, "threshold", 200.0),
    "a segment edited": lambda p: write_vertebra(p.vertebrae, p.volume, 4),
    "voxels of the scan": lambda p: slicer.util.arrayFromVolumeModified(p.volume),
}


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_from_elsewhere_ends_the_approval_at_once(approved, change, shown):
    reading = approved.workspace.reading
    if not shown:
        # As while the Segment Editor or the Markups module is open.
        approved.workspace.stop()
    CHANGES[change](reading.parameters)
    assert not reading.locked()
    assert not reading.parameters.regions[-1] or not reading.parameters.regions[-1].GetLocked()
    assert "changed elsewhere, which ends its approval; it had been approved by Dr. Lee" in str(
        trail(reading.parameters)
    )
    if not shown:
        approved.workspace.start()
    assert any("the approval by Dr. Lee no longer holds" in sentence for sentence in reading.guard.notices())


def test_what_decides_nothing_leaves_the_approval(approved):
    reading = approved.workspace.reading
    reading.parameters.territory = "RCA"
    reading.parameters.limitToHeart = False
    reading.parameters.seeds.SetName("other")
    approved.workspace.stop()
    approved.workspace.start()
    assert reading.locked()
    assert reading.guard.notices() == []


def test_locks_and_handles_are_restored_as_they_were(scene, approved):
    reading = approved.workspace.reading
    (region,) = reading.parameters.regions
    reading.unlock("Dr. Lee")
    reading.parameters.seeds.SetLocked(True)
    region.GetDisplayNode().SetHandlesInteractive(True)
    reading.approve("Dr. Lee")
    assert region.GetLocked()
    assert not region.GetDisplayNode().GetHandlesInteractive()
    assert not reading.regions.follow() or not region.GetDisplayNode().GetHandlesInteractive()
    reading.unlock("Dr. Lee")
    assert not region.GetLocked()
    assert region.GetDisplayNode().GetHandlesInteractive()
    assert reading.parameters.seeds.GetLocked()
