"""Who and what a study is, left out or asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.study.identity import neutral_boxes, neutral_name, without_identifiers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Doe^Jane.nii.gz", "image.nii.gz"),
        ("Doe.Jane.seg.nrrd", "image.seg.nrrd"),
        ("DOE.NRRD", "image.nrrd"),
        ("Doe Jane", "image"),
        ("1.2.840.10008.4711", "image"),
        ("J.Doe", "image"),
        ("Jane.Doe-Meier-Huber", "image"),
        ("jane.", "image"),
    ],
)
def test_of_a_name_only_the_format_is_left(name: str, expected: str) -> None:
    assert neutral_name(name, "image") == expected


def test_a_region_is_named_by_its_level_and_one_for_calibration_by_its_own_name() -> None:
    place = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    named = neutral_boxes([Box("Doe L1", *place), Box("x", *place, label="T12"), Box("rod-200", *place)])
    assert [box.name for box in named] == ["L1", "T12", "rod-200"]


def test_a_sentence_loses_names_and_uids_but_no_other_words() -> None:
    paths = {"image": ["/data/Doe^Jane/ct.nrrd"], "seeds": ["a/Doe.mrk.json", "a/Doe-2.mrk.json"]}
    said = without_identifiers("Doe-2.mrk.json and Doe.mrk.json differ from ct.nrrd; series 1.2.840.99.1.7.3.", paths)
    assert said == "seeds-2.mrk.json and seeds-1.mrk.json differ from image.nrrd; series ...."
    regions = {"rois": ["a/L1.mrk.json"], "image": ["ct.nrrd"], "seeds": ["LAD.mrk.json"]}
    assert without_identifiers("L1: LAD in the ct lies outside.", regions) == "L1: LAD in the ct lies outside."
    assert without_identifiers("L1.mrk.json holds no ROI.", regions) == "rois.mrk.json holds no ROI."
    assert without_identifiers("The direction is 0.7 1.2.3 mm.", paths) == "The direction is 0.7 1.2.3 mm."


@pytest.mark.parametrize("name", ["slices", "24", "Doe", "47114711"])
def test_a_sentence_keeps_its_own_words_and_numbers_where_a_file_is_called_by_one(name: str) -> None:
    error = refusal("missing-slice", file=name, below="24", above="30", gap="6", increment="3")
    said = "image misses slices: between 24 and 30 mm there are 6 mm instead of 3 mm."
    assert without_identifiers(error, {"image": [f"/data/{name}"]}) == said


@given(st.text(min_size=2, max_size=12), st.sampled_from(["", ".nrrd", ".nii.gz", ".mrk.json"]))
def test_whatever_a_file_is_called_its_name_is_not_left(stem: str, suffix: str) -> None:
    name = stem.replace("/", "_").replace("\0", "_") + suffix
    if not stem.isalnum() or stem.lower() in "image cannot be read as an":
        return
    said = without_identifiers(refusal("file-unreadable", file=name), {"image": [name]})
    assert said == f"{neutral_name(name, 'image')} cannot be read as an image."
