"""A changed choice is told in the words and units that the panel shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.reading.history import Step
from CACBoneAxisLib.reading.snapshots import Snapshot
from CACBoneAxisLib.reading.trailwords import FIELDS, SETTINGS, changed_settings, words_of
from CACBoneAxisLib.study import Settings

REPOSITORY = Path(__file__).resolve().parents[2]


def said(name: str, before: str, after: str) -> str:
    states = [Snapshot((), (), None, {name: value}, {}, {}) for value in (before, after)]
    return words_of(Step(*states, name))


@pytest.mark.parametrize(
    ("name", "after", "words"),
    [
        ("kvp", "100", "tube voltage: 100 kVp"),
        ("kvp", "0", "tube voltage: as the file says"),
        ("ageYears", "66", "age: 66 years"),
        ("sex", "FEMALE", "sex: female"),
        ("contrast", "NO", "contrast agent: none given"),
        ("noneFound", "True", "none found: yes"),
        ("threshold", "130.0", "threshold: 130 HU"),
        ("protocol", "agatston-1990", "protocol: agatston-1990"),
    ],
)
def test_a_choice_is_told_as_the_panel_shows_it(name, after, words):
    assert said(name, "", after) == words


def test_what_is_no_choice_is_called_changed():
    assert words_of(Step(Snapshot((), (), None, {}, {}, {}), Snapshot((), (), None, {}, {}, {}), "heart")) == (
        "heart region: changed"
    )


def test_settings_that_changed_are_told_by_label_and_value():
    before = '{"bone": {"calibration": {"kind": "none"}, "numbering": "verse"}, "patient": {"smoker": true}}'
    after = '{"bone": {"calibration": {"kind": "linear", "slope": 0.8}, "numbering": "verse"}, "patient": {}}'
    assert changed_settings(before, after) == "calibration: linear; smoker: not said; calibration slope: 0.8"
    assert said("otherSettings", before, after) == changed_settings(before, after)
    assert changed_settings("", '{"bone": {"estimates": ["a", "b"]}}') == "estimates: a, b"
    assert changed_settings("", '{"patient": {"hdl_mg_dl": 45.0, "smoker": false}}') == (
        "HDL cholesterol: 45 mg/dL; smoker: no"
    )
    assert changed_settings(before, before) == "settings: as before"


def test_a_setting_of_a_file_alone_is_told_without_dots_and_underscores():
    assert changed_settings("", '{"bone": {"some_bound": {"upper_hu": 3}}}') == "some bound upper hu: 3"


def test_every_field_that_a_reader_can_choose_has_words():
    node = (REPOSITORY / "CACBoneAxis" / "CACBoneAxis.py").read_text(encoding="utf-8")
    body = node.split("class CACBoneAxisParameterNode:")[1].split("@parameterNodeWrapper")[0]
    fields = set(re.findall(r"^    (\w+): (?:Annotated|Contrast|Sex|str|bool)", body, re.M))
    # Which artery the next click takes, and with whom a scan is compared, are no decisions of a reading.
    assert fields - set(FIELDS) == {"territory", "yearsBetween"}


def test_the_words_of_a_choice_are_its_label_in_the_panel():
    labels = {}
    for path in (REPOSITORY / "CACBoneAxis" / "Resources" / "UI").glob("*.ui"):
        for layout in ET.parse(path).iter("layout"):  # noqa: S314 our own files
            rows = {}
            for item in layout.findall("item"):
                widget = item.find("widget")
                if widget is not None:
                    rows.setdefault(item.get("row"), []).append(widget)
            for row in rows.values():
                text = row[0].find("property[@name='text']/string")
                bound = [w.find("property[@name='SlicerParameterName']/string") for w in row[1:]]
                for name in (b.text for b in bound if b is not None and text is not None):
                    labels[name] = text.text.rstrip(":").lower()
    assert {"kvp", "ageYears", "sex", "contrast", "threshold", "minimumArea"} <= set(labels)
    for name in ("kvp", "ageYears", "sex", "contrast", "threshold", "minimumArea", "massFactor"):
        assert FIELDS[name] == labels[name]


def test_every_named_setting_exists():
    everything = Settings().to_mapping()
    for path in SETTINGS:
        group, name = path.split(".")[:2]
        assert name in everything[group], path
