"""A segmentation of the heart in a reading: the digits of the command line, in the scene, saved, and replayed."""

from __future__ import annotations

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import bare_scene  # noqa: E402
from torso_heart import heart_labels_of  # noqa: E402

from CACBoneAxisLib.cli import main  # noqa: E402
from CACBoneAxisLib.imaging.labels import write_labels  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_inputs, add_volume  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes, inputs_from_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import (  # noqa: E402
    fingerprint,
    is_current,
    reading_nodes,
    replay,
    result_nodes,
    show_result,
    write_mrb,
)
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso  # noqa: E402
from CACBoneAxisLib.study import Settings, StudyInputs, analyze  # noqa: E402

LISTED = Settings.from_mapping({"calcium": {"suggestions": "list"}})


@pytest.fixture(scope="module")
def torso():
    return make_torso(TorsoParameters(spacing_mm=1.5))


@pytest.fixture(scope="module")
def heart(torso):
    return heart_labels_of(torso, 2)


@pytest.fixture
def nodes(scene, torso, heart):
    """The torso as a user has it: a CT, and a segmentation with a segment a chamber."""
    volume = add_volume(torso.image, scene)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "TotalSegmentator")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for number, name in heart.names.items():
        segment_id = segmentation.GetSegmentation().AddEmptySegment("", name)
        array = (heart.labels == number).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, segmentation, segment_id, volume)
    return ReadingNodes(volume, None, heart=segmentation)


def suggested(result):
    return result.to_dict()["calcium"]["suggestions"]


def test_nodes_and_command_line_suggest_the_same_digits(nodes, torso, heart, tmp_path):
    paths = write_torso(torso, tmp_path / "torso")
    write_labels(tmp_path / "heart.seg.nrrd", heart)
    arguments = ["analyze", str(paths["ct"]), "--heart", str(tmp_path / "heart.seg.nrrd"), "--suggest"]
    assert main([*arguments, "--output", str(tmp_path / "result")]) == 0
    said = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))["calcium"]
    mine = analyze_nodes(nodes, LISTED).to_dict()["calcium"]
    assert said["search"]["found_by"] == "segmentation"
    assert len(said["suggestions"]) > 3
    assert mine["suggestions"] == said["suggestions"]
    assert mine["search"] == said["search"]


def test_without_looking_for_candidates_the_heart_is_said_not_to_be_used(nodes):
    codes = {item["code"] for item in analyze_nodes(nodes).to_dict()["calcium"]["findings"]}
    assert "heart-not-used" in codes


def test_it_is_put_on_the_grid_once_for_as_long_as_it_is_the_same(nodes):
    first = inputs_from_nodes(nodes)
    assert inputs_from_nodes(nodes, image=first.image).heart is first.heart
    segment_id = nodes.heart.GetSegmentation().GetNthSegmentID(0)
    nodes.heart.GetSegmentation().RemoveSegment(segment_id)
    assert inputs_from_nodes(nodes, image=first.image).heart is not first.heart


def test_a_saved_scene_is_replayed_with_it(nodes, tmp_path):
    result = analyze_nodes(nodes, LISTED)
    record = show_result(result, nodes).result
    assert reading_nodes(record).heart is nodes.heart
    assert suggested(replay(record)) == suggested(result)
    write_mrb(nodes.volume.GetScene(), tmp_path / "scene.mrb")
    with bare_scene.reopened(tmp_path / "scene.mrb") as fresh:
        (again,) = result_nodes(fresh)
        assert suggested(replay(again)) == suggested(result)
        assert is_current(again, reading_nodes(again), LISTED)


def test_a_heart_chosen_or_renamed_makes_a_result_old(nodes):
    before = fingerprint(ReadingNodes(nodes.volume), LISTED)
    with_heart = fingerprint(nodes, LISTED)
    assert with_heart != before
    nodes.heart.GetSegmentation().GetNthSegment(0).SetName("spleen")
    assert fingerprint(nodes, LISTED) not in (before, with_heart)


def test_a_study_that_came_with_a_heart_has_it_in_the_scene(scene, torso, heart):
    inputs = StudyInputs(torso.image, None, settings=LISTED, heart=heart)
    nodes = add_inputs(inputs, scene)
    assert nodes.heart is not None
    assert suggested(analyze_nodes(nodes, LISTED)) == suggested(analyze(inputs))
