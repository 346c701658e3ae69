"""The page in the part of HTML that Qt's rich text knows, for paper and for a text view in Slicer.

The page itself is translated, so whatever it says stands here too: grids become tables,
definition lists become tables of two columns, classes become a style sheet without
variables. Texts, numbers and pictures are taken over as they are.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from itertools import zip_longest

from CACBoneAxisLib.report.pagetree import Node, tree

INLINE = {"b", "i", "em", "strong", "sub", "sup", "code"}
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


def rich_text(page: str, width_mm: float = 184.0, dpi: float = SCREEN_DPI, picture_dpi: float = 0.0) -> str:
    """Return a page (``report.html``) in Qt's rich text: every text, table and picture of its body.

    Parameters
    ----------
    page : HTML as :func:`~CACBoneAxisLib.report.html.render_html` writes it
    width_mm : of the text on paper, which pictures and columns are made for
    dpi : how many of Qt's pixels make an inch: the logical resolution of its screen
    picture_dpi : pictures are made no larger than leaves them so many pixels an inch
    """
    body = next(tree(page).all("body"))
    content = _Translation(width_mm, dpi, picture_dpi).blocks(body)
    return f"<html><head><style>{STYLE}</style></head><body>{content}</body></html>"


class _Translation:
    """Writes elements of the page as rich text for paper of one width."""

    def __init__(self, width_mm: float, dpi: float, picture_dpi: float) -> None:
        self._width_mm = width_mm
        self._picture_dpi = picture_dpi
        self._pixels_per_mm = dpi / MM_PER_INCH

    def blocks(self, node: Node) -> str:
        """Return the children of an element that holds blocks."""
        return "".join(self._block(child) if isinstance(child, Node) else self._loose(child) for child in node.children)

    def _loose(self, text: str) -> str:
        return _paragraph(escape(text.strip())) if text.strip() else ""

    def _block(self, node: Node) -> str:
        special = {
            "table": self._table,
            "dl": lambda n: self._definitions([n]),
            "figure": self._figure,
            "ul": self._list,
            "ol": self._list,
        }
        if node.tag in special:
            return special[node.tag](node)
        if node.tag in ("h1", "h2", "h3", "h4"):
            return f"<{node.tag}>{self.inline(node)}</{node.tag}>"
        if node.tag == "p":
            return self._paragraph(node)
        if node.tag == "footer":
            return _paragraph(self.inline(node), "caption")
        classes = node.classes
        if "research" in classes:
            return _banner(self.inline(node))
        if "answers" in classes:
            return self._cards(node)
        if "verdict" in classes:
            return self._verdict(node)
        if "pictures" in classes:
            return self._pictures(node)
        if "two" in classes:
            return self._two(node)
        if severity := classes & SEVERITY_COLORS.keys():
            return self._colored(node, SEVERITY_COLORS[severity.pop()])
        if node.tag in INLINE | {"span", "small", "a", "img", "br"}:
            return _paragraph(self._inline(node))
        return self.blocks(node)

    def inline(self, node: Node) -> str:
        """Return the content of an element of running text."""
        return "".join(self._inline(c) if isinstance(c, Node) else escape(c) for c in node.children)

    def _inline(self, node: Node) -> str:
        if node.tag == "br":
            return "<br/>"
        if node.tag == "img":
            return self._image(node, self._width_mm)
        content = self.inline(node)
        if node.tag in INLINE:
            return f"<{node.tag}>{content}</{node.tag}>"
        if node.tag == "small":
            return f'<span class="small">{content}</span>'
        if "key" in node.classes:
            color = node.attributes.get("style", "").partition(":")[2].strip()
            return f'<span style="background-color: {escape(color)}">&nbsp;&nbsp;&nbsp;</span>&nbsp; '
        return f'<span class="soft">{content}</span>' if "tag" in node.classes else content

    def _paragraph(self, node: Node) -> str:
        classes = node.classes & {"soft", "lead", "line", "big"}
        content = self.inline(node)
        if "big" in classes:
            number = content.replace('class="small"', 'class="unit"')
            return _paragraph(number, "missing" if "unit" not in number else "big")
        # What stands in small type below a line of the card has a line of its own on the page.
        if classes & {"lead", "line"}:
            content = content.replace('<span class="small">', '<br/><span class="small">')
        return _paragraph(content, next(iter(classes), ""))

    def _list(self, node: Node) -> str:
        items = "".join(f"<li>{self.inline(item)}</li>" for item in node.elements("li"))
        return f"<{node.tag}>{items}</{node.tag}>"

    def _colored(self, node: Node, color: str) -> str:
        return self.blocks(node).replace("<h3>", f'<h3 style="color: {color}">')

    def _cards(self, node: Node) -> str:
        cards = node.elements()
        width = 100 // max(1, len(cards))
        bars = [f'<td width="{width}%" bgcolor="{ACCENT}" style="font-size: 2pt">&nbsp;</td>' for _ in cards]
        cells = [
            f'<td width="{width}%" bgcolor="{GROUND}" valign="top" style="padding: 6px 10px 8px 10px">'
            f"{self.blocks(card)}</td>"
            for card in cards
        ]
        gap = '<td width="1%" style="font-size: 2pt">&nbsp;</td>'
        rows = (f"<tr>{gap.join(bars)}</tr>", f"<tr>{gap.join(cells)}</tr>")
        return f'<table width="100%" cellspacing="0" cellpadding="0" style="margin-top: 8px">{"".join(rows)}</table>'

    def _verdict(self, node: Node) -> str:
        color = next((VERDICT_COLORS[c] for c in node.classes if c in VERDICT_COLORS), SOFT)
        # Running text and a list stand side by side in the element.
        text = self.inline(Node("p", {}, [c for c in node.children if not (isinstance(c, Node) and c.tag == "ul")]))
        lists = "".join(self._list(item) for item in node.elements("ul"))
        cell = f'<td bgcolor="#ffffff" style="padding: 4px 8px 4px 8px"><p>{text}</p>{lists}</td>'
        bar = f'<td width="1%" bgcolor="{color}" style="font-size: 2pt">&nbsp;</td>'
        return (
            f'<table width="100%" cellspacing="0" cellpadding="0" style="margin-top: 8px"><tr>{bar}{cell}</tr></table>'
        )

    def _table(self, node: Node) -> str:
        captions = "".join(_paragraph(self.inline(c), "caption") for c in node.elements("caption"))
        head = "".join(self._row(row, "head") for part in node.elements("thead") for row in part.elements("tr"))
        rows = [row for part in node.elements("tbody") for row in part.elements("tr")] + node.elements("tr")
        body = "".join(self._row(row, "cell") for row in rows)
        grid = _grid(body, head)
        if max((len(row.elements("th", "td")) for row in rows), default=0) >= MANY_COLUMNS:
            grid = grid.replace('<span class="', '<span style="font-size: 7pt" class="')
        return captions + grid

    def _row(self, row: Node, class_: str) -> str:
        special = row.classes & {"total", "beside"}
        class_ = special.pop() if special else class_
        cells = []
        for cell in row.elements("th", "td"):
            content = self.inline(cell)
            if cell.tag == "th" and class_ == "cell" and "group" not in row.classes:
                content = f"<b>{content}</b>"
            elif "group" in row.classes:
                content = f"<i>{content}</i>"
            span = f' colspan="{escape(cell.attributes["colspan"])}"' if "colspan" in cell.attributes else ""
            align = ' align="right"' if "number" in cell.classes else ""
            cells.append(_cell(content, class_, span + align))
        return f"<tr>{''.join(cells)}</tr>"

    def _definitions(self, lists: Sequence[Node]) -> str:
        """Return definition lists side by side in one table, so that a page can end between any two lines."""
        columns = [list(zip(one.elements("dt"), one.elements("dd"), strict=False)) for one in lists]
        shares = (28, 72) if len(lists) == 1 else (27, 22)
        rows = []
        for pairs in zip_longest(*columns):
            cells = []
            for pair in pairs:
                for node, class_, share in zip(pair or (None, None), ("name", "cell"), shares, strict=True):
                    width = f' width="{share}%"'
                    cells.append(_cell(self.inline(node), class_, width) if node else f"<td{width}></td>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return _grid("".join(rows))

    def _two(self, node: Node) -> str:
        halves = node.elements()
        lists = [item for half in halves for item in half.elements("dl")]
        if len(lists) != len(halves):
            return self.blocks(node)
        titles = [title for half in halves for title in half.elements("h3")]
        head = "".join(f'<td colspan="2"><b>{self.inline(title)}</b></td>' for title in titles)
        table = self._definitions(lists)
        return table.replace("<tr>", f"<thead><tr>{head}</tr></thead><tr>", 1) if len(titles) == len(lists) else table

    def _pictures(self, node: Node) -> str:
        figures = node.elements("figure")
        width_mm = self._width_mm / PICTURE_COLUMNS - 3
        rows = []
        for first in range(0, len(figures), PICTURE_COLUMNS):
            cells = [
                f'<td width="{100 // PICTURE_COLUMNS}%" valign="top" style="padding: 4px 6px 4px 0">'
                f"{self._figure(item, width_mm)}</td>"
                for item in figures[first : first + PICTURE_COLUMNS]
            ]
            cells += [f'<td width="{100 // PICTURE_COLUMNS}%"></td>'] * (PICTURE_COLUMNS - len(cells))
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f'<table width="100%" cellspacing="0" cellpadding="0">{"".join(rows)}</table>'

    def _figure(self, node: Node, width_mm: float | None = None) -> str:
        images = "".join(f"<p>{self._image(i, width_mm or self._width_mm)}</p>" for i in node.elements("img"))
        captions = "".join(_paragraph(self.inline(c), "caption") for c in node.elements("figcaption"))
        return images + captions

    def _image(self, node: Node, width_mm: float) -> str:
        """Return a picture as wide as there is room, unless that makes it taller than a third of a page."""
        source = node.attributes.get("src", "")
        width, height = png_size(source)
        shown_mm = min(width_mm, TALLEST_PICTURE_MM * width / height)
        if self._picture_dpi:
            shown_mm = min(shown_mm, width / self._picture_dpi * MM_PER_INCH)
        size = (shown_mm * self._pixels_per_mm, shown_mm * height / width * self._pixels_per_mm)
        return f'<img src="{escape(source)}" width="{int(size[0])}" height="{int(size[1])}"/>'


def png_size(data_uri: str) -> tuple[int, int]:
    """Return width and height, pixels, of a PNG picture in a ``data:`` address."""
    head = base64.b64decode(data_uri.partition(",")[2][:32])
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _paragraph(content: str, class_: str = "") -> str:
    return f'<p class="{class_}">{content}</p>' if class_ else f"<p>{content}</p>"


def _banner(content: str) -> str:
    cell = (
        f'<td align="center" bgcolor="#7a1f1f" style="padding: 3px"><b><font color="#ffffff">{content}</font></b></td>'
    )
    return f'<table width="100%" cellspacing="0" cellpadding="0"><tr>{cell}</tr></table>'


def _cell(content: str, class_: str, attributes: str = "") -> str:
    style = f"padding: 2px 8px 2px 1px; border-bottom: 1px solid {LINE}"
    return f'<td{attributes} valign="top" style="{style}"><span class="{class_}">{content}</span></td>'


def _grid(body: str, head: str = "") -> str:
    top = f"<thead>{head}</thead>" if head else ""
    return f'<table width="100%" cellspacing="0" cellpadding="0" style="border-collapse: collapse">{top}{body}</table>'
