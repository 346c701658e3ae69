from __future__ import annotations

import json

import numpy as np
import pytest

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.markups import (
    Box,
    ControlPoint,
    PointList,
    read_markups,
    stated_decision,
    write_markups,
)


def points_file(path, system="LPS", **changes):
    point = {"label": "LAD-1", "position": [1.0, 2.0, 3.0], "description": "d", **changes}
    path.write_text(
        json.dumps({"markups": [{"type": "Fiducial", "coordinateSystem": system, "controlPoints": [point]}]})
    )
    return path


def roi_file(path, **changes):
    roi = {
        "type": "ROI",
        "name": "L1",
        "coordinateSystem": "LPS",
        "center": [1, 2, 3],
        "size": [30, 20, 10],
        "orientation": [1, 0, 0, 0, 0, -1, 0, 1, 0],
        "controlPoints": [{"label": "L1-1", "position": [1, 2, 3], "description": '{"shape": "box"}'}],
        **changes,
    }
    path.write_text(json.dumps({"markups": [roi]}))
    return path


def code_of(path) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read_markups(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)
    return caught.value.code


def test_positions_are_lps_whatever_the_file_says(tmp_path):
    for system, expected in {"LPS": (1, 2, 3), "RAS": (-1, -2, 3), 0: (-1, -2, 3), 1: (1, 2, 3)}.items():
        (read,) = read_markups(points_file(tmp_path / "seeds.mrk.json", system))
        assert read.points == (ControlPoint("LAD-1", expected, "d"),)


def test_the_name_is_the_files_where_the_markup_has_none(tmp_path):
    assert read_markups(points_file(tmp_path / "reader one.mrk.json"))[0].name == "reader one"


@pytest.mark.parametrize("status", ["undefined", "preview", "missing"])
def test_a_point_that_was_never_placed_is_left_out_and_a_list_of_such_points_is_no_empty_list(tmp_path, status):
    path = points_file(tmp_path / "a.mrk.json", positionStatus=status, position=None)
    assert code_of(path) == "points-unplaced"
    content = json.loads(path.read_text())
    content["markups"][0]["controlPoints"].append({"label": "LAD-2", "position": [4, 5, 6]})
    path.write_text(json.dumps(content))
    assert read_markups(path)[0].points == (ControlPoint("LAD-2", (4, 5, 6)),)


def test_a_roi_in_ras_is_the_same_box(tmp_path):
    (lps,) = read_markups(roi_file(tmp_path / "a.mrk.json"))
    ras_axes = [-1, 0, 0, 0, 0, 1, 0, 1, 0]
    (ras,) = read_markups(
        roi_file(tmp_path / "b.mrk.json", coordinateSystem="RAS", center=[-1, -2, 3], orientation=ras_axes)
    )
    assert lps == ras
    assert lps.axes == ((1, 0, 0), (0, 0, -1), (0, 1, 0))
    assert (lps.label, lps.description) == ("L1-1", '{"shape": "box"}')


def test_what_is_written_is_read_back(tmp_path):
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    items = [
        PointList("seeds", (ControlPoint("RCA", (1.5, -2.25, 1 / 3), '{"cut_radius_mm": 3}'),)),
        Box("T12", (1.0, 2.0, 3.0), (30.0, 20.0, 12.5), tuple(map(tuple, turn.tolist())), "T12", "{}"),
    ]
    write_markups(tmp_path / "all.mrk.json", items)
    assert read_markups(tmp_path / "all.mrk.json") == items


@pytest.mark.parametrize("position", [[1, 2], [1, 2, float("nan")], [1, 2, "x"], None, [1, 2, None], 5, [[1, 2, 3]]])
def test_a_damaged_position_is_refused(tmp_path, position):
    assert code_of(points_file(tmp_path / "a.mrk.json", position=position)) == "markups-damaged"


@pytest.mark.parametrize(
    "changes",
    [
        {"size": [30, 0, 10]},
        {"size": [30, -1, 10]},
        {"size": None},
        {"orientation": [1, 0, 0, 0, 1, 0, 0, 0, 2]},
        {"orientation": [1, 0]},
        {"center": [1, float("inf"), 0]},
        {"coordinateSystem": "XYZ"},
        {"controlPoints": 5},
        {"controlPoints": ["x"]},
    ],
)
def test_a_damaged_roi_is_refused(tmp_path, changes):
    assert code_of(roi_file(tmp_path / "a.mrk.json", **changes)) == "markups-damaged"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"markups": []}', '{"markups": [3]}', "\x00", "[" * 100_000])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "a.mrk.json"
    path.write_text(content)
    assert code_of(path) == "markups-unreadable"


def test_curves_and_missing_files_are_refused(tmp_path):
    assert code_of(roi_file(tmp_path / "a.mrk.json", type="Curve")) == "markups-kind"
    assert code_of(tmp_path / "absent.mrk.json") == "file-missing"


@pytest.mark.parametrize(
    ("unit", "mm"), [("mm", 1.0), ("um", 1e-3), ("cm", 10.0), ("m", 1000.0), (["um", "UCUM", "length"], 1e-3)]
)
def test_lengths_are_in_the_unit_that_the_file_states(tmp_path, unit, mm):
    path = roi_file(tmp_path / "a.mrk.json", coordinateUnits=unit)
    (box,) = read_markups(path)
    assert box.size_mm == pytest.approx((30 * mm, 20 * mm, 10 * mm))
    assert box.center_mm == pytest.approx((1 * mm, 2 * mm, 3 * mm), abs=1e-4)


def test_a_unit_of_length_that_is_not_known_is_refused(tmp_path):
    assert code_of(roi_file(tmp_path / "a.mrk.json", coordinateUnits="furlong")) == "markups-unit"


@pytest.mark.parametrize(
    "markup",
    [
        {},
        {"controlPoints": None},
        {"controlPoint": []},
        {"ControlPoints": []},
        {"controlPoints": {}},
        {"controlPoints": ""},
        {"controlPoints": 0},
        {"controlPoints": False},
        {"controlPoints": [None]},
        {"controlPoints": [{}]},
    ],
)
@pytest.mark.parametrize("kind", ["Fiducial", "ROI"])
def test_only_an_empty_list_says_that_there_are_no_points(tmp_path, markup, kind):
    box = {"center": [1, 2, 3], "size": [30, 20, 10]} if kind == "ROI" else {}
    path = tmp_path / "a.mrk.json"
    path.write_text(json.dumps({"markups": [{"type": kind, **box, **markup}]}))
    assert code_of(path) == "markups-damaged"
    path.write_text(json.dumps({"markups": [{"type": kind, **box, "controlPoints": []}]}))
    assert len(read_markups(path)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"positionStatus": "Defined"},
        {"positionStatus": None},
        {"positionStatus": "occluded"},
        {"positionStatus": 2},
        {"positionStatus": []},
        {"label": 3},
        {"label": ["LAD"]},
        {"description": {"decision": "excluded"}},
        {"description": True},
        {"position": [1, 2, 1e300]},
    ],
)
def test_a_point_that_is_not_understood_is_never_left_out(tmp_path, changes):
    assert code_of(points_file(tmp_path / "a.mrk.json", **changes)) == "markups-damaged"


@pytest.mark.parametrize(
    "text",
    [
        '{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2, 3]}], "controlPoints": []}]}',
        '{"markups": [{"type": "Fiducial", "name": "\\ud800", "controlPoints": []}]}',
        '{"markups": [{"type": "Fiducial", "controlPoints": [' + "[" * 3000 + "]" * 3000 + "]}]}",
    ],
)
def test_json_that_could_be_read_in_two_ways_or_not_be_written_again_is_refused(tmp_path, text):
    path = tmp_path / "a.mrk.json"
    path.write_text(text)
    assert code_of(path) == "markups-unreadable"


DECISION = '{"decision": "excluded", "reason": "stent"}'


@pytest.mark.parametrize("kept", range(1, len(DECISION)))
def test_a_decision_of_which_a_part_is_lost_is_no_remark(kept):
    keys = ("decision", "reason")
    for part in (DECISION[:kept], DECISION[kept:]):
        if not ('"decision"' in part or '"reason"' in part or part[0] == "{" or part[-1] == "}"):
            continue  # a few letters, which nobody can tell from a remark
        with pytest.raises(ValueError, match="its description"):
            stated_decision(part, keys)


@pytest.mark.parametrize("text", ["", "mid LAD", "[1, 2]", "3", "a decision to be made", "null"])
def test_words_are_a_remark(text):
    assert stated_decision(text, ("decision", "reason")) == {}


@pytest.mark.parametrize(
    "text",
    [
        '{"reason": 3}',
        '{"reason": {}}',
        '{"decision": "excluded", "decision": "score"}',
        '["decision"]',
        '{"decision": "excluded"}}',
    ],
)
def test_decisions_of_another_make_are_refused(text):
    with pytest.raises(ValueError, match="description"):
        stated_decision(text, ("decision", "reason"))
