"""Outputs made only when asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from small_study import write_small_study

from CACBoneAxisLib.cli import main
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
