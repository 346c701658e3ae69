"""Whose numbers a labelmap has: by what occurs, where it lies and what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.bone.numbering import level_numbers, with_names
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.labelschemes import schemes

# 400 mm of a patient in slices of 4 mm.
GEOMETRY = ImageGeometry((100, 20, 30), (5.0, 5.0, 4.0), (-70.0, -50.0, -200.0))


def labelmap(places: dict[int, float], names: dict[int, str] | None = None, **more: object) -> LabelImage:
    """Blocks of 16 mm height about the given heights (mm); others than vertebrae lie at the side."""
    labels = np.zeros(GEOMETRY.shape, np.uint8)
    for number, z in places.items():
        k = round((z + 200) / 4)
        labels[k - 2 : k + 2, 8:14, 12:18] = number
    return LabelImage(labels, GEOMETRY, names, "labels.nii.gz", **more)  # type: ignore[arg-type]


def beside(labels: LabelImage, number: int, column: int) -> LabelImage:
    array = labels.labels.copy()
    array[40:60, 2:5, column : column + 2] = number
    return replace(labels, labels=array)


def ct(labels: LabelImage, hu: dict[int, float]) -> CTImage:
    values = np.full(GEOMETRY.shape, 150, np.int16)
    for number, value in hu.items():
        values[labels.labels == number] = value
    return CTImage(values, GEOMETRY)


def refused(labels: LabelImage, *args: object) -> tuple[str, str]:
    with pytest.raises(UnusableInputError) as caught:
        level_numbers(labels, *args)  # type: ignore[arg-type]
    return caught.value.code, str(caught.value)


def test_schemes_number_the_levels_as_their_sources_do():
    # TotalSegmentator counts up from the sacrum, VerSe and TotalSpineSeg down from the neck.
    expected = {
        "totalsegmentator": {"L5": 27, "L1": 31, "T12": 32, "T1": 43},
        "totalsegmentator-v1": {"L5": 18, "L1": 22, "T12": 23, "T1": 34},
        "verse": {"L5": 24, "L1": 20, "T12": 19, "T1": 8},
        "totalspineseg": {"L5": 45, "L1": 41, "T12": 32, "T1": 21},
    }
    for key, numbers in expected.items():
        named = {name.removeprefix("vertebrae_"): n for n, name in schemes()[key].names.items()}
        assert {level: named[level] for level in numbers} == numbers
        assert set(levels()) <= set(named)


def test_the_order_along_the_spine_tells_verse_from_totalsegmentator_1():
    found, said = level_numbers(labelmap({20: 32.0, 21: 0.0, 22: -36.0}))
    assert found == {"L1": 20, "L2": 21, "L3": 22}
    assert [f.code for f in said] == ["numbering-assumed"]
    assert "VerSe" in said[0].message and "L1 to L3 follow each other" in said[0].message
    found, said = level_numbers(labelmap({22: 32.0, 21: 0.0, 20: -36.0}))
    assert found == {"L1": 22, "L2": 21, "L3": 20}
    assert "TotalSegmentator 1" in said[0].message


def test_a_number_that_only_one_scheme_knows_tells_it():
    # 117 are the rib cartilages of TotalSegmentator 2; version 1 ends at 104.
    labels = beside(labelmap({32: 64.0, 31: 32.0, 30: 0.0}), 117, 2)
    assert level_numbers(labels)[0] == {"T12": 32, "L1": 31, "L2": 30}


def test_lungs_that_hold_air_tell_the_versions_apart():
    # 31, 32: L1 and T12 of version 2, T4 and T3 of version 1. 10 is lung in version 2, the pancreas in version 1.
    labels = labelmap({32: 30.0, 31: 0.0})
    assert refused(labels)[0] == "numbering-unclear"
    with_lung = beside(beside(labels, 10, 2), 14, 24)
    found, said = level_numbers(with_lung, "auto", ct(with_lung, {10: -850, 14: -850}))
    assert found == {"L1": 31, "T12": 32}
    assert "its lungs hold air" in said[0].message
    # A pancreas of 40 HU leaves version 1 alone.
    found, said = level_numbers(with_lung, "auto", ct(with_lung, {10: 40, 14: -850}))
    assert found == {"T3": 32, "T4": 31}


def test_two_readings_are_refused_and_the_option_that_settles_it_is_named():
    labels = labelmap({32: 28.0, 31: 0.0})
    code, words = refused(labels)
    assert code == "numbering-unclear"
    assert "--vertebrae-labels" in words and "totalsegmentator-v1" in words
    assert level_numbers(labels, "totalsegmentator")[0] == {"T12": 32, "L1": 31}
    assert level_numbers(labels, "totalsegmentator-v1")[0] == {"T3": 32, "T4": 31}


def test_the_files_name_decides_where_nothing_else_does_and_that_is_a_warning():
    labels = labelmap({32: 28.0, 31: 0.0}, hint="totalsegmentator")
    found, said = level_numbers(labels)
    assert found == {"T12": 32, "L1": 31}
    assert [(f.code, f.severity) for f in said] == [("numbering-alone", "warning")]
    # A claim that the places contradict is not followed.
    labels = labelmap({20: 32.0, 21: 0.0}, hint="totalsegmentator-v1")
    assert level_numbers(labels)[0] == {"L1": 20, "L2": 21}


def test_numbers_of_no_scheme_are_refused_with_the_reasons():
    code, words = refused(labelmap({20: 0.0, 21: 120.0}))
    # As VerSe's, L1 would lie below L2; as TotalSegmentator 1's, the two would be 120 mm apart.
    assert code == "numbering-unclear"
    assert "L1 would lie below L2" in words and "120 mm apart" in words
    assert refused(labelmap({250: 0.0}))[0] == "labels-none"


def test_bone_that_holds_air_contradicts_a_numbering():
    labels = labelmap({20: 32.0, 21: 0.0})
    assert refused(labels, "auto", ct(labels, {20: -900}))[0] == "numbering-unclear"
    assert level_numbers(labels, "auto", ct(labels, {}))[0] == {"L1": 20, "L2": 21}


@pytest.mark.parametrize("numbering", ["auto", {1: "L1", 2: "L2"}])
def test_the_order_of_levels_is_checked_whatever_names_them(numbering):
    right = labelmap({1: 32.0, 2: 0.0}, {1: "L1", 2: "vertebrae_L2"}, named_by="the names of the segments")
    found, said = level_numbers(right, numbering)
    assert found == {"L1": 1, "L2": 2}
    assert [f.code for f in said] == ["levels-named"]
    wrong = labelmap({1: 0.0, 2: 32.0}, {1: "L1", 2: "L2"}, named_by="the names of the segments")
    assert refused(wrong, numbering)[0] == "labels-order"
    # T4 to L1 are nine levels: two centimetres between them are none.
    close = labelmap({1: 20.0, 2: 0.0}, {1: "T4", 2: "L1"})
    assert "20 mm apart" in refused(close)[1]


def test_a_stated_numbering_is_checked_too():
    assert refused(labelmap({20: 0.0, 21: 32.0}), "verse")[0] == "labels-order"


def test_a_single_mask_known_by_its_files_name_is_said():
    labels = labelmap({1: 0.0}, {1: "vertebrae_L1"}, named_by="the name of the file")
    found, said = level_numbers(labels)
    assert found == {"L1": 1}
    assert [(f.code, f.severity) for f in said] == [("levels-named-alone", "warning")]


def test_codes_of_a_dicom_segment_name_its_level_and_may_not_contradict_its_label():
    l1, l2 = levels()["L1"].snomed, levels()["L2"].snomed
    labels = labelmap({1: 32.0, 2: 0.0}, {1: "upper", 2: "L2"}, codes={1: (str(l1),), 2: (str(l2),)})
    assert level_numbers(labels)[0] == {"L1": 1, "L2": 2}
    assert refused(replace(labels, codes={1: (str(l1),), 2: (str(l1),)}))[0] == "level-claims"


@pytest.mark.parametrize(("places", "names"), [({}, None), ({20: 0.0}, {20: "Segment_1"}), ({7: 0.0}, {7: "liver"})])
def test_a_labelmap_without_a_known_vertebra_is_refused(places, names):
    assert refused(labelmap(places, names))[0] == "labels-none"


def test_two_labels_of_one_level_are_refused():
    assert refused(labelmap({1: 32.0, 2: 0.0}, {1: "L1", 2: "vertebrae_L1"}))[0] == "region-duplicate"


def test_names_that_were_decided_once_stay():
    labels = with_names(labelmap({20: 32.0, 21: 0.0}))
    assert labels.names == {20: "vertebrae_L1", 21: "vertebrae_L2"}
    found, said = level_numbers(labels)
    assert found == {"L1": 20, "L2": 21}
    assert [f.code for f in said] == ["numbering-assumed"]
