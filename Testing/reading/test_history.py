"""Whatever is done in whatever order: all of it undone is the beginning, all of it redone is the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402
from stub_parameters import StubParameters  # noqa: E402

from CACBoneAxisLib.calcium.protocol import CalciumProtocol  # noqa: E402
from CACBoneAxisLib.imaging.geometry import swap_ras_lps  # noqa: E402
from CACBoneAxisLib.imaging.markups import Box  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.markups import add_box_node, box_from_node, points_from_node  # noqa: E402
from CACBoneAxisLib.mrml.volumes import image_from_volume  # noqa: E402
from CACBoneAxisLib.reading.editing import Editor  # noqa: E402
from CACBoneAxisLib.reading.history import History, what_changed  # noqa: E402
from CACBoneAxisLib.reading.snapshots import take_snapshot  # noqa: E402
from CACBoneAxisLib.study import StudyInputs, analyze  # noqa: E402
from CACBoneAxisLib.study.incremental import IncrementalAnalysis  # noqa: E402

PLACES = ((4, 20, 31), (5, 21, 30), (7, 24, 50), (6, 43, 41), (4, 30, 31), (6, 60, 40))
ARTERIES = ("LM", "LAD", "LCX", "RCA", "AA")


@pytest.fixture
def editor(scene, small_ct):
    small_ct.hu[6, 42:45, 40:43] = 260
    volume = add_volume(small_ct, scene)
    return Editor(StubParameters(scene, volume), IncrementalAnalysis(image_from_volume(volume)), CalciumProtocol())


def ras(editor: Editor, zyx: tuple[int, int, int]) -> np.ndarray:
    return swap_ras_lps(editor.analysis.image.geometry.voxel_center(zyx))


def act(editor: Editor, rng: np.random.Generator) -> None:
    """Do one of the things that a reader, or another module, can do."""
    parameters = editor.parameters
    place, artery = ras(editor, PLACES[rng.integers(len(PLACES))]), ARTERIES[rng.integers(len(ARTERIES))]
    number, lesions = int(rng.integers(1, 4)), editor.lesions()
    lesion = lesions[number - 1] if number <= len(lesions) else None
    regions = parameters.regions
    match int(rng.integers(13)):
        case 0 | 1 | 2:
            editor.take(place, artery)
        case 3:
            editor.take(place, artery, "slice")
        case 4:
            editor.cut(place, artery, float(rng.uniform(0.5, 4)))
        case 5:
            editor.remove(lesion)
        case 6:
            editor.exclude(lesion, "stent")
        case 7:
            editor.give(lesion, artery)
        case 8:
            node = add_box_node(Box("L1", tuple(rng.uniform(-5, 5, 3)), (9.0, 8.0, 7.0), label="L1"), slicer.mrmlScene)
            parameters.regions = [*regions, node]
        case 9 if regions:
            regions[0].SetCenter(*rng.uniform(-5, 5, 3))
        case 10 if regions:
            parameters.regions = regions[1:]
            slicer.mrmlScene.RemoveNode(regions[0])
        case 11 if regions:
            regions[-1].SetNthControlPointDescription(0, '{"decision": "excluded", "reason": "fracture"}')
        case _:
            parameters.choose("threshold", str(rng.integers(130, 300)))


def content(parameters: StubParameters) -> Any:
    """Return what a result would rest on, read by other means than the snapshots'."""
    seeds = parameters.seeds
    points = () if seeds is None else points_from_node(seeds).points
    boxes = [box_from_node(node) for node in parameters.regions]
    return (
        points,
        [(b.name, b.center_mm, b.size_mm, b.description) for b in boxes],
        parameters.parameterNode.GetParameter("threshold"),
    )


@pytest.mark.parametrize("seed", range(6))
def test_all_undone_is_the_beginning_and_all_redone_the_end(editor, seed):
    rng = np.random.default_rng(seed)
    parameters = editor.parameters
    parameters.choose("threshold", "130")
    history = History(parameters)
    states = [content(parameters)]
    for _ in range(40):
        act(editor, rng)
        if history.note("something"):
            states.append(content(parameters))
    assert len(states) > 10
    for state in reversed(states[:-1]):
        assert history.undo() is not None
        assert content(parameters) == state
    assert history.undo() is None
    for state in states[1:]:
        assert history.redo() is not None
        assert content(parameters) == state
    assert history.redo() is None
    # And from the middle on, something else: what was undone is gone then.
    for _ in range(len(states) // 2):
        history.undo()
    parameters.choose("threshold", "555")
    assert history.redo() is None
    assert history.done[-1].text == "threshold"


@pytest.mark.parametrize("seed", [1, 3])
def test_what_was_undone_and_redone_scores_the_same_digits_from_its_markups(editor, seed):
    rng = np.random.default_rng(seed)
    history = History(editor.parameters)
    for _ in range(25):
        act(editor, rng)
        history.note("something")

    def total() -> Any:
        lists = (points_from_node(editor.parameters.seeds),)
        return analyze(StudyInputs(editor.analysis.image, lists)).to_dict()["calcium"]

    end = total()
    count = len(history.done)
    for _ in range(count):
        history.undo()
    for _ in range(count):
        history.redo()
    assert total() == end


def test_what_another_module_did_is_undone_first_and_in_its_place(editor):
    history = History(editor.parameters)
    editor.take(ras(editor, PLACES[0]), "LAD")
    history.note("LAD-1 taken")
    editor.parameters.seeds.SetNthControlPointPosition(0, 1.0, 2.0, 3.0)
    assert history.undo().text == "points"
    assert [point.label for point in points_from_node(editor.parameters.seeds).points] == ["LAD-1"]
    assert history.undo().text == "LAD-1 taken"
    assert points_from_node(editor.parameters.seeds).points == ()


def test_a_drag_and_a_typed_number_are_one_step_each(editor):
    parameters = editor.parameters
    region = add_box_node(Box("L1", (0.0, 0.0, 0.0), (9.0, 8.0, 7.0)), slicer.mrmlScene)
    parameters.regions = [region]
    history = History(parameters)
    for x in range(18):
        region.SetCenter(float(x), 0.0, 0.0)
        history.note()
    for value in ("1", "13", "135"):
        parameters.choose("threshold", value)
        history.note()
    assert [step.text for step in history.done] == ["L1", "threshold"]
    history.undo()
    history.undo()
    assert np.allclose(region.GetCenter(), 0)


def test_a_region_deleted_under_the_reading_comes_back_with_its_decision(editor):
    parameters = editor.parameters
    region = add_box_node(Box("L1", (1.0, 2.0, 3.0), (9.0, 8.0, 7.0), label="L1"), slicer.mrmlScene)
    region.SetNthControlPointDescription(0, '{"decision": "excluded", "reason": "fracture"}')
    parameters.regions = [region]
    history = History(parameters)
    before = box_from_node(region)
    slicer.mrmlScene.RemoveNode(region)
    history.undo()
    assert box_from_node(parameters.regions[0]) == before


def test_undo_leaves_points_alone_that_did_not_change(editor):
    editor.take(ras(editor, PLACES[0]), "LAD")
    editor.parameters.seeds.SetNthControlPointLocked(0, True)
    history = History(editor.parameters)
    identity = editor.parameters.seeds.GetNthControlPointID(0)
    editor.take(ras(editor, PLACES[2]), "RCA")
    history.note("taken")
    history.undo()
    assert editor.parameters.seeds.GetNthControlPointID(0) == identity
    assert editor.parameters.seeds.GetNthControlPointLocked(0)


def test_a_change_is_called_by_what_differs(editor):
    parameters = editor.parameters
    before = take_snapshot(parameters)
    parameters.choose("kvp", "100")
    assert what_changed(before, take_snapshot(parameters)) == "kvp"
    editor.take(ras(editor, PLACES[0]), "LAD")
    assert what_changed(before, take_snapshot(parameters)) == "seeds"


def test_a_point_without_a_place_is_no_part_of_the_reading_and_stays(editor):
    editor.take(ras(editor, PLACES[0]), "LAD")
    node = editor.parameters.seeds
    history = History(editor.parameters)
    editor.take(ras(editor, PLACES[2]), "RCA")
    history.note("taken")
    node.UnsetNthControlPointPosition(node.AddControlPoint(vtk.vtkVector3d(0, 0, 0), "skipped"))
    history.undo()
    assert [point.label for point in points_from_node(node).points] == ["LAD-1"]
