"""Regions and points as a person gives them, and that both lead to the same digits."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from CACBoneAxisLib.bone.locate import locate_vertebra
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.regionplacement import located_region
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion, points_from
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, read_markups, write_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso


def point(label: str, description: str = "") -> PointList:
    return PointList("levels", (ControlPoint(label, (1.0, 2.0, 3.0), description), ControlPoint("T12", (0, 0, 30.0))))


@pytest.fixture(scope="module")
def torso():
    return make_torso(TorsoParameters.spine(slice_increment_mm=2.5, rods=False))


def test_a_point_is_named_by_its_label_and_a_list_of_one_by_its_name():
    assert [v.level for v in points_from([point("L1")])] == ["L1", "T12"]
    alone = points_from([PointList("L3", (ControlPoint("", (1.0, 2.0, 3.0)),))])
    assert (alone[0].level, alone[0].point_mm) == ("L3", (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("label", "description", "says"),
    [
        ("R-1", "", "names no vertebral level"),
        ("L1", '{"decision": "no"}', "decision"),
        ("L1", '{"shape": "box"}', "shape"),
    ],
)
def test_a_point_that_is_not_understood_is_refused(label, description, says):
    with pytest.raises(UnusableInputError, match=says):
        points_from([point(label, description)])


def test_a_vertebra_is_given_by_a_region_or_a_point():
    with pytest.raises(ValueError, match="region or by a point"):
        VertebraRegion("L1")


@pytest.mark.parametrize("name", ["qct-ellipse", "eroded-core", "circle-200"])
def test_a_point_measures_what_the_region_kept_as_an_roi_measures(torso, name, tmp_path):
    row = next(r for r in torso.truth["bone"]["vertebrae"] if r["level"] == "L1")
    where = tuple(float(v) for v in np.add(row["center_lps_mm"], [4, 2, 2]))
    protocol = BoneProtocol(region=RegionProtocol(protocol=name))
    from_point = measure_vertebrae(torso.image, [VertebraRegion("L1", point_mm=where)], protocol=protocol).vertebrae[0]
    region = located_region(locate_vertebra(torso.image, "L1", where).frame, name, 4.0, torso.image.geometry)
    description = json.dumps({"shape": region.shape})
    write_markups(
        tmp_path / "L1.mrk.json", [Box("L1", region.center_mm, region.size_mm, region.axes, "L1", description)]
    )
    kept = VertebraRegion.from_box(read_markups(tmp_path / "L1.mrk.json")[0])
    from_roi = measure_vertebrae(torso.image, [kept], protocol=protocol).vertebrae[0]
    assert from_point.statistics == from_roi.statistics
    assert from_point.to_mapping()["source"] == "point"
    assert from_point.region["located"]["confidence"] > 0.6
    assert math.isclose(from_point.statistics.mean_hu, row["hu"], abs_tol=8)


def test_a_point_from_which_nothing_is_found_measures_nothing_and_says_so(torso):
    found = measure_vertebrae(torso.image, [VertebraRegion("L1", point_mm=(0.0, 0.0, 900.0))]).vertebrae[0]
    assert (found.status, found.statistics) == ("not-measured", None)
    assert [f.code for f in found.findings] == ["locate-outside"]


def test_a_point_that_the_reader_left_out_is_not_looked_for(torso):
    given = points_from([point("L1", '{"decision": "excluded", "reason": "cement"}')])
    found = measure_vertebrae(torso.image, given[:1]).vertebrae[0]
    assert (found.status, found.findings[0].code) == ("excluded", "vertebra-excluded")
