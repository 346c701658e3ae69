"""A page of blocks in the part of HTML that Qt's rich text knows, for paper and for a text view in Slicer.

Grids become tables, and the style sheet has no variables. Texts, numbers and pictures
are the same as in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import assert_never

from CACBoneAxisLib.report import blocks as b
from CACBoneAxisLib.report.blocks import escaped
from CACBoneAxisLib.report.html import data_uri, rgb
from CACBoneAxisLib.report.wording import RESEARCH_USE

MM_PER_INCH = 25.4
SCREEN_DPI = 96.0
PICTURE_COLUMNS, MANY_COLUMNS = 3, 12
TALLEST_PICTURE_MM = 85.0
INK, SOFT, LINE, GROUND, ACCENT = "#1c2430", "#4f5a69", "#c9d1da", "#f2f5f8", "#14507a"
VERDICT_COLORS = {"standard": "#2c7a4b", "opportunistic": "#b7791f", "unsuitable": "#b3261e"}
SEVERITY_COLORS = {"error": "#b3261e", "warning": "#8a5a00", "note": SOFT}

STYLE = f"""
body {{ color: {INK}; font-size: 9pt; }}
h1 {{ font-size: 15pt; margin: 6px 0 2px 0; }}
h2 {{ font-size: 12pt; color: {ACCENT}; margin: 16px 0 4px 0; }}
h3 {{ font-size: 9.5pt; margin: 8px 0 3px 0; }}
p {{ margin: 2px 0 2px 0; }}
ul {{ margin: 2px 0 4px 0; -qt-list-indent: 1; }} li {{ margin: 0 0 2px 0; }}
.soft {{ color: {SOFT}; }} .caption {{ color: {SOFT}; font-size: 8pt; margin: 6px 0 3px 0; }}
.big {{ font-size: 22pt; font-weight: bold; }} .missing {{ font-size: 15pt; font-weight: bold; color: #8a3b12; }}
.lead {{ font-size: 11pt; font-weight: bold; }}
.small {{ font-size: 8pt; font-weight: normal; color: {SOFT}; }}
.unit {{ font-size: 11pt; font-weight: normal; color: {SOFT}; }}
.line {{ margin: 5px 0 0 0; }}
.cell {{ font-size: 8pt; }} .head {{ font-size: 8pt; color: {SOFT}; font-weight: bold; }}
.beside {{ font-size: 8pt; color: {SOFT}; }} .total {{ font-size: 8pt; font-weight: bold; }}
.name {{ font-size: 8pt; color: {SOFT}; }}
"""


def rich_text(page: b.Page, width_mm: float = 184.0, dpi: float = SCREEN_DPI, picture_dpi: float = 0.0) -> str:
    """Return a page in Qt's rich text.

    Parameters
    ----------
    page : what to write
    width_mm : width of the text
    dpi : Qt's logical resolution
    picture_dpi : lowest resolution of pictures; one with fewer pixels is drawn smaller
    """
    write = _Writer(width_mm, dpi, picture_dpi)
    software = f" {escaped(page.software)}." if page.software else ""
    footer = _paragraph(f"{escaped(RESEARCH_USE)}{software}", "caption")
    content = f"{_banner(escaped(RESEARCH_USE))}{write.blocks(page.header)}{write.blocks(page.body)}{footer}"
    return f"<html><head><style>{STYLE}</style></head><body>{content}</body></html>"


class _Writer:
    """Writes blocks as rich text for paper of one width."""

    def __init__(self, width_mm: float, dpi: float, picture_dpi: float) -> None:
        self._width_mm = width_mm
        self._picture_dpi = picture_dpi
        self._pixels_per_mm = dpi / MM_PER_INCH

    def blocks(self, blocks: Sequence[b.Block]) -> str:
        """Return blocks, one below the other."""
        return "".join(map(self._block, blocks))

    def _block(self, block: b.Block) -> str:
        match block:
            case b.Heading(text, level):
                return f"<h{level}>{escaped(text)}</h{level}>"
            case b.Paragraph():
                return _text_paragraph(block)
            case b.Bullets(items):
                return f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in items)}</ul>"
            case b.Definitions():
                return _definitions([block])
            case b.Table():
                return _table(block)
            case b.Figure():
                return self._figure(block, self._width_mm)
            case b.Drawing(title):
                return _paragraph(escaped(title), "caption")
            case b.Group():
                return self._group(block)
            case b.Details(title, inside):
                return f"<h3>{escaped(title)}</h3>{self.blocks(inside)}"
            case b.Section(title, _, inside):
                return f"<h2>{escaped(title)}</h2>{self.blocks(inside)}"
            case _:
                assert_never(block)

    def _group(self, group: b.Group) -> str:
        if group.kind == "pictures":
            return self._pictures(group.blocks)
        if group.kind == "columns" and (lists := _lists(group.blocks)):
            return lists
        inside = self.blocks(group.blocks)
        if group.kind == "cards":
            return self._cards(group.blocks)
        if color := VERDICT_COLORS.get(group.kind):
            cell = f'<td bgcolor="#ffffff" style="padding: 4px 8px 4px 8px">{inside}</td>'
            return _plain_table(f"<tr>{_bar(1, color)}{cell}</tr>", "margin-top: 8px")
        if color := SEVERITY_COLORS.get(group.kind):
            return inside.replace("<h3>", f'<h3 style="color: {color}">')
        return inside

    def _cards(self, cards: Sequence[b.Block]) -> str:
        width = 100 // max(1, len(cards))
        cell = f'<td width="{width}%" bgcolor="{GROUND}" valign="top" style="padding: 6px 10px 8px 10px">'
        cells = [f"{cell}{self._block(card)}</td>" for card in cards]
        bars = [_bar(width, ACCENT)] * len(cards)
        gap = _bar(1)
        return _plain_table(f"<tr>{gap.join(bars)}</tr><tr>{gap.join(cells)}</tr>", "margin-top: 8px")

    def _pictures(self, pictures: Sequence[b.Block]) -> str:
        width_mm = self._width_mm / PICTURE_COLUMNS - 3
        share = f'width="{100 // PICTURE_COLUMNS}%"'
        cells = [
            f'<td {share} valign="top" style="padding: 4px 6px 4px 0">{self._figure(item, width_mm)}</td>'
            for item in pictures
            if isinstance(item, b.Figure)
        ]
        cells += [f"<td {share}></td>"] * (-len(cells) % PICTURE_COLUMNS)
        rows = [cells[first : first + PICTURE_COLUMNS] for first in range(0, len(cells), PICTURE_COLUMNS)]
        return _plain_table("".join(f"<tr>{''.join(row)}</tr>" for row in rows))

    def _figure(self, figure: b.Figure, width_mm: float) -> str:
        """Return a picture as wide as there is room, unless that makes it taller than a third of a page."""
        width, height = png_size(figure.png)
        shown_mm = min(width_mm, TALLEST_PICTURE_MM * width / height)
        if self._picture_dpi:
            shown_mm = min(shown_mm, width / self._picture_dpi * MM_PER_INCH)
        size = (shown_mm * self._pixels_per_mm, shown_mm * height / width * self._pixels_per_mm)
        image = f'<img src="{data_uri(figure.png)}" width="{int(size[0])}" height="{int(size[1])}"/>'
        caption = f"<b>{escaped(figure.title)}</b><br/>{escaped(figure.caption)}"
        return _paragraph(image) + _paragraph(caption, "caption")


def png_size(png: bytes) -> tuple[int, int]:
    """Return width and height, pixels, of a PNG picture."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _text(text: b.Text, small: str = '<span class="small">') -> str:
    return escaped(text) if isinstance(text, str) else "".join(_inline(part, small) for part in text)


def _inline(part: str | b.Span | b.Link, small: str) -> str:
    match part:
        case b.Span(words, "bold"):
            return f"<b>{escaped(words)}</b>"
        case b.Span(words, "small"):
            return f"{small}{escaped(words)}</span>"
        case b.Span(words):
            return f'<span class="soft">{escaped(words)}</span>'
        case b.Link(words):
            return escaped(words)
        case _:
            return escaped(part)


def _text_paragraph(block: b.Paragraph) -> str:
    if block.kind == "big":
        words = isinstance(block.text, str)
        return _paragraph(_text(block.text, '<span class="unit">'), "missing" if words else "big")
    if block.kind in ("lead", "line"):
        # Small type has a line of its own on the page.
        return _paragraph(_text(block.text, '<br/><span class="small">'), block.kind)
    return _paragraph(_text(block.text), block.kind)


def _table(table: b.Table) -> str:
    aligns = [' align="right"' if isinstance(title, b.Number) else "" for title in table.columns]
    head = "".join(_cell(escaped(title), "head", align) for title, align in zip(table.columns, aligns, strict=True))
    grid = _grid("".join(f"<tr>{_row(row, aligns)}</tr>" for row in table.rows), head)
    if len(table.columns) >= MANY_COLUMNS:
        grid = grid.replace('<span class="', '<span style="font-size: 7pt" class="')
    return _paragraph(escaped(table.caption), "caption") + grid


def _row(row: b.Row, aligns: Sequence[str]) -> str:
    first, *others = map(escaped, row.cells)
    if row.kind == "group":
        return _cell(f"<i>{first}</i>", "cell", f' colspan="{len(aligns)}"')
    if row.color:
        first = f'<span style="background-color: {rgb(row.color)}">&nbsp;&nbsp;&nbsp;</span>&nbsp; {first}'
    class_ = row.kind or "cell"
    cells = [_cell(cell, class_, align) for cell, align in zip(others, aligns[1:], strict=True)]
    return _cell(first if row.kind else f"<b>{first}</b>", class_) + "".join(cells)


def _lists(columns: Sequence[b.Block]) -> str:
    """Return columns of one heading and one list each as one table; empty where they hold anything else."""
    found, head = [], ""
    for column in columns:
        match column:
            case b.Group(_, [b.Heading(title), b.Definitions() as listed]):
                found.append(listed)
                head += f'<td colspan="2"><b>{escaped(title)}</b></td>'
            case _:
                return ""
    return _definitions(found, head)


def _definitions(lists: Sequence[b.Definitions], head: str = "") -> str:
    """Return lists of names and values side by side in one table, so that a page can end between any two lines."""
    shares = (28, 72) if len(lists) == 1 else (27, 22)
    rows = []
    for pairs in zip_longest(*(one.pairs for one in lists)):
        cells = []
        for pair in pairs:
            for value, class_, share in zip(pair or (None, None), ("name", "cell"), shares, strict=True):
                width = f' width="{share}%"'
                cells.append(f"<td{width}></td>" if pair is None else _cell(escaped(value), class_, width))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return _grid("".join(rows), head)


def _paragraph(content: str, class_: str = "") -> str:
    return f'<p class="{class_}">{content}</p>' if class_ else f"<p>{content}</p>"


def _banner(content: str) -> str:
    cell = (
        f'<td align="center" bgcolor="#7a1f1f" style="padding: 3px"><b><font color="#ffffff">{content}</font></b></td>'
    )
    return _plain_table(f"<tr>{cell}</tr>")


def _bar(width: int, color: str = "") -> str:
    ground = f' bgcolor="{color}"' if color else ""
    return f'<td width="{width}%"{ground} style="font-size: 2pt">&nbsp;</td>'


def _plain_table(rows: str, style: str = "") -> str:
    attribute = f' style="{style}"' if style else ""
    return f'<table width="100%" cellspacing="0" cellpadding="0"{attribute}>{rows}</table>'


def _cell(content: str, class_: str, attributes: str = "") -> str:
    style = f"padding: 2px 8px 2px 1px; border-bottom: 1px solid {LINE}"
    return f'<td{attributes} valign="top" style="{style}"><span class="{class_}">{content}</span></td>'


def _grid(body: str, head: str = "") -> str:
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return _plain_table(top + body, "border-collapse: collapse")
