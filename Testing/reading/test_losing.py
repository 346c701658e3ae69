"""A node of a reading that is deleted elsewhere: its place stays empty, a line says so, and undo brings it back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402

LAD_ZYX, RCA_ZYX = (4, 20, 31), (7, 24, 50)


@pytest.fixture
def two(scene, small_ct):
    """A host with two scans, a lesion taken in each; the first is shown."""
    volumes = [add_volume(small_ct, scene) for _ in range(2)]
    host = ReaderHost(scene)
    host.workspace.start()
    host.volumes = volumes
    host.at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))
    for volume, place in zip(volumes[::-1], (RCA_ZYX, LAD_ZYX), strict=True):
        host.workspace.session.volume = volume
        host.workspace.reading.lesions.click(host.at(place))
    yield host
    host.workspace.cleanup()


def test_deleted_seeds_leave_their_place_empty_and_undo_brings_them_back(two, scene):
    reading = two.workspace.reading
    seeds, before = reading.parameters.seeds, reading.result_mapping()["calcium"]["total"]["agatston"]
    scene.RemoveNode(seeds)
    assert reading.parameters.seeds is None
    said = f"{seeds.GetName()} was deleted; its place in this reading is empty. Undo brings it back."
    assert reading.guard.notices() == [said]
    # What is clicked next is this scan's, in a list of its own.
    assert reading.lesions.click(two.at(RCA_ZYX)).done
    assert reading.guard.notices() == []
    two.workspace.session.volume = two.volumes[1]
    assert two.workspace.reading.parameters.seeds.GetNumberOfControlPoints() == 1
    two.workspace.session.volume = two.volumes[0]
    for _ in range(2):
        assert reading.undo().done
    assert reading.parameters.seeds is seeds
    assert reading.result_mapping()["calcium"]["total"]["agatston"] == before


@pytest.mark.parametrize("role", ["vertebrae", "heartSegmentation", "secondVolume", "baseline"])
def test_a_deleted_segmentation_or_scan_of_a_reading_leaves_its_place_empty(two, scene, small_ct, role):
    reading = two.workspace.reading
    if role in ("secondVolume", "baseline"):
        node = add_volume(small_ct, scene)
    else:
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "of this scan")
        scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "of another one")
    setattr(reading.parameters, role, node)
    scene.RemoveNode(node)
    assert getattr(reading.parameters, role) is None
    (sentence,) = reading.guard.notices()
    assert sentence.startswith(node.GetName())
    if role != "baseline":
        assert reading.undo().done
        assert getattr(reading.parameters, role) is node
        assert node.GetScene() is scene


def test_a_reading_that_is_not_shown_tells_of_its_loss_when_it_is_shown_again(two, scene):
    other = two.workspace.reading
    two.workspace.session.volume = two.volumes[1]
    scene.RemoveNode(other.parameters.seeds)
    assert two.workspace.reading.guard.notices() == []
    two.workspace.session.volume = two.volumes[0]
    assert len(two.workspace.reading.guard.notices()) == 1
    assert other.undo().done
    assert other.parameters.seeds.GetNumberOfControlPoints() == 1


def test_what_the_panel_itself_removes_is_no_loss(two):
    reading = two.workspace.reading
    reading.regions.place("L1", two.at((5.5, 58, 45)))
    reading.regions.remove(reading.regions.of("L1"))
    assert reading.guard.notices() == []
    reading.undo()
    assert reading.guard.notices() == []
