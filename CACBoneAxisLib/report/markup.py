"""Small pieces of HTML; every text goes through :func:`text` on its way into the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from CACBoneAxisLib.report.figures import Figure
from CACBoneAxisLib.report.raster import data_uri


def text(value: Any) -> str:
    """Return a value as escaped text, without the control characters that HTML does not allow."""
    return escape("".join(c for c in str(value) if c.isprintable() or c in "\n\t\u00a0"), quote=True)


def element(name: str, content: str, class_: str = "") -> str:
    """Return an element around content that is already HTML."""
    attribute = f' class="{text(class_)}"' if class_ else ""
    return f"<{name}{attribute}>{content}</{name}>"


def table(caption: str, columns: Sequence[tuple[str, bool]], rows: Iterable[str], class_: str = "") -> str:
    """Return a table: columns are (title, is it a number); rows are made by :func:`row`."""
    classes = {True: ' class="number"', False: ""}
    head = "".join(f'<th scope="col"{classes[number]}>{text(title)}</th>' for title, number in columns)
    body = "\n".join(rows)
    content = f"<caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"
    return element("table", content, class_)


def row(columns: Sequence[tuple[str, bool]], cells: Sequence[Any], class_: str = "", color: Sequence[int] = ()) -> str:
    """Return a table row of plain texts; the first cell is its header, with a colour key where one is given."""
    key = ""
    if color:
        red, green, blue = (int(c) for c in color)
        key = f'<span class="key" style="background: rgb({red}, {green}, {blue})"></span>'
    parts = [f'<th scope="row">{key}{text(cells[0])}</th>']
    for (_, number), cell in zip(columns[1:], cells[1:], strict=True):
        parts.append(element("td", text(cell), "number" if number else ""))
    return element("tr", "".join(parts), class_)


def group_row(columns: Sequence[tuple[str, bool]], title: str) -> str:
    """Return a row that names the rows below it."""
    return f'<tr class="group"><th scope="rowgroup" colspan="{len(columns)}">{text(title)}</th></tr>'


def figure(item: Figure, class_: str = "") -> str:
    """Return a picture with its caption and alternative text."""
    image = f'<img src="{data_uri(item.png)}" alt="{text(item.alt)}">'
    caption = f"<figcaption><b>{text(item.title)}</b><br>{text(item.caption)}</figcaption>"
    return element("figure", image + caption, class_)


def definitions(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return a list of names and values."""
    return element("dl", "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs))


def section(title: str, content: str, identifier: str) -> str:
    """Return a titled section of the page."""
    return f'<section class="panel" id="{text(identifier)}"><h2>{text(title)}</h2>\n{content}\n</section>'
