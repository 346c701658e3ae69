"""A scene that version 0.1.0 wrote is replayed to the same digits."""

from __future__ import annotations

import json
import zipfile

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from former import FORMER, content, lost_answers  # noqa: E402

from CACBoneAxisLib.mrml.scene import replay, result_mapping, result_nodes  # noqa: E402
from CACBoneAxisLib.study.upgrade import upgraded  # noqa: E402


@pytest.fixture
def record(scene, tmp_path):
    """The result node of the scene."""
    with zipfile.ZipFile(FORMER / "scene.mrb") as archive:
        archive.extractall(tmp_path)
    (mrml,) = tmp_path.rglob("*.mrml")
    scene.SetURL(str(mrml))
    scene.SetRootDirectory(str(mrml.parent))
    assert scene.Import()
    (record,) = result_nodes(scene)
    return record


def test_it_is_replayed_to_the_digits_of_the_command_line(record):
    former = upgraded(content(FORMER / "first" / "result.json"))
    assert lost_answers(former, json.loads(json.dumps(replay(record).to_dict()))) == []


def test_its_result_is_read_as_todays(record):
    assert lost_answers(upgraded(content(FORMER / "first" / "result.json")), result_mapping(record)) == []
