"""Outputs made only when asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pydicom
import pytest
from small_study import small_image, write_small_study

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.dicomout.codes import highdicom
from CACBoneAxisLib.report.pdf import plain_qt


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    files = write_small_study(tmp_path)
    given = ["--seeds", str(files["seeds"]), "--rois", str(files["region"]), "--settings", str(files["settings"])]
    return ["analyze", str(files["image"]), *given, "--output", str(tmp_path / "out")]


def test_the_pdf_stands_beside_the_page_and_may_be_replaced(words: list[str], tmp_path: Path) -> None:
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    for option, width in (("a4", 595), ("letter", 612)):
        assert main([*words, "--pdf", option]) == 0
        assert (tmp_path / "out" / "report.html").is_file()
        reader = pypdf.PdfReader(tmp_path / "out" / "report.pdf")
        assert round(reader.pages[0].mediabox.width) == width
    assert main(words) == 0
    assert not (tmp_path / "out" / "report.pdf").exists()


def test_without_qt_nothing_is_read_and_nothing_written(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain_qt.cache_clear()
    monkeypatch.setitem(sys.modules, "PySide6", None)
    assert main([*words, "--pdf"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture
def dicom_words(tmp_path: Path, dicom_writer: ModuleType) -> list[str]:
    """The small study with its CT as a DICOM folder."""
    files = write_small_study(tmp_path)
    image = small_image()
    header = {"FrameOfReferenceUID": "1.2.3", "PatientName": "Doe^Jane"}
    dicom_writer.write_series(tmp_path / "ct", image.hu, image.geometry, header=header)
    given = ["--seeds", str(files["seeds"]), "--rois", str(files["region"]), "--settings", str(files["settings"])]
    return ["analyze", str(tmp_path / "ct"), *given, "--output", str(tmp_path / "out")]


def test_dicom_objects_are_written_and_their_reading_gives_the_same_digits(
    dicom_words: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    assert main([*dicom_words, "--dicom-out"]) == 0
    names = sorted(path.name for path in (tmp_path / "out" / "dicom").iterdir())
    assert names == ["measurements.dcm", "report.dcm", "segmentation.dcm"]
    assert not (tmp_path / "out" / "report.pdf").exists()
    report = pydicom.dcmread(tmp_path / "out" / "dicom" / "report.dcm")
    assert report.EncapsulatedDocument.startswith(b"%PDF")
    reading = str(tmp_path / "out" / "dicom" / "measurements.dcm")
    again = ["analyze", str(tmp_path / "ct"), "--reading", reading, "--output", str(tmp_path / "again")]
    assert main(again) == 0
    first, second = (
        json.loads((tmp_path / name / "result.json").read_text(encoding="utf-8")) for name in ("out", "again")
    )
    for part in ("calcium", "bone", "suitability", "study"):
        assert first[part] == second[part]
    assert first["provenance"]["settings"] == second["provenance"]["settings"]
    assert [i["role"] for i in second["provenance"]["inputs"]] == ["image", "reading"]
    # What the command line says overrules the reading.
    assert main([*again[:-1], str(tmp_path / "third"), "--threshold", "145", "--sex", "M"]) == 0
    third = json.loads((tmp_path / "third" / "result.json").read_text(encoding="utf-8"))
    assert third["calcium"]["protocol"]["threshold_hu"] == 145
    assert third["study"]["patient"]["sex"] == "M"
    assert third["bone"]["calibration"] == first["bone"]["calibration"]


def test_of_an_image_that_is_no_dicom_no_objects_are_made_and_nothing_is_written(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    assert main([*words, "--dicom-out"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the image was not read from DICOM files" in said
    assert not (tmp_path / "out").exists()


def test_a_ct_that_says_no_frame_of_reference_is_refused_with_its_name(
    dicom_words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    for path in (tmp_path / "ct").iterdir():
        dataset = pydicom.dcmread(path)
        del dataset.FrameOfReferenceUID
        dataset.save_as(path)
    assert main([*dicom_words, "--dicom-out"]) == 2
    assert "its header lacks FrameOfReferenceUID" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_highdicom_the_extra_is_named(
    dicom_words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    highdicom.cache_clear()
    monkeypatch.setitem(sys.modules, "highdicom", None)
    assert main([*dicom_words, "--dicom-out"]) == 2
    assert "cacboneaxis[dicom]" in capsys.readouterr().err
