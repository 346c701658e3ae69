"""Files that stand where something else is wanted."""

from __future__ import annotations

import zipfile

import pytest

from CACBoneAxisLib.imaging.filekinds import kind_of
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.study.settings import read_settings


@pytest.fixture
def other(tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.writestr("a.dcm", "x")
    with zipfile.ZipFile(tmp_path / "sheet.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "F.fcsv").write_text("# Markups fiducial file version = 4.10\n")
    return tmp_path


def sentence(read, path) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read(path)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


@pytest.mark.parametrize("read", [read_ct, read_labels, read_markups, read_settings])
@pytest.mark.parametrize(
    ("name", "word"), [("study.zip", "zip archive"), ("report.pdf", "PDF"), ("sheet.xlsx", "Excel")]
)
def test_what_a_file_is_and_what_to_do_is_said_whatever_it_was_given_for(other, read, name, word):
    assert word in sentence(read, other / name)


def test_slicers_old_point_list_is_named_and_what_to_save_it_as(other):
    assert ".mrk.json" in sentence(read_markups, other / "F.fcsv")


def test_a_folder_that_holds_an_archive_or_images_says_so(tmp_path, other):
    (tmp_path / "zipped").mkdir()
    (other / "study.zip").rename(tmp_path / "zipped" / "study.zip")
    assert "zip archive" in sentence(read_ct, tmp_path / "zipped")
    (tmp_path / "images").mkdir()
    for n in range(3):
        (tmp_path / "images" / f"{n}.nii.gz").write_bytes(b"\x1f\x8b")
    assert "3 image files" in sentence(read_ct, tmp_path / "images")


def test_an_image_given_for_seeds_is_called_an_image(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(b"\x1f\x8b")
    assert "is a image" not in sentence(read_markups, tmp_path / "a.nii.gz")
    assert "image" in sentence(read_markups, tmp_path / "a.nii.gz")


def test_nothing_is_said_of_what_is_not_known(tmp_path):
    (tmp_path / "a").write_bytes(b"hello")
    assert kind_of(tmp_path / "a") is None
