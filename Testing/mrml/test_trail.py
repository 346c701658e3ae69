"""What was done is kept in order, with the time, in the node of the reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.trail import note_action, trail, trail_of  # noqa: E402


def test_actions_are_kept_in_order_without_telling_that_a_choice_changed(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = SimpleNamespace(parameterNode=node)
    assert trail(parameters) == []
    told = []
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: told.append(event))
    note_action(parameters, "LAD-1 taken")
    note_action(parameters, 'excluded: "stent" 3 mm²')
    assert [entry["action"] for entry in trail(parameters)] == ["LAD-1 taken", 'excluded: "stent" 3 mm²']
    assert told == []
    ages = [datetime.now(UTC) - datetime.fromisoformat(entry["time"]) for entry in trail(parameters)]
    assert all(timedelta(0) <= age < timedelta(minutes=1) for age in ages)


def test_the_trail_stays_with_a_saved_scene(scene, tmp_path):
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    note_action(SimpleNamespace(parameterNode=node), "LAD-1 <taken> & 'kept'")
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Commit()
    scene.Clear(True)
    scene.Import()
    (loaded,) = [
        n
        for n in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode", scene)
        if n.GetAttribute("CACBoneAxis.Trail")
    ]
    assert trail(SimpleNamespace(parameterNode=loaded))[0]["action"] == "LAD-1 <taken> & 'kept'"


@pytest.mark.parametrize("name", ["CACBoneAxis.Trail", "CACBoneAxis.Approved"])
@pytest.mark.parametrize("text", ["[{", "3", '[{"time": 1}]', '{"name": 1', "[" * 3000, '{"a": 1}'])
def test_a_damaged_trail_is_refused_in_a_sentence(scene, name, text):
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    node.SetAttribute(name, text)
    with pytest.raises(UnusableInputError, match="The scene is damaged"):
        trail_of(node)
