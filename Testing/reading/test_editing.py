"""Each action of a reader on lesions whose scores are known by hand, and that it is kept as markups."""

from __future__ import annotations

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
from stub_parameters import StubParameters  # noqa: E402

from CACBoneAxisLib.calcium.protocol import CalciumProtocol  # noqa: E402
from CACBoneAxisLib.calcium.suggestions import Suggestion  # noqa: E402
from CACBoneAxisLib.imaging.geometry import swap_ras_lps  # noqa: E402
from CACBoneAxisLib.imaging.markups import PointList  # noqa: E402
from CACBoneAxisLib.imaging.regions import Region  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.markups import points_from_node  # noqa: E402
from CACBoneAxisLib.mrml.volumes import image_from_volume  # noqa: E402
from CACBoneAxisLib.reading.editing import Editor  # noqa: E402
from CACBoneAxisLib.reading.outcome import Outcome  # noqa: E402
from CACBoneAxisLib.study import StudyInputs, analyze  # noqa: E402
from CACBoneAxisLib.study.incremental import IncrementalAnalysis  # noqa: E402

# 3 x 2 pixels of 0.56 mm2 at 250 HU (weight 2) in two slices of 3 mm; 2 x 2 at 450 HU (weight 4) in one.
LAD, RCA = 2 * 6 * 0.56 * 2, 4 * 0.56 * 4
LAD_ZYX, RCA_ZYX, BONE_ZYX = (4, 20, 31), (7, 24, 50), (6, 60, 40)


@pytest.fixture
def editor(scene, small_ct):
    small_ct.hu[2:10, 45:72, 25:65] = 300
    # Calcium that touches the bone.
    small_ct.hu[6, 42:45, 40:43] = 260
    volume = add_volume(small_ct, scene)
    return Editor(StubParameters(scene, volume), IncrementalAnalysis(image_from_volume(volume)), CalciumProtocol())


def first(editor: Editor):
    """The first lesion, None where there is none."""
    return next(iter(editor.lesions()), None)


def ras(editor: Editor, zyx: tuple[int, int, int]) -> np.ndarray:
    return swap_ras_lps(editor.analysis.image.geometry.voxel_center(zyx))


def scores(editor: Editor) -> dict[str, float]:
    """Return what the command line says of the saved points, territories without a score left out."""
    node = editor.parameters.seeds
    lists = () if node is None else (points_from_node(node),)
    result = analyze(StudyInputs(editor.analysis.image, lists)).calcium
    return {code: totals.agatston for code, totals in result.territories.items() if totals.agatston}


def labels(editor: Editor) -> list[str]:
    return [point.label for point in points_from_node(editor.parameters.seeds).points]


def test_one_click_takes_the_whole_lesion(editor):
    outcome = editor.take(ras(editor, LAD_ZYX), "LAD")
    assert outcome.done
    assert (outcome.what, outcome.values["seed"]) == ("taken", "LAD-1")
    assert scores(editor) == pytest.approx({"LAD": LAD})
    assert outcome.values["volume_mm3"] == pytest.approx(12 * 0.56 * 3)


def test_a_click_on_a_taken_lesion_moves_it_and_a_second_one_changes_nothing(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    assert editor.take(ras(editor, (5, 21, 30)), "LCX").what == "moved"
    assert labels(editor) == ["LCX-1"]
    assert scores(editor) == pytest.approx({"LCX": LAD})
    assert editor.take(ras(editor, LAD_ZYX), "LCX") == Outcome(False, "same", {"artery": "LCX"})


def test_numbers_of_seeds_go_on_within_each_artery(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.take(ras(editor, RCA_ZYX), "LAD")
    assert labels(editor) == ["LAD-1", "LAD-2"]
    editor.take(ras(editor, RCA_ZYX), "RCA")
    assert labels(editor) == ["LAD-1", "RCA-1"]


def test_a_click_on_nothing_says_why_and_changes_nothing(editor):
    assert editor.take(ras(editor, (4, 30, 31)), "LAD") == Outcome(False, "below", {"hu": 40.0, "threshold_hu": 130.0})
    assert editor.take(ras(editor, (40, 30, 31)), "LAD").what == "outside-scan"
    assert editor.take(ras(editor, BONE_ZYX), "LAD").what == "bone"
    heart = Region(editor.analysis.image.geometry.voxel_center(RCA_ZYX), (8.0, 8.0, 8.0), shape="box")
    editor.heart = heart
    assert editor.take(ras(editor, LAD_ZYX), "LAD").what == "outside-heart"
    assert editor.parameters.seeds is None
    # Valves and aorta are no coronaries, and lie where they lie.
    assert editor.take(ras(editor, LAD_ZYX), "DA").what == "taken"
    assert editor.take(ras(editor, RCA_ZYX), "RCA").what == "taken"


def test_a_sphere_frees_calcium_from_bone_and_is_kept_with_its_radius(editor):
    outcome = editor.cut(ras(editor, (6, 43, 41)), "RCA", 2.0)
    assert (outcome.done, outcome.what) == (True, "cut")
    (point,) = points_from_node(editor.parameters.seeds).points
    assert json.loads(point.description) == {"cut_radius_mm": 2.0}
    (lesion,) = editor.lesions()
    assert lesion.status == "scored"
    inside = [tuple(v) for v in lesion.mask.indices()]
    near = [np.linalg.norm((np.asarray(v) - (6, 43, 41)) * (3.0, 0.8, 0.7)) <= 2.0 for v in inside]
    assert all(near)
    # The nine of the calcification, and three of the bone it touches, 1.6 mm away.
    assert len(inside) == 12


def test_a_cut_into_a_lesion_taken_whole_gives_the_rest_back(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.cut(ras(editor, LAD_ZYX), "LAD", 0.5)
    assert labels(editor) == ["LAD-1"]
    (lesion,) = editor.lesions()
    assert lesion.mask.count == 1


def test_a_cut_for_another_artery_divides_a_lesion(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.cut(ras(editor, (4, 20, 30)), "LM", 0.75)
    assert sorted(lesion.territories[0] for lesion in editor.lesions()) == ["LAD", "LM"]
    assert sum(lesion.mask.count for lesion in editor.lesions()) == 12


def test_a_cut_through_the_middle_leaves_both_ends_with_their_artery(editor):
    editor.analysis.image.hu[8, 20, 50:61] = 250
    editor.take(ras(editor, (8, 20, 55)), "LAD")
    editor.exclude(first(editor), "stent")
    editor.cut(ras(editor, (8, 20, 55)), "LM", 1.5)
    lesions = {(lesion.territories[0], lesion.status): lesion.mask.count for lesion in editor.lesions()}
    assert lesions == {("LM", "scored"): 5, ("LAD", "excluded"): 3}
    assert len(editor.lesions()) == 3


def test_a_slice_of_another_artery_s_lesion_is_taken_and_the_rest_stays(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.take(ras(editor, LAD_ZYX), "LM", "slice")
    assert scores(editor) == pytest.approx({"LM": LAD / 2, "LAD": LAD / 2})


def test_growth_in_the_slice_takes_one_slice_and_narrows_a_lesion_taken_whole(editor):
    assert editor.take(ras(editor, LAD_ZYX), "LAD", "slice").what == "taken"
    assert scores(editor) == pytest.approx({"LAD": LAD / 2})
    editor.take(ras(editor, (5, 20, 31)), "LAD")
    assert scores(editor) == pytest.approx({"LAD": LAD})
    editor.remove(first(editor))
    editor.take(ras(editor, LAD_ZYX), "LAD")
    assert editor.take(ras(editor, (5, 20, 31)), "LAD", "slice").what == "slice"
    (lesion,) = editor.lesions()
    assert set(lesion.mask.indices()[:, 0]) == {5}


def test_an_excluded_lesion_keeps_its_place_and_reason_and_a_click_scores_it_again(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.take(ras(editor, RCA_ZYX), "RCA")
    assert editor.exclude(editor.lesion_at(ras(editor, LAD_ZYX)), "stent").done
    assert scores(editor) == pytest.approx({"RCA": RCA})
    assert [(lesion.status, lesion.reason) for lesion in editor.lesions()] == [("excluded", "stent"), ("scored", None)]
    assert editor.take(ras(editor, LAD_ZYX), "LAD").what == "included"
    assert scores(editor) == pytest.approx({"LAD": LAD, "RCA": RCA})
    assert [point.description for point in points_from_node(editor.parameters.seeds).points] == ["", ""]


def test_excluding_keeps_a_cut_and_taking_back_the_exclusion_too(editor):
    editor.cut(ras(editor, (6, 43, 41)), "RCA", 2.0)
    editor.exclude(first(editor), "clip")
    editor.include(first(editor))
    (point,) = points_from_node(editor.parameters.seeds).points
    assert json.loads(point.description) == {"cut_radius_mm": 2.0}


def test_a_lesion_goes_and_takes_all_its_seeds_along(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    node = editor.parameters.seeds
    position = ras(editor, (5, 21, 32))
    node.AddControlPoint(*(float(v) for v in position), "LAD-7")
    assert len(editor.lesions()) == 1
    assert editor.remove(first(editor)) == Outcome(True, "removed", {"seed": "LAD-1"})
    assert points_from_node(node) == PointList(node.GetName(), ())
    assert editor.remove(first(editor)).what == "none"


def test_a_conflict_ends_when_the_lesion_is_given_to_one_artery(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.parameters.seeds.AddControlPoint(*(float(v) for v in ras(editor, (5, 21, 32))), "LCX-1")
    assert first(editor).status == "conflict"
    editor.give(first(editor), "LCX")
    assert first(editor).status == "scored"
    assert scores(editor) == pytest.approx({"LCX": LAD})


def test_what_is_larger_than_a_lesion_is_taken_flagged_and_accepted_by_a_second_click(scene, small_ct):
    small_ct.hu[2:10, 45:72, 25:40] = 300  # 27 x 15 pixels in 8 slices, 5443 mm3
    volume = add_volume(small_ct, scene)
    editor = Editor(StubParameters(scene, volume), IncrementalAnalysis(image_from_volume(volume)), CalciumProtocol())
    outcome = editor.take(ras(editor, (6, 60, 30)), "LAD")
    assert (outcome.what, outcome.values["limit_mm3"]) == ("large", 2000.0)
    assert scores(editor) == {}
    assert editor.take(ras(editor, (6, 60, 30)), "LAD").what == "accepted"
    assert scores(editor) == pytest.approx({"LAD": 27 * 15 * 8 * 0.56 * 3})


def test_a_point_that_says_no_calcium_was_found_is_taken_back_by_the_first_seed(editor):
    editor.parameters.noneFound = True
    editor.take(ras(editor, LAD_ZYX), "LAD")
    assert editor.parameters.noneFound is False


def test_a_reader_s_remark_stays_with_a_point_that_gets_no_decision(editor):
    editor.take(ras(editor, LAD_ZYX), "LAD")
    editor.parameters.seeds.SetNthControlPointDescription(0, "mid LAD")
    editor.take(ras(editor, LAD_ZYX), "LCX")
    assert editor.parameters.seeds.GetNthControlPointDescription(0) == "mid LAD"


def test_suggestions_become_seeds_that_say_so_and_score_as_clicks_do(editor):
    places = {
        code: editor.analysis.image.geometry.voxel_center(zyx) for code, zyx in (("LAD", LAD_ZYX), ("RCA", RCA_ZYX))
    }
    suggestions = [Suggestion(code, 0.834, place, 10.0, 6, 250.0) for code, place in places.items()]
    outcome = editor.take_suggestions(suggestions)
    assert (outcome.done, outcome.values) == (True, {"seeds": "LAD-1, RCA-1", "count": 2})
    assert scores(editor) == pytest.approx({"LAD": LAD, "RCA": RCA})
    points = points_from_node(editor.parameters.seeds)
    assert [json.loads(point.description) for point in points.points] == [{"suggested": 0.83}] * 2
    findings = analyze(StudyInputs(editor.analysis.image, (points,))).to_dict()["calcium"]["findings"]
    (said,) = [item["message"] for item in findings if item["code"] == "suggestions-taken"]
    assert "LAD-1, RCA-1" in said
    # What is decided afterwards leaves it as it is.
    editor.exclude(editor.lesion_at(ras(editor, LAD_ZYX)), "stent")
    described = json.loads(points_from_node(editor.parameters.seeds).points[0].description)
    assert described == {"suggested": 0.83, "decision": "excluded", "reason": "stent"}
    assert editor.take_suggestions([]) == Outcome(False, "no-suggestion")
