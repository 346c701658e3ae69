"""A study's folder: whole or not at all, and true to its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from small_study import small_image, small_region, small_seeds

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.markups import PointList
from CACBoneAxisLib.study import StudyInputs, StudyResult, analyze
from CACBoneAxisLib.study.inputs import InputFile
from CACBoneAxisLib.study.output import write_study

FILES = {"result.json", "lesions.csv", "vertebrae.csv", "calcium.seg.nrrd", "bone.seg.nrrd", "report.html"}


@pytest.fixture(scope="module")
def result() -> StudyResult:
    files = (InputFile("image", "ct.nrrd", "0" * 64),)
    return analyze(StudyInputs(small_image(), (small_seeds(),), (small_region(),), files=files))


def test_all_files_are_there_and_result_json_is_what_the_library_gives(result: StudyResult, tmp_path: Path) -> None:
    report = write_study(result, tmp_path / "new" / "out")
    assert report == tmp_path / "new" / "out" / "report.html"
    assert {p.name for p in report.parent.iterdir()} == FILES
    assert json.loads((report.parent / "result.json").read_text(encoding="utf-8")) == result.to_dict()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out"]


@pytest.mark.parametrize(
    "inputs",
    [
        StudyInputs(small_image(), (small_seeds(),), (small_region(),)),
        StudyInputs(small_image()),
        StudyInputs(small_image(), (PointList("none", ()),)),
    ],
    ids=["whole", "nothing read", "no calcium"],
)
def test_every_result_fits_its_schema(inputs: StudyInputs) -> None:
    schema = load_table("result.schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(analyze(inputs).to_dict())), schema)


def test_an_earlier_result_is_replaced_and_anything_else_is_left_alone(result: StudyResult, tmp_path: Path) -> None:
    write_study(result, tmp_path / "out")
    (tmp_path / "out" / "report.html").write_text("old")
    write_study(result, tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") != "old"

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UnusableInputError, match="mine"):
        write_study(result, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"

    (tmp_path / "file").write_text("x")
    with pytest.raises(UnusableInputError, match="file"):
        write_study(result, tmp_path / "file")


def test_a_result_with_somebodys_own_file_in_it_is_not_replaced(result: StudyResult, tmp_path: Path) -> None:
    write_study(result, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UnusableInputError, match="out"):
        write_study(result, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_a_failure_on_the_way_leaves_what_was_there(result: StudyResult, tmp_path: Path) -> None:
    write_study(result, tmp_path / "out")
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}

    def fail(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    for name in ("out", "other"):
        with pytest.raises(OSError, match="No space"):
            write_study(result, tmp_path / name, fail)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
