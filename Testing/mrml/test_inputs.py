"""A study as nodes of the scene, analysed."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
from small_study import answers  # noqa: E402

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402


def test_the_score_through_nodes_is_the_one_worked_out_by_hand(nodes):
    # LAD: two slices of 6 pixels of 0.56 mm2, weight 2. RCA: one slice of 4 pixels, weight 4. Increment 3 mm.
    lad, rca = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4
    calcium = analyze_nodes(nodes, study_id="s").to_dict()["calcium"]
    assert calcium["territories"]["LAD"]["agatston"] == pytest.approx(lad, abs=1e-9)
    assert calcium["territories"]["RCA"]["agatston"] == pytest.approx(rca, abs=1e-9)
    assert calcium["total"]["agatston"] == pytest.approx(lad + rca, abs=1e-9)


def test_nodes_and_arrays_give_the_same_digits(nodes, small_result):
    assert answers(analyze_nodes(nodes)) == answers(small_result)


def test_nobody_read_nothing_found_and_something_found_are_three_answers(nodes):
    def total(seeds):
        return analyze_nodes(ReadingNodes(nodes.volume, seeds)).to_dict()["calcium"]["total"]["agatston"]

    empty = nodes.volume.GetScene().AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Empty")
    assert total(None) is None
    assert total(()) == 0
    assert total((empty,)) == 0
    assert total(nodes.seeds) > 0


def test_a_node_of_another_class_is_refused_by_name(nodes):
    with pytest.raises(UnusableInputError, match="Seeds"):
        analyze_nodes(ReadingNodes(nodes.volume, None, nodes.seeds))


def test_progress_is_told_and_can_end_the_analysis(nodes):
    told = []

    def stop_at_bone(message, fraction):
        told.append(fraction)
        if fraction >= 0.8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze_nodes(nodes, progress=stop_at_bone)
    assert told == sorted(told)
