"""A reading for each volume, and scenes of the version that had one for all."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.mrml.archive import add_study  # noqa: E402
from CACBoneAxisLib.mrml.choicenodes import SESSION_FIELDS  # noqa: E402
from CACBoneAxisLib.mrml.parameternodes import (  # noqa: E402
    choose,
    current_reading,
    find_reading,
    move_former_reading,
    reading_nodes_of,
    reading_of,
    session_node,
)


@pytest.fixture
def volumes(scene):
    """Two volumes without voxels."""
    return [scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in ("first", "second")]


def test_each_volume_has_a_reading_of_its_own(scene, volumes):
    first, second = (reading_of(scene, volume) for volume in volumes)
    assert first is not second
    assert [reading_of(scene, volume) for volume in volumes] == [first, second]
    assert [find_reading(scene, volume) for volume in volumes] == [first, second]
    assert first.GetSingletonTag() is None
    assert len(reading_nodes_of(scene)) == 2


def test_the_current_reading_is_that_of_the_chosen_volume(scene, volumes):
    assert current_reading(scene) is None
    for volume in volumes:
        choose(session_node(scene), "volume", volume)
        assert current_reading(scene).GetNodeReference("volume") is volume


def test_two_studies_in_a_scene_keep_their_own_choices(scene, small_study, small_result):
    nodes = [add_study(small_result, small_study, scene) for _ in range(2)]
    readings = [find_reading(scene, each.volume) for each in nodes]
    assert [reading.GetNodeReference("seeds") for reading in readings] == [each.seeds[0] for each in nodes]
    readings[0].SetParameter("kvp", "80")
    assert readings[1].GetParameter("kvp") != "80"


def former_scene(scene, volume):
    """The scene's node as the earlier version left it, with everything in it."""
    node = session_node(scene)
    for name, value in {"kvp": "100", "threshold": "145.0", "regions.len": "1", "liveUpdate": "False"}.items():
        node.SetParameter(name, value)
    region = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "L1")
    choose(node, "regions.0", region)
    choose(node, "volume", volume)
    return node, region


def test_choices_of_a_former_scene_become_the_reading_of_its_volume(scene, volumes):
    node, region = former_scene(scene, volumes[1])
    reading = current_reading(scene)
    assert reading is not node
    assert reading.GetNodeReference("volume") is volumes[1]
    assert reading.GetNodeReference("regions.0") is region
    assert (reading.GetParameter("kvp"), reading.GetParameter("threshold")) == ("100", "145.0")
    assert set(node.GetParameterNames()) <= set(SESSION_FIELDS)
    assert node.GetNodeReferenceID("regions.0") is None
    assert move_former_reading(scene) is None


def test_a_reading_that_is_there_is_not_overwritten_by_former_choices(scene, volumes):
    reading = reading_of(scene, volumes[1])
    reading.SetParameter("kvp", "120")
    former_scene(scene, volumes[1])
    assert current_reading(scene) is reading
    assert reading.GetParameter("kvp") == "120"


def test_former_choices_without_a_volume_are_nobodys(scene):
    former_scene(scene, None)
    assert current_reading(scene) is None
    assert reading_nodes_of(scene) == []
