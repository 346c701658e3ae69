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
    """Words within a text that look different: bold, in small type, or a tag beside a sentence."""

    text: str
    kind: Literal["bold", "small", "tag"] = "bold"


@dataclass(frozen=True)
class Link:
    """Words that lead to a section of the page, by its identifier."""

    text: str
    target: str


Text = str | Sequence[str | Span | Link]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's title, 2 a section's."""

    text: str
    level: Literal[1, 2, 3] = 3


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: plain, soft, or on a card its big number, its lead or a further line."""

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


@dataclass(frozen=True)
class Row:
    """A table row: its cells, the first naming the row, how it stands out, and a colour key (0-255)."""

    cells: Sequence[Any]
    kind: Literal["", "total", "beside"] = ""
    color: Sequence[int] = ()


@dataclass(frozen=True)
class GroupRow:
    """A table row that names the rows below it."""

    title: str


@dataclass(frozen=True)
class Table:
    """A table: columns are (title, is it a number); a whole one is not divided between sheets."""

    caption: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Row | GroupRow]
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
    """A vector drawing of this software; Qt's rich text shows its title only."""

    title: str
    svg: str


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side."""

    figures: Sequence[Figure]


@dataclass(frozen=True)
class Callout:
    """Blocks in the colour of a finding's severity."""

    severity: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Verdict:
    """Fitness of the scan for one question, in words, with the reasons."""

    verdict: str
    words: str
    reasons: Sequence[str]


@dataclass(frozen=True)
class Card:
    """An answer; a missing one looks different."""

    blocks: Sequence[Block]
    missing: bool = False


@dataclass(frozen=True)
class Cards:
    """Answers side by side."""

    cards: Sequence[Card]


@dataclass(frozen=True)
class Columns:
    """Blocks side by side."""

    parts: Sequence[Sequence[Block]]


@dataclass(frozen=True)
class Details:
    """Blocks that are folded on screen until their title is clicked, and complete on paper."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Section:
    """A titled section; links lead to its identifier."""

    title: str
    identifier: str
    blocks: Sequence[Block]


Block = (
    Heading
    | Paragraph
    | Bullets
    | Definitions
    | Table
    | Figure
    | Drawing
    | Gallery
    | Callout
    | Verdict
    | Card
    | Cards
    | Columns
    | Details
    | Section
)


@dataclass(frozen=True)
class Page:
    """A page: title of the window, head, body, and the software that its last line names."""

    title: str
    header: Sequence[Block]
    body: Sequence[Block]
    software: str = ""


def by_severity(findings: Iterable[Mapping[str, Any]], titles: Mapping[str, str] | None = None) -> list[Block]:
    """Return a list of sentences for each severity that occurs, errors first.

    Parameters
    ----------
    findings : mappings with ``severity`` and ``message``; ``concerns``, where there are any, follow the sentence
    titles : heading by severity; none without it
    """
    found: list[Block] = []
    listed = list(findings)
    for severity in SEVERITIES:
        items = [_sentence(item) for item in listed if item["severity"] == severity]
        if items:
            title = [Heading(titles[severity])] if titles else []
            found.append(Callout(severity, [*title, Bullets(items)]))
    return found


def _sentence(item: Mapping[str, Any]) -> Text:
    concerns = item.get("concerns")
    return (f"{item['message']} ", Span(", ".join(concerns), "tag")) if concerns else item["message"]


def escaped(value: Any) -> str:
    """Return a value as text of a page: markup escaped, control characters that HTML does not allow left out."""
    return escape("".join(c for c in str(value) if c.isprintable() or c in "\n\t\u00a0"), quote=True)
