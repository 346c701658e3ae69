"""Manifests as people make them: each row is right, or has one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from CACBoneAxisLib.cohort.manifest import plain, read_csv, read_manifest
from CACBoneAxisLib.imaging.findings import UnusableInputError


def manifest(folder: Path, text: str | bytes) -> Path:
    path = folder / "manifest.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_paths_are_relative_to_the_manifest_and_lists_are_split(tmp_path):
    (row,) = read_manifest(manifest(tmp_path, "study_id,image,regions\na,x/ct.nrrd,x/L1.json; x/L2.json\n"))
    assert row.problem is None
    assert row.paths("image") == [str(tmp_path / "x" / "ct.nrrd")]
    assert row.paths("regions") == [str(tmp_path / "x" / "L1.json"), str(tmp_path / "x" / "L2.json")]
    assert row.paths("seeds") == []


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfstudy_id,image,sex\r\na,ct.nrrd,F\r\n\r\n",
        b"study_id;image;sex\na;ct.nrrd;F\n",
        b"study_id\timage\tsex\r\na\tct.nrrd\tF",
        b'"study_id" , image,sex,\n a ,ct.nrrd, F,\n'.replace(b",\n", b"\n"),
    ],
)
def test_marks_line_ends_and_delimiters_of_spreadsheets_are_understood(tmp_path, text):
    (row,) = read_manifest(manifest(tmp_path, text))
    assert (row.study_id, row.cells["sex"], row.problem) == ("a", "F", None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,ct.nrrd,F,more", "4 cells, the header 3"),
        (",ct.nrrd,F", "no study_id"),
        ("a,,F", "names no image"),
        ("a,../ct.nrrd,F", "leaves the folder"),
        ("a,/etc/passwd,F", "leaves the folder"),
        ("a,x\\..\\..\\ct.nrrd,F", "leaves the folder"),
        ("good,ct.nrrd,F", "line 2 has the same study_id"),
    ],
)
def test_a_row_that_cannot_be_used_has_one_sentence_and_the_others_stand(tmp_path, line, said):
    rows = read_manifest(manifest(tmp_path, f"study_id,image,sex\ngood,ct.nrrd,F\n{line}\nlast,ct2.nrrd,M\n"))
    assert [row.problem is None for row in rows] == [True, False, True]
    code, sentence = rows[1].problem
    assert code in ("manifest-row", "manifest-outside")
    assert said in sentence
    assert sentence.startswith("Line 3: ")
    assert "passwd" not in sentence


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_the_folder_is_followed_and_refused_unless_a_wider_root_is_named(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "ct.nrrd").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "far")
    path = manifest(tmp_path / "in", "study_id,image\na,link/ct.nrrd\n")
    assert read_manifest(path)[0].problem[0] == "manifest-outside"
    assert read_manifest(path, root=tmp_path)[0].problem is None


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("study_id,image,seed", "did you mean seeds"),
        ("study_id,image,image", "two columns image"),
        ("study_id,path", "path"),
        ("image,sex", "no column study_id"),
        ("study_id,image,,sex", "without a name"),
    ],
)
def test_a_header_that_is_not_understood_stops_before_anything_is_done(tmp_path, header, said):
    with pytest.raises(UnusableInputError, match=said):
        read_manifest(manifest(tmp_path, f"{header}\na,b,c,d\n"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfes\x00t\x00", b"PK\x03\x04\x00\x00", b"study_id,image\n"])
def test_what_is_no_table_is_refused(tmp_path, content):
    with pytest.raises(UnusableInputError):
        read_manifest(manifest(tmp_path, content))


def test_settings_may_stand_in_columns(tmp_path):
    text = "study_id,image,age_years,sex,acquisition.contrast,bone.calibration.slope\na,ct.nrrd,63,F,no,0.8\n"
    (row,) = read_manifest(manifest(tmp_path, text))
    assert row.overrides() == {
        "patient": {"age_years": 63.0, "sex": "F"},
        "acquisition": {"contrast": False},
        "bone": {"calibration": {"slope": 0.8}},
    }


def test_the_apostrophe_that_defuses_a_formula_is_taken_off_again(tmp_path):
    assert plain("'=1+1") == "=1+1"
    assert plain("'quoted'") == "'quoted'"
    table = read_csv(manifest(tmp_path, 'a,b\n\n"x\ny",\'-5\n'))
    assert (table.header, table.rows[0][1]) == (["a", "b"], ["x\ny", "-5"])
