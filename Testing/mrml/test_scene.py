"""A reading in the scene: analysed, shown, kept, replayed."""

from __future__ import annotations

import json

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import bare_scene  # noqa: E402
from small_study import answers  # noqa: E402

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import (  # noqa: E402
    find_result,
    is_current,
    reading_nodes,
    replay,
    result_mapping,
    result_nodes,
    show_result,
    write_mrb,
)


def test_shown_again_it_updates_the_nodes_it_made_before(scene, nodes):
    first = show_result(analyze_nodes(nodes), nodes, label_volume=True)
    count = scene.GetNumberOfNodes()
    again = show_result(analyze_nodes(nodes), nodes, label_volume=True)
    assert again.segmentation is first.segmentation
    assert again.result is first.result
    assert scene.GetNumberOfNodes() == count


def test_an_output_that_was_deleted_is_made_anew(scene, nodes):
    first = show_result(analyze_nodes(nodes), nodes)
    scene.RemoveNode(first.segmentation)
    scene.RemoveNode(first.lesion_table)
    again = show_result(analyze_nodes(nodes), nodes)
    assert again.segmentation.GetSegmentation().GetNumberOfSegments() == 3
    assert again.lesion_table.GetNumberOfRows() == 2


def test_everything_of_a_reading_is_in_one_folder(scene, nodes):
    outputs = show_result(analyze_nodes(nodes), nodes)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folders = {
        hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
        for node in (outputs.result, outputs.segmentation, outputs.vertebra_table, *nodes.seeds, *nodes.regions)
    }
    assert len(folders) == 1
    assert hierarchy.GetItemLevel(folders.pop()) == "Folder"


def test_the_result_node_holds_result_json(nodes):
    result = analyze_nodes(nodes)
    outputs = show_result(result, nodes)
    assert result_mapping(outputs.result) == json.loads(json.dumps(result.to_dict()))


@pytest.mark.parametrize("read", [True, False])
def test_the_nodes_of_a_reading_are_found_again(scene, nodes, read):
    given = nodes if read else ReadingNodes(nodes.volume, None, nodes.regions)
    show_result(analyze_nodes(given), given)
    assert reading_nodes(find_result(scene, nodes.volume)) == given


def test_a_saved_scene_is_replayed_to_the_same_digits(scene, nodes, tmp_path):
    """MRB written, unpacked, imported into an empty scene, analysed again from what is in it."""
    from CACBoneAxisLib.study import Settings

    nodes.seeds[0].SetNthControlPointDescription(1, '{"decision": "excluded", "reason": "stent"}')
    settings = Settings.from_mapping(
        {"calcium": {"minimum_area_mm2": 0.5}, "patient": {"sex": "F"}, "acquisition": {"contrast": False}}
    )
    result = analyze_nodes(nodes, settings, "one")
    show_result(result, nodes)
    write_mrb(scene, tmp_path / "scene.mrb")

    with bare_scene.reopened(tmp_path / "scene.mrb") as fresh:
        (record,) = result_nodes(fresh)
        again = replay(record)
        assert answers(again) == answers(result)
        assert again.settings == settings
        assert is_current(record, reading_nodes(record), settings)
        assert answers(again)["calcium"]["lesions"][1]["status"] == "excluded"


@pytest.mark.parametrize("what", ["seed", "decision", "region", "settings", "nothing", "empty list"])
def test_a_result_is_current_until_what_it_was_made_from_changes(nodes, small_result, what):
    settings = small_result.settings
    record = show_result(small_result, nodes).result
    if what == "seed":
        nodes.seeds[0].SetNthControlPointPosition(0, 1, 2, 3)
    elif what == "decision":
        nodes.seeds[0].SetNthControlPointDescription(0, '{"decision": "excluded", "reason": "stent"}')
    elif what == "region":
        nodes.regions[0].SetSize(10, 10, 10)
    elif what == "settings":
        settings = type(settings).from_mapping({"calcium": {"minimum_area_mm2": 2}})
    elif what == "empty list":
        nodes = ReadingNodes(nodes.volume, (), nodes.regions)
    assert is_current(record, nodes, settings) == (what == "nothing")


def test_a_replay_without_its_volume_says_so(scene, nodes):
    record = show_result(analyze_nodes(nodes), nodes).result
    scene.RemoveNode(nodes.volume)
    with pytest.raises(UnusableInputError, match="CT volume"):
        replay(record)


def test_rounding_of_a_saved_scene_is_no_change(nodes, small_result):
    """What Slicer reads of a turned region differs from what it wrote in the last digits."""
    region = nodes.regions[0]
    c, s = 0.9995645736967168, 0.029506999347624033
    matrix = slicer.util.arrayFromVTKMatrix(region.GetObjectToNodeMatrix())
    matrix[:3, :3] = [[1, 0, 0], [0, c, -s], [0, s, c]]
    region.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    record = show_result(small_result, nodes).result
    assert is_current(record, nodes, small_result.settings)
    matrix[1, 1] += 3e-16
    region.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    assert is_current(record, nodes, small_result.settings)
    matrix[:3, :3] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    region.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    assert not is_current(record, nodes, small_result.settings)


@pytest.mark.parametrize("damage", [lambda text: text[:-9], lambda text: text.replace('"agatston": ', '"agatston": -')])
def test_a_damaged_result_is_not_replayed(scene, nodes, damage):
    record = show_result(analyze_nodes(nodes), nodes).result
    record.SetText(damage(record.GetText()))
    with pytest.raises(UnusableInputError, match="The result in the scene"):
        replay(record)
