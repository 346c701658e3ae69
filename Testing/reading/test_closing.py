"""A scene that is closed takes everything with it: what runs, what was scheduled, and its voxels."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.reading.candidates import CandidateLayer  # noqa: E402
from CACBoneAxisLib.reading.suggestions import SuggestionList  # noqa: E402

CYCLES = 10


@pytest.fixture
def host(scene, small_ct):
    add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    host.at = lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))
    yield host
    host.workspace.cleanup()


def made_here(scene):
    """The nodes of an emptied scene that are not the application's own."""
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return [n.GetName() for n in nodes if n.IsA("vtkMRMLDisplayableNode") or n.IsA("vtkMRMLTextNode")]


def close_during(host, monkeypatch, step):
    """Close the scene at a step of whatever runs next, as a user can while the progress bar is drawn."""
    steps = []

    def progress(message, part):
        steps.append(message)
        if len(steps) == step:
            host.workspace.scene.Clear(False)

    monkeypatch.setattr(host, "run", lambda work: host.workspace.run(work, progress))
    return steps


@pytest.mark.parametrize("step", [1, 2, 3])
def test_candidates_that_are_sought_end_with_their_scene(host, scene, monkeypatch, step):
    layer = CandidateLayer(host.workspace, lambda: None)
    layer.switch(True)
    layer.update()
    steps = close_during(host, monkeypatch, step)
    layer.settle()
    assert len(steps) == step
    assert made_here(scene) == []
    assert not host.workspace.busy
    layer.cleanup()


def test_an_analysis_and_suggestions_end_with_their_scene(host, scene, monkeypatch):
    host.workspace.reading.regions.place("L1", host.at((5.5, 58, 45)))
    steps = close_during(host, monkeypatch, 1)
    host.workspace.reading.analyze()
    assert len(steps) == 1
    assert made_here(scene) == []
    assert host.said == []


def test_what_was_scheduled_is_forgotten_when_the_scene_closes(host, scene):
    called = []
    host.workspace.defer(0, lambda: called.append(1)).start()
    layer, suggestions = CandidateLayer(host.workspace, lambda: None), SuggestionList(host.workspace, lambda: None)
    for one in (layer, suggestions):
        one.switch(True)
    layer.update()
    host.workspace.reading.parameters.minimumArea = 2.0
    assert layer.settling.waiting
    scene.Clear(False)
    assert not layer.settling.waiting
    host.let_time_pass()
    assert called == []
    assert host.steps == []
    assert made_here(scene) == []


def test_ten_closed_scenes_keep_no_voxels(host, scene, small_ct):
    gone = []
    for cycle in range(CYCLES):
        if cycle:
            add_volume(small_ct, scene)
            host.let_time_pass()
        reading = host.workspace.reading
        reading.volume.GetImageData().AddObserver("DeleteEvent", lambda *_: gone.append(1))
        layer = CandidateLayer(host.workspace, lambda: None)
        layer.switch(True)
        layer.update()
        layer.settle()
        assert reading.lesions.click(host.at((4, 20, 31))).done
        reading.regions.place("L1", host.at((5.5, 58, 45)))
        host.workspace.checker.run(reading.parameters)
        assert reading.latest_result() is not None
        layer.cleanup()
        del reading, layer
        scene.Clear(False)
        gc.collect()
        assert len(gone) == cycle + 1
