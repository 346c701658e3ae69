"""A page of blocks as one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from CACBoneAxisLib.imaging.findings import VERDICTS
from CACBoneAxisLib.report import blocks as b
from CACBoneAxisLib.report.blocks import escaped
from CACBoneAxisLib.report.style import CSS
from CACBoneAxisLib.report.wording import RESEARCH_USE

# Nothing is loaded, run, sent or framed, whatever a header or a label contains.
CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CLASSES: dict[str, str] = {"missing": "card missing", **{verdict: f"verdict {verdict}" for verdict in VERDICTS}}


def page_html(page: b.Page) -> str:
    """Return a page with its style and pictures inside it; it loads nothing, and its content policy forbids it to."""
    software = f" {escaped(page.software)}." if page.software else ""
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(page.title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<div class="research" role="note">{escaped(RESEARCH_USE)}</div>\n'
        f"<header>{blocks_html(page.header)}</header>\n<main>\n{blocks_html(page.body)}\n</main>\n"
        f"<footer>{escaped(RESEARCH_USE)}{software}</footer>\n</body>\n</html>\n"
    )


def write_page(path: Path, page: b.Page) -> None:
    """Write a page as an HTML file."""
    path.write_text(page_html(page), encoding="utf-8", newline="\n")


def blocks_html(blocks: Sequence[b.Block]) -> str:
    """Return blocks as HTML, one below the other."""
    return "\n".join(map(_block, blocks))


def _block(block: b.Block) -> str:
    match block:
        case b.Heading(text, level):
            return _element(f"h{level}", escaped(text))
        case b.Paragraph(words, kind):
            return _element("p", _text(words), kind)
        case b.Bullets(items):
            return _element("ul", "".join(_element("li", _text(item)) for item in items))
        case b.Definitions(pairs):
            return _element("dl", "".join(_element("dt", escaped(k)) + _element("dd", escaped(v)) for k, v in pairs))
        case b.Table():
            return _table(block)
        case b.Figure():
            image = f'<img src="{data_uri(block.png)}" alt="{escaped(block.alt)}">'
            caption = f"<figcaption><b>{escaped(block.title)}</b><br>{escaped(block.caption)}</figcaption>"
            return _element("figure", image + caption)
        case b.Drawing(title, svg):
            return _element("figure", svg + _element("figcaption", escaped(title)))
        case b.Group(kind, inside):
            return _element("div", blocks_html(inside), CLASSES.get(kind, kind))
        case b.Details(title, inside):
            return _element("details", f"<summary>{escaped(title)}</summary>\n{blocks_html(inside)}\n")
        case b.Section(title, identifier, inside):
            content = f"<h2>{escaped(title)}</h2>\n{blocks_html(inside)}\n"
            return _element("section", content, "", f' class="panel" id="{escaped(identifier)}"')
        case _:
            assert_never(block)


def _element(name: str, content: str, class_: str = "", attributes: str = "") -> str:
    """Return an element around content that is already HTML."""
    named = f' class="{escaped(class_)}"' if class_ else ""
    return f"<{name}{attributes}{named}>{content}</{name}>"


def _text(text: b.Text) -> str:
    return escaped(text) if isinstance(text, str) else "".join(map(_inline, text))


def _inline(part: str | b.Span | b.Link) -> str:
    match part:
        case b.Link(words, target):
            return f'<a href="#{escaped(target)}">{escaped(words)}</a>'
        case b.Span(words, "tag"):
            return _element("span", escaped(words), "tag")
        case b.Span(words, kind):
            return _element({"bold": "b", "small": "small"}[kind], escaped(words))
        case _:
            return escaped(part)


def _table(table: b.Table) -> str:
    classes = ["number" if isinstance(title, b.Number) else "" for title in table.columns]
    titles = map(escaped, table.columns)
    head = "".join(_element("th", *cell, ' scope="col"') for cell in zip(titles, classes, strict=True))
    body = "\n".join(_row(row, classes) for row in table.rows)
    content = f"<caption>{escaped(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"
    return _element("table", content, "whole" if table.whole else "")


def _row(row: b.Row, classes: Sequence[str]) -> str:
    first, *others = map(escaped, row.cells)
    if row.kind == "group":
        return _element("tr", _element("th", first, "", f' scope="rowgroup" colspan="{len(classes)}"'), "group")
    key = f'<span class="key" style="background: {rgb(row.color)}"></span>' if row.color else ""
    cells = [_element("td", *cell) for cell in zip(others, classes[1:], strict=True)]
    return _element("tr", _element("th", key + first, "", ' scope="row"') + "".join(cells), row.kind)


def rgb(color: Sequence[int]) -> str:
    """Return a colour, 0-255, as a style sheet has it."""
    return "rgb({}, {}, {})".format(*(int(channel) for channel in color))


def data_uri(png: bytes) -> str:
    """Return PNG bytes as an address that a page can contain."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
