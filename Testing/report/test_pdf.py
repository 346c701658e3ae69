"""The page as a PDF."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from html_page import HtmlPage

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.report import pdf
from CACBoneAxisLib.report.blocks import Page
from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.report.pdf import plain_qt, write_pdf
from CACBoneAxisLib.report.wording import RESEARCH_USE
from CACBoneAxisLib.report.write import report_page

pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

FOOTER = re.compile(rf"{re.escape(RESEARCH_USE)}\s*chest-001[^\n]*\s*Page \d+ of \d+")


@pytest.fixture(scope="module")
def page(built: Any) -> Page:
    return report_page(built.result, built.image, built.calcium_masks, built.bone_masks)


@pytest.fixture(scope="module")
def papers(page: Page, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("pdf")
    for paper in ("a4", "letter"):
        write_pdf(page, folder / f"{paper}.pdf", paper=paper)
    return {paper: pypdf.PdfReader(folder / f"{paper}.pdf") for paper in ("a4", "letter")}


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_every_number_and_sentence_of_the_page_is_on_paper(
    papers: dict[str, Any], page: Page, paper: str, size: tuple[int, int]
) -> None:
    sheets = papers[paper].pages
    assert all((round(s.mediabox.width), round(s.mediabox.height)) == size for s in sheets)
    on_paper = "".join(FOOTER.sub("", sheet.extract_text()) for sheet in sheets)
    on_paper = "".join(on_paper.split())
    missing = [text for text in HtmlPage(page_html(page)).texts if "".join(text.split()) not in on_paper]
    assert missing == []


def test_every_sheet_has_its_number_and_the_words_of_research_use(papers: dict[str, Any]) -> None:
    sheets = papers["a4"].pages
    assert len(sheets) >= 3
    for number, sheet in enumerate(sheets, start=1):
        text = " ".join(sheet.extract_text().split())
        assert f"Page {number} of {len(sheets)}" in text
        assert RESEARCH_USE in text


def test_no_row_is_cut_and_no_heading_stands_alone(page: Page) -> None:
    qt = plain_qt()
    document = qt.QTextDocument()
    document.setHtml(pdf.rich_text(page))
    width, height = 700.0, 400.0
    document.setPageSize(qt.QSizeF(width, height))
    cut = [*pdf._cut_rows(document, height), *pdf._lonely_blocks(document, height, qt)]
    assert cut
    pdf.keep_together(document, (width, height), 1.0, qt)
    left = [*pdf._cut_rows(document, height), *pdf._lonely_blocks(document, height, qt)]
    # What is taller than most of these small pages, and what is tied to it, cannot be moved.
    assert len(left) < len(cut) / 3


def test_a_machine_without_fonts_gets_one_sentence(page: Page, tmp_path: Path) -> None:
    bare = SimpleNamespace(QFontDatabase=SimpleNamespace(families=list))
    with pytest.raises(UnusableInputError, match="needs a font") as refused:
        write_pdf(page, tmp_path / "report.pdf", qt=bare)
    assert refused.value.code == "pdf-needs-fonts"
    assert not any(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_one_sentence(page: Page, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"report\.pdf could not be written"):
        write_pdf(page, tmp_path / "missing" / "report.pdf")


def test_without_qt_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    plain_qt.cache_clear()
    monkeypatch.setitem(sys.modules, "PySide6", None)
    with pytest.raises(UnusableInputError, match=r"cacboneaxis\[pdf\]"):
        plain_qt()
