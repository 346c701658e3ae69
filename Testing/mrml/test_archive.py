"""What the headless run leaves: the scene beside the result, and an exit code."""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import bare_scene  # noqa: E402
import SimpleITK as sitk  # noqa: E402, N813

from CACBoneAxisLib.imaging.markups import ControlPoint, PointList, write_markups  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_study, add_vertebrae, add_volume  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.parameternodes import current_reading, session_node  # noqa: E402
from CACBoneAxisLib.mrml.scene import is_current, replay, result_nodes  # noqa: E402
from CACBoneAxisLib.phantom import TorsoParameters, make_torso  # noqa: E402
from CACBoneAxisLib.study import Settings, StudyInputs  # noqa: E402
from CACBoneAxisLib.study import analyze as analyze_study  # noqa: E402

SCRIPT = Path(__file__).resolve().parents[2] / "CACBoneAxis" / "Scripts" / "cacboneaxis_slicer.py"


@pytest.fixture
def files(small_study, tmp_path):
    """The small study as files."""
    geometry = small_study.image.geometry
    image = sitk.GetImageFromArray(np.ascontiguousarray(small_study.image.hu))
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    write_markups(tmp_path / "seeds.mrk.json", small_study.seeds)
    write_markups(tmp_path / "L1.mrk.json", small_study.regions)
    return tmp_path


@pytest.fixture
def run(scene, monkeypatch):
    """Run the script as Slicer does and return the code with which it ends Slicer."""

    def run_script(*arguments) -> int:
        codes = []
        monkeypatch.setattr(slicer.util, "exit", codes.append)
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        runpy.run_path(str(SCRIPT), run_name="__main__")
        (code,) = codes
        return code

    return run_script


def analyze(run, files, *more) -> int:
    inputs = ("--seeds", files / "seeds.mrk.json", "--rois", files / "L1.mrk.json", "--output", files / "out")
    return run("analyze", files / "ct.nrrd", *inputs, *more)


def test_the_scene_lies_beside_the_result_and_replays_to_its_digits(run, files, scene):
    assert analyze(run, files, "--age", 63, "--sex", "F", "--erosion", 5) == 0
    result = json.loads((files / "out" / "result.json").read_text())
    scene.Clear(False)
    bare_scene.open_saved(scene, files / "out" / "scene.mrb")
    (record,) = result_nodes(scene)
    again = replay(record).to_dict()
    for part in ("calcium", "bone", "suitability"):
        assert again[part] == result[part]


def test_unusable_input_ends_slicer_with_2_and_leaves_nothing(run, files, capsys):
    (files / "ct.nrrd").unlink()
    assert analyze(run, files) == 2
    # File names may be patients' names; without --identifiers they are not said.
    assert "image.nrrd does not exist" in capsys.readouterr().err
    assert not (files / "out").exists()


def test_wrong_use_ends_slicer_with_2(run):
    assert run("analyse") == 2


def test_a_programming_error_ends_slicer_too(run, files, monkeypatch, capsys):
    from CACBoneAxisLib.mrml import archive

    def broken(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr(archive, "write_mrb", broken)
    assert analyze(run, files) == 1
    assert "broken" in capsys.readouterr().err
    assert not (files / "out").exists()


def test_the_panels_choices_are_those_of_the_command_line(scene, small_study, small_result):
    """What the stand-in of Slicer's wrapper reads is in Testing/panel; here the node's own texts."""
    nodes = add_study(small_result, small_study, scene)
    assert session_node(scene).GetNodeReference("volume") is nodes.volume
    node = current_reading(scene)
    assert node.GetAttribute("ModuleName") == "CACBoneAxis"
    assert node.GetNodeReference("volume") is nodes.volume
    assert node.GetNodeReference("regions.0") is nodes.regions[0]
    assert node.GetParameter("regions.len") == "1"
    assert json.loads(node.GetParameter("otherSettings"))["bone"]["region"]["shape"] == "elliptic-cylinder"
    assert node.GetParameter("noneFound") == "False"


def test_several_seed_files_become_one_list(scene, small_study, small_result):
    (points,) = small_study.seeds
    halves = tuple(replace(points, points=(point,)) for point in points.points)
    (node,) = add_study(small_result, replace(small_study, seeds=halves), scene).seeds
    assert node.GetNumberOfControlPoints() == 2


def test_vertebrae_come_as_segments_named_by_level(scene, small_ct):
    from CACBoneAxisLib.imaging.labels import LabelImage

    volume = add_volume(small_ct, scene)
    labels = np.zeros(small_ct.hu.shape, dtype=np.uint8)
    labels[2:10, 45:72, 25:65] = 20
    segmentation = add_vertebrae(LabelImage(labels, small_ct.geometry), volume, scene, "verse")
    content = segmentation.GetSegmentation()
    assert [content.GetNthSegment(n).GetName() for n in range(content.GetNumberOfSegments())] == ["L1"]
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "L1", volume)
    assert np.array_equal(inside > 0, labels == 20)


def test_nodes_made_of_a_study_are_current(scene, small_study, small_result):
    from CACBoneAxisLib.mrml.scene import show_result

    nodes = add_study(small_result, small_study, scene)
    record = show_result(small_result, nodes).result
    assert is_current(record, nodes, small_result.settings)
    assert not is_current(record, ReadingNodes(nodes.volume), small_result.settings)


def test_a_phantom_calibration_is_kept_through_the_scene(run, files, scene):
    more = ("--phantom", "siemens-osteo")
    assert analyze(run, files, *more) == 0
    node = current_reading(scene)
    other = json.loads(node.GetParameter("otherSettings"))
    assert other["bone"]["calibration"]["phantom"] == "siemens-osteo"
    result = json.loads((files / "out" / "result.json").read_text())
    assert "rods-none" in [f["code"] for f in result["bone"]["findings"]]


def test_a_region_placed_from_a_point_measures_the_same_from_the_scene(scene):
    torso = make_torso(TorsoParameters.spine(slice_increment_mm=2.5, rods=False))
    middle = next(r for r in torso.truth["bone"]["vertebrae"] if r["level"] == "L1")["center_lps_mm"]
    points = PointList("levels", (ControlPoint("L1", tuple(middle)),))
    settings = Settings.from_mapping({"bone": {"region": {"protocol": "qct-ellipse"}}})
    inputs = StudyInputs(torso.image, settings=settings, points=(points,))
    result = analyze_study(inputs)
    again = analyze_nodes(add_study(result, inputs, scene), settings)
    assert again.bone.vertebrae[0].source == "roi"
    assert again.bone.vertebrae[0].statistics == result.bone.vertebrae[0].statistics
