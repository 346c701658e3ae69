"""A page as a tree of blocks, which ``html.py`` writes for a browser and ``richtext.py`` for paper and Slicer.

Blocks hold plain text. Whoever writes them escapes it (:func:`escaped`), so that nothing
from a header or a label can become markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from CACBoneAxisLib.report.wording import SEVERITIES


@dataclass(frozen=True)
class Span:
    """Words within a text that look different: bold, small, or a tag beside a sentence."""

    text: str
    kind: Literal["bold", "small", "tag"] = "bold"


@dataclass(frozen=True)
class Link:
    """Words that lead to the section with an identifier."""

    text: str
    target: str


Text = str | Sequence[str | Span | Link]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's title, 2 a section's or card's."""

    text: str
    level: Literal[1, 2, 3] = 3


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: plain or soft, or on a card its big number, its lead or a further line."""

    text: Text
    kind: Literal["", "soft", "big", "lead", "line"] = ""


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[Text]


@dataclass(frozen=True)
class Definitions:
    """Names and values."""

    pairs: Sequence[tuple[str, Any]]


class Number(str):
    """The title of a column of numbers."""

    __slots__ = ()


@dataclass(frozen=True)
class Row:
    """A table row: its cells, the first naming it, and a colour key (0-255); a group names the rows below it."""

    cells: Sequence[Any]
    kind: Literal["", "total", "beside", "group"] = ""
    color: Sequence[int] = ()


@dataclass(frozen=True)
class Table:
    """A table with the titles of its columns; a whole one is not divided between sheets."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Row]
    whole: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with its key (``LAD``, ``L1``), title, caption, alternative text and PNG bytes."""

    key: str
    title: str
    caption: str
    alt: str
    png: bytes


@dataclass(frozen=True)
class Drawing:
    """A vector drawing (SVG) of this software; Qt's rich text shows its title only."""

    title: str
    svg: str


@dataclass(frozen=True)
class Group:
    """Blocks that belong together.

    ``cards``, ``columns`` and ``pictures`` stand side by side. A ``card`` is an answer, and
    ``missing`` one that there is not. ``error``, ``warning``, ``note`` and the verdicts on a
    scan, ``standard``, ``opportunistic`` and ``unsuitable``, have a colour.
    """

    kind: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Details:
    """Blocks that a screen folds until their title is clicked, and paper shows."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Section:
    """A titled section, to which links lead by its identifier."""

    title: str
    identifier: str
    blocks: Sequence[Block]


Block = Heading | Paragraph | Bullets | Definitions | Table | Figure | Drawing | Group | Details | Section


@dataclass(frozen=True)
class Page:
    """A page: title of the window, head, body, and the software that its last line names."""

    title: str
    header: Sequence[Block]
    body: Sequence[Block]
    software: str = ""


def of_numbers(*titles: str) -> tuple[Number, ...]:
    """Return the titles of columns of numbers."""
    return tuple(map(Number, titles))


def by_severity(findings: Iterable[Mapping[str, Any]], titles: Mapping[str, str] | None = None) -> list[Block]:
    """Return the sentences of findings, and what each concerns, in a list for each severity, errors first."""
    listed, found = list(findings), list[Block]()
    for severity in SEVERITIES:
        items = [_sentence(item) for item in listed if item["severity"] == severity]
        if items:
            title = [Heading(titles[severity])] if titles else []
            found.append(Group(severity, [*title, Bullets(items)]))
    return found


def _sentence(item: Mapping[str, Any]) -> Text:
    concerns = item.get("concerns")
    return (f"{item['message']} ", Span(", ".join(concerns), "tag")) if concerns else item["message"]


def escaped(value: Any) -> str:
    """Return a value as text of a page: markup escaped, control characters that HTML does not allow left out."""
    return escape("".join(c for c in str(value) if c.isprintable() or c in "\n\t\u00a0"), quote=True)
