"""Write a page as PDF on A4 or Letter, laid out by Qt's rich text.

Qt is passed as a namespace: ``qt`` inside Slicer, PySide6 elsewhere (:func:`plain_qt`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.report.blocks import Page
from CACBoneAxisLib.report.richtext import rich_text
from CACBoneAxisLib.report.wording import RESEARCH_USE

PAPERS: dict[str, tuple[str, float, float]] = {"a4": ("A4", 210.0, 297.0), "letter": ("Letter", 215.9, 279.4)}
MARGIN_MM, TOP_MM, BOTTOM_MM, FOOTER_MM = 13.0, 12.0, 10.0, 8.0
DOTS_PER_INCH = 1200
MM_PER_INCH, POINTS_PER_INCH = 25.4, 72
PICTURE_DPI = 300.0
FONTS = ("Helvetica Neue", "Segoe UI", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans")
HAIR_DOTS, INDENT_MM = 0.1, 4.0
FOOTER_COLOR = "#4f5a69"
# A row of almost a page is cut, not moved; there are more steps than a report has pages.
LARGEST_ROW, MOST_STEPS = 0.8, 200
PICTURE = "\ufffc"


class _PlainQt:
    """Classes of several modules as attributes of one object that keeps the application alive."""

    def __init__(self, modules: tuple[Any, ...], application: Any) -> None:
        self._modules, self._application = modules, application

    def __getattr__(self, name: str) -> Any:
        return next(getattr(module, name) for module in self._modules if hasattr(module, name))


@cache
def plain_qt() -> Any:
    """Return PySide6's QtCore and QtGui in one namespace, with an application that needs no display.

    Raises
    ------
    UnusableInputError
        ``extra-missing`` where PySide6 is not installed.
    """
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
    except ImportError:
        raise refusal("extra-missing", what="The report as PDF", package="PySide6-Essentials", extra="pdf") from None
    # With widgets, though none are shown: a process has one application, and other code may show some.
    application = QtWidgets.QApplication.instance()
    application = application or QtWidgets.QApplication(["cacboneaxis", "-platform", "offscreen"])
    return _PlainQt((QtCore, QtGui), application)


def write_pdf(page: Page, path: str | Path, qt: Any = None, paper: str = "a4") -> None:
    """Write a page as PDF, with page number and the research-use notice on every sheet.

    Parameters
    ----------
    page : what to write
    path : of the PDF
    qt : Qt's classes as attributes; PySide6's where none are given
    paper : ``a4`` or ``letter``

    Raises
    ------
    UnusableInputError
        ``pdf-needs-fonts`` on a machine without fonts; ``pdf-not-written``.
    """
    qt = qt or plain_qt()
    family = _font_family(qt)
    name, width_mm, height_mm = PAPERS[paper]
    writer = qt.QPdfWriter(str(path))
    writer.setResolution(DOTS_PER_INCH)
    margins = qt.QMarginsF(MARGIN_MM, TOP_MM, MARGIN_MM, BOTTOM_MM)
    writer.setPageLayout(
        qt.QPageLayout(
            qt.QPageSize(getattr(qt.QPageSize, name)), qt.QPageLayout.Portrait, margins, qt.QPageLayout.Millimeter
        )
    )
    title = "".join(c for c in " ".join(page.title.split()) if c.isprintable())
    writer.setTitle(title)
    writer.setCreator("CACBoneAxis")
    dots = DOTS_PER_INCH / MM_PER_INCH
    text_mm = width_mm - 2 * MARGIN_MM
    size = (text_mm * dots, (height_mm - TOP_MM - BOTTOM_MM - FOOTER_MM) * dots)
    document = qt.QTextDocument()
    document.setDocumentMargin(0)
    document.setIndentWidth(INDENT_MM / MM_PER_INCH * _screen_dpi(qt, family))
    font = qt.QFont(family, 9)
    # Letter spacing turns off ligatures, with which a word could not be found in the PDF.
    font.setLetterSpacing(qt.QFont.AbsoluteSpacing, HAIR_DOTS)
    document.setDefaultFont(font)
    document.documentLayout().setPaintDevice(writer)
    document.setHtml(rich_text(page, text_mm, _screen_dpi(qt, family), PICTURE_DPI))
    document.setPageSize(qt.QSizeF(*size))
    keep_together(document, size, DOTS_PER_INCH / _screen_dpi(qt, family), qt)
    painter = qt.QPainter()
    if not painter.begin(writer):
        raise refusal("pdf-not-written", file=Path(path).name)
    try:
        _draw(document, writer, painter, size, title, family, qt)
    finally:
        painter.end()


def _font_family(qt: Any) -> str:
    database = qt.QFontDatabase
    try:
        families = set(database.families())
    except (TypeError, ValueError):  # Qt 5, through PythonQt
        families = set(database().families())
    if not families:
        raise refusal("pdf-needs-fonts")
    return next((one for one in FONTS if one in families), sorted(families)[0])


def _screen_dpi(qt: Any, family: str) -> float:
    """Return Qt's logical resolution, measured as the pixel height of a one-inch font."""
    return float(qt.QFontInfo(qt.QFont(family, POINTS_PER_INCH)).pixelSize())


def _draw(document: Any, writer: Any, painter: Any, size: tuple[float, float], name: str, family: str, qt: Any) -> None:
    pages = document.pageCount()
    lossless = getattr(qt.QPainter, "LosslessImageRendering", None)
    if lossless is not None:
        painter.setRenderHint(lossless, True)
    width, height = size
    dots = DOTS_PER_INCH / MM_PER_INCH
    for number in range(pages):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0.0, -number * height)
        document.drawContents(painter, qt.QRectF(0.0, number * height, width, height))
        painter.restore()
        painter.setFont(qt.QFont(family, 7))
        painter.setPen(qt.QColor(FOOTER_COLOR))
        line = height + 2 * dots
        painter.drawLine(qt.QPointF(0.0, line), qt.QPointF(width, line))
        box = qt.QRectF(0.0, line + dots, width, (FOOTER_MM - 3) * dots)
        for words, place in (
            (RESEARCH_USE, qt.Qt.AlignLeft),
            (name, qt.Qt.AlignHCenter),
            (f"Page {number + 1} of {pages}", qt.Qt.AlignRight),
        ):
            painter.drawText(box, int(place | qt.Qt.AlignTop), words)


def keep_together(document: Any, size: tuple[float, float], dots_per_pixel: float, qt: Any) -> None:
    """Move rows that a page break would cut, and headings left alone at the bottom, to the next page.

    Qt breaks a page between any two lines. A row is moved by padding above its text, a
    heading by a page break; from the top down, because everything below moves along.
    """
    moved: set[int] = set()
    # Each step fixes the end of one page, or finds that it cannot be fixed.
    for _ in range(MOST_STEPS):
        cuts = [*_cut_rows(document, size[1]), *_lonely_blocks(document, size[1], qt)]
        cuts = [cut for cut in cuts if cut[1] not in moved]
        if not cuts:
            return
        y, key, cells_or_block = min(cuts, key=lambda cut: cut[:2])
        moved.add(key)
        if isinstance(cells_or_block, list):
            # Qt moves a row whose first line does not fit, and leaves the padding above its text there.
            lines = [cell.firstCursorPosition().block().layout().lineAt(0).height() for cell in cells_or_block]
            room = max(0.0, size[1] - y % size[1] - min(lines)) / dots_per_pixel + 1
            for cell in cells_or_block:
                form = cell.format().toTableCellFormat()
                form.setTopPadding(form.topPadding() + room)
                cell.setFormat(form)
        else:
            form = qt.QTextBlockFormat()
            form.setPageBreakPolicy(qt.QTextFormat.PageBreak_AlwaysBefore)
            qt.QTextCursor(cells_or_block).mergeBlockFormat(form)


def _cut_rows(document: Any, page_height: float) -> Iterator[tuple[float, int, Any]]:
    """Yield top, position in the text and cells of the rows that begin on one page and end on another."""
    layout = document.documentLayout()
    # Pictures are frames too.
    for table in (f for f in document.rootFrame().childFrames() if f.frameFormat().isTableFormat()):
        for row in range(table.rows()):
            cells = [table.cellAt(row, column) for column in range(table.columns())]
            tops = [layout.blockBoundingRect(cell.firstCursorPosition().block()).top() for cell in cells]
            ends = [layout.blockBoundingRect(cell.lastCursorPosition().block()).bottom() for cell in cells]
            top, end = min(tops), max(ends)
            fits = end - top < page_height * LARGEST_ROW
            if fits and int(top // page_height) != int((end - 1) // page_height):
                yield top, cells[0].firstPosition(), cells


def _lonely_blocks(document: Any, page_height: float, qt: Any) -> Iterator[tuple[float, int, Any]]:
    """Yield top, position and block of the headings, captions and pictures separated from what follows."""
    layout = document.documentLayout()
    start: Any = None
    block = document.begin()
    while block.isValid() and block.next().isValid():
        following = block.next()
        inside = qt.QTextCursor(block).currentTable() is not None
        before_table = qt.QTextCursor(following).currentTable() is not None
        joined = block.blockFormat().headingLevel() > 0 or before_table or PICTURE in block.text()
        if inside or not joined:
            start = None
        else:
            start = start or block
            own, next_ = (layout.blockBoundingRect(one) for one in (block, following))
            # A caption stays whole; table rows are moved on their own.
            last = next_.top() if before_table else next_.bottom() - 1
            fits = last - layout.blockBoundingRect(start).top() < page_height * LARGEST_ROW
            if fits and int(own.top() // page_height) != int(last // page_height):
                yield layout.blockBoundingRect(start).top(), start.position(), start
                start = None
        block = following
