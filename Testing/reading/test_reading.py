"""A whole reading through the reading room: no widget, no Qt in the process, the digits of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
sys.path.append(str(Path(__file__).parent))

from reader_host import ReaderHost  # noqa: E402

from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.trail import trail  # noqa: E402
from CACBoneAxisLib.reading.host import CancelledError  # noqa: E402

# By hand: slices x pixels x mm2 x weight, 3 mm increment.
LAD, RCA = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4
LAD_ZYX, RCA_ZYX, NOTHING_ZYX, VERTEBRA_ZYX = (4, 20, 31), (7, 24, 50), (4, 35, 31), (5.5, 58, 45)


@pytest.fixture
def host(scene, small_ct):
    """The small CT in a scene that a host follows."""
    add_volume(small_ct, scene)
    host = ReaderHost(scene)
    host.workspace.start()
    yield host
    host.workspace.cleanup()


@pytest.fixture
def reading(host):
    return host.workspace.reading


@pytest.fixture
def at(small_ct):
    """The place of a voxel, RAS mm."""
    return lambda zyx: tuple(np.asarray(small_ct.geometry.to_lps(zyx[::-1])) * (-1, -1, 1))


def total(reading):
    return reading.result_mapping()["calcium"]["total"]["agatston"]


def test_a_whole_reading_without_qt_gives_the_digits_of_the_command_line(tmp_path):
    command = [sys.executable, str(Path(__file__).parent / "read_torso.py"), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout.strip().splitlines()[-1])
    assert said == {"differences": [], "qt": []}


def test_the_first_scan_is_the_reading_and_a_click_returns_what_changed_and_a_sentence(host, reading, at):
    assert host.shown is reading
    outcome = reading.lesions.click(at(LAD_ZYX))
    assert (outcome.done, outcome.what) == (True, "taken")
    # 12 voxels of 0.7 x 0.8 x 3 mm.
    assert outcome.sentence == "LAD-1 taken, 20.2 mm3."
    assert total(reading) == pytest.approx(LAD)
    nothing = reading.lesions.click(at(NOTHING_ZYX))
    assert not nothing.done
    assert nothing.sentence == "Nothing to take here: 40.0 HU, below the threshold of 130 HU."


def test_the_lesion_that_was_clicked_is_the_chosen_one_through_undo_and_redo(reading, at):
    reading.lesions.click(at(LAD_ZYX))
    reading.parameters.territory = "RCA"
    reading.lesions.click(at(RCA_ZYX))
    assert reading.lesions.chosen_entry()["territory"] == "RCA"
    reading.lesions.remove()
    assert reading.lesions.chosen_entry() is None
    assert reading.undo().done
    assert reading.lesions.chosen_entry()["territory"] == "RCA"
    assert total(reading) == pytest.approx(LAD + RCA)
    assert reading.redo().done
    assert total(reading) == pytest.approx(LAD)
    assert [entry["action"].split(":")[0] for entry in trail(reading.parameters)][-3:] == [
        "removed",
        "undone",
        "redone",
    ]


def test_a_burst_of_changes_is_analysed_once_a_moment_later(host, reading, at):
    reading.lesions.click(at(LAD_ZYX))
    host.steps.clear()
    for area in (1.5, 2.0, 2.5):
        reading.parameters.minimumArea = area
    assert reading.changed_since_result
    assert host.steps == []
    host.let_time_pass()
    assert not reading.changed_since_result
    assert [part for _, part in host.steps].count(host.steps[0][1]) == 1
    assert reading.result_mapping()["calcium"]["protocol"]["minimum_area_mm2"] == 2.5


def test_a_cancelled_analysis_leaves_the_last_result_and_says_so(host, reading, at, monkeypatch):
    reading.lesions.click(at(LAD_ZYX))
    before = total(reading)

    def cancel(message, part):
        raise CancelledError

    monkeypatch.setattr(host, "run", lambda work: host.workspace.run(work, cancel))
    reading.parameters.minimumArea = 2.5
    reading.analyze()
    assert host.said == ["Cancelled; the last result stays."]
    assert total(reading) == before
    assert not host.workspace.busy


def test_an_approved_reading_refuses_every_action_with_the_sentence_that_says_how_to_go_on(reading, at):
    reading.lesions.click(at(LAD_ZYX))
    assert reading.cannot_approve("")
    reading.approve("Dr. Lee")
    for outcome in (reading.lesions.click(at(RCA_ZYX)), reading.undo(), reading.regions.place("L1", at(VERTEBRA_ZYX))):
        assert not outcome.done
        assert "Approved by Dr. Lee" in outcome.sentence
    assert total(reading) == pytest.approx(LAD)
    reading.unlock("Dr. Ito")
    assert not reading.locked()
    assert reading.undo().done


def test_each_scan_has_its_own_reading_and_a_removed_scan_takes_its_own_with_it(host, scene, small_ct, reading, at):
    first = reading.volume
    second = add_volume(small_ct, scene)
    reading.lesions.click(at(LAD_ZYX))
    host.workspace.session.volume = second
    other = host.workspace.reading
    assert other is not reading
    assert other.result() is None
    other.lesions.click(at(RCA_ZYX))
    host.workspace.session.volume = first
    assert host.workspace.reading is reading
    assert total(reading) == pytest.approx(LAD)
    assert len(reading.history.done) == len(other.history.done) == 1
    assert reading.undo().done
    assert not reading.undo().done
    assert len(other.history.done) == 1
    scene.RemoveNode(first)
    assert host.workspace.reading is None
    assert host.shown is None


def test_a_closed_scene_begins_anew_with_the_next_scan(host, scene, small_ct, reading, at):
    reading.lesions.click(at(LAD_ZYX))
    scene.Clear(False)
    assert host.workspace.reading is None
    volume = add_volume(small_ct, scene)
    host.let_time_pass()
    assert host.workspace.reading.volume is volume
    assert host.workspace.reading.history.done == []


def test_a_region_is_placed_read_out_and_removed(host, reading, at):
    outcome = reading.regions.place("L1", at(VERTEBRA_ZYX))
    assert outcome.done
    check = host.workspace.checker.run(reading.parameters)
    # The body's 120 HU, everywhere.
    assert reading.regions.read_out(check).vertebra["mean_hu"] == pytest.approx(120)
    assert not reading.regions.place("L2", (500.0, 0.0, 0.0)).done
    assert [node.GetName() for node in reading.regions.all()] == ["L1"]
    reading.regions.remove(reading.regions.to_remove(""))
    assert reading.regions.all() == []
    reading.undo()
    assert [node.GetName() for node in reading.regions.all()] == ["L1"]


def test_the_choices_without_slicers_wrapper_are_those_of_the_module():
    import ast

    from CACBoneAxisLib.mrml import choicenodes

    module = Path(__file__).resolve().parents[2] / "CACBoneAxis" / "CACBoneAxis.py"
    classes = {n.name: n for n in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(n, ast.ClassDef)}
    pairs = (
        ("CACBoneAxisParameterNode", choicenodes.ReadingChoices),
        ("CACBoneAxisSessionNode", choicenodes.SessionChoices),
    )
    for name, own in pairs:
        fields = {n.target.id: n.value for n in classes[name].body if isinstance(n, ast.AnnAssign)}
        ours = {key: field for key, field in vars(own).items() if isinstance(field, choicenodes.Field)}
        assert list(fields) == list(ours)
        for key, value in fields.items():
            if isinstance(value, ast.Constant):
                assert ours[key].default == value.value, key
            elif isinstance(value, ast.Attribute):
                assert ours[key].default.name == value.attr, key


def test_choices_stand_in_the_node_as_slicer_writes_them(scene, small_ct):
    from CACBoneAxisLib.mrml.choicenodes import ReadingChoices

    choices = ReadingChoices(scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    volume = add_volume(small_ct, scene)
    choices.kvp, choices.noneFound, choices.regions = 120, True, [volume, volume]
    choices.contrast = type(choices.contrast)["YES"]
    choices.volume = volume
    node = choices.parameterNode
    texts = [node.GetParameter(name) for name in ("kvp", "noneFound", "contrast", "regions.len", "threshold")]
    assert texts == ["120", "True", "YES", "2", "130.0"]
    assert node.GetNodeReference("regions.1") is volume
    again = ReadingChoices(node)
    assert (again.kvp, again.noneFound, again.contrast.value, again.volume) == (120, True, True, volume)
    again.regions = []
    assert choices.regions == []
    assert node.GetNodeReference("regions.1") is None
