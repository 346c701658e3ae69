"""What a control point's label and description say."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import make_image

from CACBoneAxisLib.calcium.seeds import hu_at, seeds_from
from CACBoneAxisLib.calcium.territories import coronary_codes, territories, territory_of
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList


def seed_of(label: str, description: str = "") -> object:
    (seed,) = seeds_from([PointList("seeds", (ControlPoint(label, (1.0, 2.0, 3.0), description),))])
    return seed


@pytest.mark.parametrize("label", ["LAD", "LAD-2", "lad-12", " LAD 3 ", "LAD_1", "LAD1"])
def test_labels_that_name_the_left_anterior_descending(label: str) -> None:
    assert territory_of(label) == "LAD"


@pytest.mark.parametrize("label", ["", "F-1", "LADX", "LAD-x", "2", "LM/LAD", "=LAD"])
def test_labels_that_name_nothing(label: str) -> None:
    assert territory_of(label) is None
    with pytest.raises(UnusableInputError, match="names no territory"):
        seed_of(label)


def test_the_total_is_of_four_arteries() -> None:
    assert coronary_codes() == ("LM", "LAD", "LCX", "RCA")
    assert set(territories()) - set(coronary_codes()) == {"AV", "MV", "AA", "DA"}


def test_decisions_are_read_from_the_description() -> None:
    seed = seed_of("RCA-1", '{"decision": "excluded", "reason": "stent", "cut_radius_mm": 3, "growth": "slice"}')
    assert (seed.decision, seed.reason, seed.cut_radius_mm) == ("excluded", "stent", 3.0)  # type: ignore[attr-defined]
    assert seed.growth == "slice"  # type: ignore[attr-defined]
    assert seed_of("LM").growth == "lesion"  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["", "mid LAD, heavy", "[1, 2]", "3"])
def test_other_descriptions_are_free_text(text: str) -> None:
    assert seed_of("LM", text).decision == "score"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        '{"decision": "maybe"}',
        '{"suggested": 1.5}',
        '{"suggested": "yes"}',
        '{"suggested": NaN}',
        '{"cut_radius_mm": 0}',
        '{"cut_radius_mm": -1}',
        '{"cut_radius_mm": 1e6}',
        '{"cut_radius_mm": "3"}',
        '{"cut_radius_mm": true}',
        '{"cut_radius_mm": NaN}',
        '{"cut_radius": 3}',
        '{"growth": "volume"}',
        '{"growth": null}',
        '{"decision": "excluded", "reason": "x"',
        '"decision": "excluded", "reason": "x"}',
        '{"decision": "excluded", "reason": 5}',
        '{"decision": ["excluded"]}',
        '{"cut_radius_mm": 1e400}',
    ],
)
def test_decisions_that_are_not_understood_are_refused_by_the_seeds_name(text: str) -> None:
    with pytest.raises(UnusableInputError, match="LM-7"):
        seed_of("LM-7", text)


def test_seeds_have_one_order_whatever_the_files_have() -> None:
    points = [ControlPoint(label, (float(i), 0.0, 0.0)) for i, label in enumerate(["RCA", "LM", "LAD-10", "LAD-9"])]
    forward = seeds_from([PointList("a", tuple(points))])
    backward = seeds_from([PointList("b", (point,)) for point in reversed(points)])
    assert [s.name for s in forward] == ["LM", "LAD-9", "LAD-10", "RCA"]
    assert forward == backward


def test_the_value_at_a_point_is_that_of_the_voxel_that_holds_it_up_to_every_border() -> None:
    image = make_image((2, 3, 4))
    image.hu[:] = np.arange(24).reshape(2, 3, 4)
    for zyx in np.ndindex(2, 3, 4):
        assert hu_at(image, image.geometry.voxel_center(zyx)) == image.hu[zyx]
    for outside in ((-1, 0, 0), (0, -1, 0), (0, 0, -1), (2, 0, 0), (0, 3, 0), (0, 0, 4)):
        assert hu_at(image, image.geometry.voxel_center(outside)) is None
