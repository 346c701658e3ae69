"""A reading out of a structured report: the same decisions, the same digits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from CACBoneAxisLib.dicomout.labelmaps import labels_of
from CACBoneAxisLib.dicomout.storedreading import Labelled, StoredReading, check_series, from_text, read_reading
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList
from CACBoneAxisLib.study import Settings, StudyInputs, analyze


def without_time(mapping: dict[str, Any]) -> dict[str, Any]:
    copy = json.loads(json.dumps(mapping))
    for name in ("started", "seconds"):
        del copy["provenance"][name]
    return copy


def test_a_reading_gives_the_same_digits_again(written: Any) -> None:
    reading = read_reading(written.folder / "measurements.dcm")
    labels, heart = (labels_of(reading, part, written.folder) for part in ("vertebrae", "heart"))
    assert reading.seeds == written.inputs.seeds
    assert reading.regions == written.inputs.regions
    given_ = written.inputs.vertebrae.on_grid_of(written.inputs.image.geometry)
    assert np.array_equal(labels.on_grid_of(written.inputs.image.geometry).labels, given_.labels)
    again = StudyInputs(
        written.inputs.image,
        reading.seeds,
        reading.regions,
        labels,
        Settings.from_mapping(reading.settings),
        "study",
        heart=heart,
        points=reading.points,
    )
    shape = written.inputs.image.geometry
    assert np.array_equal(heart.on_grid_of(shape).labels > 0, written.inputs.heart.on_grid_of(shape).labels > 0)
    assert heart.names == written.inputs.heart.names
    assert without_time(analyze(again).to_dict()) == without_time(written.mapping)


def test_a_reading_of_another_series_is_refused(written: Any) -> None:
    reading = read_reading(written.folder / "measurements.dcm")
    check_series(reading, written.inputs.image)
    with pytest.raises(UnusableInputError) as refused:
        check_series(replace(reading, series_uid="1.2.3"), written.inputs.image)
    assert refused.value.code == "reading-series"


def test_a_reading_is_not_laid_over_a_series_that_was_altered_under_its_uid(written: Any) -> None:
    reading, image = read_reading(written.folder / "measurements.dcm"), written.inputs.image
    assert check_series(reading, image) == ()
    hu = image.hu.copy()
    hu[0, 0, 0] += 1
    x, y, z = image.geometry.origin_mm
    moved = replace(image.geometry, origin_mm=(x, y, z + 3.0))
    for altered in (replace(image, hu=hu), replace(image, geometry=moved)):
        with pytest.raises(UnusableInputError) as refused:
            check_series(reading, altered)
        assert refused.value.code == "reading-altered"
    (said,) = check_series(replace(reading, values_sha256=None), image)
    assert said.code == "reading-unproved"


def test_without_its_segmentation_a_reading_of_labels_is_refused(written: Any, tmp_path: Path) -> None:
    reading = read_reading(written.folder / "measurements.dcm")
    for path in (None, written.folder / "segmentation.dcm"):
        if path is not None:
            (tmp_path / "vertebrae.dcm").write_bytes(path.read_bytes())
        with pytest.raises(UnusableInputError) as refused:
            labels_of(reading, "vertebrae", tmp_path)
        assert refused.value.code == "reading-labels"


numbers = st.floats(-1e5, 1e5).filter(lambda n: n == 0 or abs(n) > 1e-9)
triples = st.tuples(numbers, numbers, numbers)
lengths = st.tuples(*[st.floats(min_value=1e-6, max_value=1e6)] * 3)
point_lists = st.builds(
    PointList,
    st.text(),
    st.lists(st.builds(ControlPoint, st.text(), triples, st.text()), max_size=3).map(tuple),
)
boxes = st.builds(Box, st.text(), triples, lengths, st.tuples(triples, triples, triples), st.text(), st.text())
vertebrae = st.builds(
    Labelled,
    st.text(),
    st.lists(st.integers(1, 65535), max_size=3).map(tuple),
    st.none() | st.dictionaries(st.integers(1, 99), st.text(), max_size=3),
    st.dictionaries(st.integers(1, 99), st.text(), max_size=3),
)


@given(
    seeds=st.none() | st.lists(point_lists, max_size=2).map(tuple),
    regions=st.lists(boxes, max_size=2).map(tuple),
    labels=st.none() | vertebrae,
    points=st.lists(point_lists, max_size=1).map(tuple),
)
def test_every_reading_comes_out_of_its_text_as_it_went_in(seeds: Any, regions: Any, labels: Any, points: Any) -> None:
    reading = StoredReading({"patient": {"age_years": 63}}, seeds, regions, labels, labels, points)
    assert from_text(reading.to_text(), "reading") == reading


@pytest.mark.parametrize(
    "words",
    ["", "[]", "{}", '{"schema": "cacboneaxis/reading/2"}', "[" * 100000]
    + [
        json.dumps({"schema": "cacboneaxis/reading/1", "seeds": None, "regions": [], "vertebrae": None, **wrong})
        for wrong in (
            {"settings": 3},
            *({"settings": {}, "seeds": wrong, "heart": None, "points": []} for wrong in ({}, "", False, 0)),
            *(
                {"settings": {}, "seeds": [{"name": "a", "points": wrong}], "heart": None, "points": []}
                for wrong in ({}, "", None, False)
            ),
            {"settings": {}, "seeds": [{"name": "a", "points": [{"label": "LM", "position_mm": [1, 2]}]}]},
            {
                "settings": {},
                "regions": [{"name": "L1", "center_mm": [0, 0, float("inf")], "size_mm": [1, 1, 1], "axes": []}],
            },
        )
    ],
)
def test_other_text_is_refused_in_one_sentence(words: str) -> None:
    with pytest.raises(UnusableInputError) as refused:
        from_text(words, "file.dcm")
    assert refused.value.code == "reading-unusable"


def test_other_files_are_refused_in_one_sentence(written: Any, tmp_path: Path) -> None:
    truncated = (written.folder / "measurements.dcm").read_bytes()
    two = pydicom.dcmread(written.folder / "measurements.dcm")
    (item,) = [i for i in two.ContentSequence if "READING" in str(i.get("ConceptNameCodeSequence", [""])[0])]
    two.ContentSequence.append(item)
    two.save_as(tmp_path / "two.dcm")
    (tmp_path / "text.dcm").write_text("nothing")
    for size in (200, 3000, len(truncated) // 2):
        (tmp_path / f"{size}.dcm").write_bytes(truncated[:size])
    for path in [*tmp_path.iterdir(), written.folder / "report.dcm"]:
        with pytest.raises(UnusableInputError) as refused:
            read_reading(path)
        assert refused.value.code == "reading-unusable"
    with pytest.raises(UnusableInputError, match="does not exist"):
        read_reading(tmp_path / "absent.dcm")
