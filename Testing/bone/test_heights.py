"""Heights of bodies whose shape is known, and the grade of hand-picked losses."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.heights import Heights, heights_findings, labelled_heights, with_crush
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.geometry import ImageGeometry

SPACING, SHAPE = (0.8, 0.8, 1.0), (130, 80, 90)
MIDDLES = {"L1": 96.0, "L2": 62.0, "L3": 28.0}
NUMBERS = {"L1": 20, "L2": 21, "L3": 22}
# One increment, because the ends are known to half a voxel each, and half of one for the slope of the endplates
# over the width of a place.
TOLERANCE_MM = 1.5


def spine(anterior=26.0, middle=26.0, posterior=26.0, lean=0.0):
    """Three bodies of 26 mm height; L2 has these heights at 17, 50 and 83 % of its 30 mm depth."""
    geometry = ImageGeometry(SHAPE, SPACING, (-35.6, -31.6, 0.0))
    z, y, x = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    u, v, w = np.moveaxis(geometry.to_lps(np.stack([x, y, z], axis=-1)), -1, 0)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    places = np.array([0.17, 0.5, 0.83]) * 30 - 15
    for level, center in MIDDLES.items():
        heights = (anterior, middle, posterior) if level == "L2" else (26.0, 26.0, 26.0)
        height = np.polyval(np.polyfit(places, heights, 2), v)
        up = w - center - np.tan(np.radians(lean)) * v
        inside = ((u / 22) ** 2 + (v / 15) ** 2 <= 1) & (np.abs(up) <= height / 2)
        labels[inside] = NUMBERS[level]
    return labels, geometry


def heights(**changes):
    labels, geometry = spine(**changes)
    return with_crush(labelled_heights(labels, NUMBERS, label_boxes(labels), geometry))


@pytest.mark.parametrize(
    ("shape", "deformity", "grade"),
    [
        ({}, "wedge", 0),
        ({"anterior": 18.0, "middle": 22.0}, "wedge", 2),
        ({"anterior": 14.0, "middle": 20.0}, "wedge", 3),
        ({"middle": 19.0}, "biconcave", 2),
        ({"anterior": 18.0, "middle": 18.0, "posterior": 18.0}, "crush", 2),
    ],
)
def test_the_heights_are_those_it_was_made_with_and_the_grade_follows(shape, deformity, grade):
    found = heights(**shape)["L2"]
    made = {"anterior": 26.0, "middle": 26.0, "posterior": 26.0} | shape
    assert (found.anterior_mm, found.middle_mm, found.posterior_mm) == pytest.approx(
        tuple(made.values()), abs=TOLERANCE_MM
    )
    assert found.grade == grade
    if grade:
        assert found.loss[1] == deformity
        assert found.to_mapping()["deformity"] == deformity
        assert [f.code for f in found.findings("L2")] == ["height-loss"]
        assert "normal wedging reaches 21 %" in found.findings("L2")[0].message
    else:
        assert found.findings("L2") == ()


def test_a_leaning_body_is_measured_along_its_own_axis():
    found = heights(lean=15.0)["L2"]
    # Sheared by 15 degrees, the endplates are 26 x cos(15) apart.
    assert found.middle_mm == pytest.approx(26 * np.cos(np.radians(15)), abs=TOLERANCE_MM)
    assert found.grade == 0


@pytest.mark.parametrize(
    ("anterior", "grade"), [(80.1, 0), (80.0, 1), (75.1, 1), (75.0, 2), (60.1, 2), (60.0, 3), (0.0, 3)]
)
def test_the_edges_of_the_grades(anterior, grade):
    assert Heights(anterior, 100.0, 100.0).grade == grade


def test_crush_needs_both_neighbours_and_a_cut_vertebra_has_no_heights():
    found = heights()
    assert found["L1"].crush is None
    assert found["L2"].crush == pytest.approx(0, abs=0.05)
    labels, geometry = spine()
    labels[-30:] = 20
    assert "L1" not in labelled_heights(labels, NUMBERS, label_boxes(labels), geometry)


def test_the_grades_say_where_they_come_from():
    assert load_table("genant")["source"] == "Genant 1993"


def test_each_vertebra_without_heights_is_named_with_the_reason():
    def said(without, increment):
        return [(f.code, f.message) for f in heights_findings(without, increment)]

    assert said({}, 5.0) == []
    (region,) = said({"L1": "roi", "L2": "roi"}, 5.0)
    assert region[0] == "heights-region"
    assert "(L1, L2)" in region[1]
    assert [code for code, _ in said({"L1": "roi", "L2": "point"}, 5.0)] == ["heights-region", "heights-thick"]
    (unresolved,) = said({"L2": "point", "L3": "labelmap"}, 3.0)
    assert unresolved[0] == "heights-unresolved"
    assert "of L2, L3:" in unresolved[1]
