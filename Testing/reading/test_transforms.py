"""A transform over anything of a reading: said on top and refused until it is hardened, in panel and console."""

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


@pytest.fixture
def host(scene, small_ct):
    add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    host.at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))
    host.workspace.reading.lesions.click(host.at((4, 20, 31)))
    host.workspace.reading.regions.place("L1", host.at((5.5, 58, 45)))
    yield host
    host.workspace.cleanup()


@pytest.mark.parametrize("what", ["volume", "seeds", "region"])
def test_a_transform_is_said_on_top_and_nothing_is_scored_until_it_is_hardened(host, scene, what):
    reading = host.workspace.reading
    node = {"volume": reading.volume, "seeds": reading.parameters.seeds, "region": reading.regions.of("L1")}[what]
    move = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Move")
    move.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 0.5))
    node.SetAndObserveTransformNodeID(move.GetID())
    words = f"{node.GetName()} stands under the transform Move: harden it first"
    assert reading.changed_since_result
    (sentence,) = reading.guard.notices()
    assert sentence.startswith(words)
    with pytest.raises(UnusableInputError, match="harden it first"):
        analyze_nodes(reading.nodes)
    if what != "region":
        outcome = reading.lesions.click(host.at((7, 24, 50)))
        assert not outcome.done
        assert outcome.sentence.startswith(words)
    node.HardenTransform()
    assert reading.guard.notices() == []


def test_a_maximum_projection_of_a_scan_under_a_transform_is_refused_too(host, scene):
    reading = host.workspace.reading
    move = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Move")
    move.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.eye(4) + np.eye(4, k=3)))
    reading.volume.SetAndObserveTransformNodeID(move.GetID())
    assert "harden it first" in reading.lesions.click(host.at((7, 24, 50)), ((0.0, 0.0, 1.0), 15.0)).sentence
