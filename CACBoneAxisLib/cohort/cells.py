"""Cells of tables that people and spreadsheets write, as numbers: read right, or refused by line and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import LARGEST_NUMBER

# Ways to say that a value is missing, whatever the case.
MISSING = {"", "na", "n/a", "#n/a", "#nv", "#null!", "<na>", "nan", "null", "."}
# In a column of numbers a sign or a word alone is missing too; in a column of words it may be an answer.
MISSING_NUMBER = MISSING | {"-", "--", "—", "none", "k.a.", "k. a.", "missing", "unknown", "?"}
# Text processors and plotting programs write the minus sign, or an en dash, in place of the hyphen.
MINUS = str.maketrans("\u2212\u2013", "--")
POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA = re.compile(r"[+\u2212\u2013-]?\d*,\d+([eE][+-]?\d+)?")
# Malformed numbers: thousands separators, limits, units, spreadsheet errors.
LIKE_NUMBER = re.compile(
    r"[<>≤≥~=]?\s*[+-]?\d[\d.,' \u00a0]*(\s*%|\s+\S{1,12}|kg|mg|cm|mm|ml|hu|years?|y)?|#\S+!|[+-]?inf(inity)?",
    re.IGNORECASE,
)
# A column is one of numbers where this part of its cells is.
MOSTLY = 0.5
WHOLE, THREE_DIGITS, DATE = (
    re.compile(r"[+-]?\d+"),
    re.compile(r"\d[.,]\d{3}$"),
    re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}"),
)


def is_missing(text: str, *, number: bool = False) -> bool:
    """Return whether a cell says that it has no value."""
    return text.strip().lower() in (MISSING_NUMBER if number else MISSING)


@dataclass(frozen=True)
class Cells:
    """The cells of a table as they were read.

    Parameters
    ----------
    file : its name, for the sentences
    header : names of the columns
    rows : line number and cells
    delimiter : what separates cells
    """

    file: str
    header: Sequence[str]
    rows: Sequence[tuple[int, list[str]]]
    delimiter: str

    @cached_property
    def decimal_comma(self) -> bool:
        """Whether the table writes decimals with a comma: some cell does, and cells are not separated by commas."""
        return self.delimiter != "," and any(COMMA.fullmatch(cell.strip()) for _, cells in self.rows for cell in cells)

    def column(self, name: str) -> list[str]:
        """Return the texts of a column."""
        place = list(self.header).index(name)
        return [cells[place].strip() if place < len(cells) else "" for _, cells in self.rows]

    def words(self, name: str) -> list[str | None]:
        """Return the texts of a column, None where one says that it has no value."""
        return [None if is_missing(text) else text for text in self.column(name)]

    def numbers(self, name: str, *, must: bool = False) -> list[float | None] | None:
        """Return the numbers of a column, None for each missing one; None altogether for a column of words.

        Decimal commas are read where the whole column has them. Where a comma before three digits, or a point in a
        table that has decimal commas, may separate thousands as well, the column is refused.

        Parameters
        ----------
        must : the column has numbers by its meaning

        Raises
        ------
        UnusableInputError
            ``cell-unreadable`` for a cell that is no number in a column of numbers, ``cell-thousands``; by line
            and column.
        """
        texts = [text.translate(MINUS) for text in self.column(name)]
        there = [n for n, text in enumerate(texts) if not is_missing(text, number=True)]
        points = {n for n in there if POINT.fullmatch(texts[n])}
        commas = {n for n in there if COMMA.fullmatch(texts[n])}
        like = {n for n in there if LIKE_NUMBER.fullmatch(texts[n]) and not DATE.fullmatch(texts[n])}
        if not must and len(like | points | commas) < max(1, MOSTLY * len(there)):
            return None if there else [None] * len(texts)
        whole = {n for n in points if WHOLE.fullmatch(texts[n])}
        with_comma = len(commas) > len(points - whole)
        wrong = set(there) - whole - (commas if with_comma else points)
        if wrong:
            raise refusal("cell-unreadable", file=self.file, line=self.rows[min(wrong)][0], column=name)
        decimals = commas if with_comma else points - whole
        grouped = decimals and all(THREE_DIGITS.search(texts[n]) for n in decimals)
        if grouped and with_comma != self.decimal_comma and (with_comma or self.decimal_comma):
            raise refusal("cell-thousands", file=self.file, line=self.rows[min(decimals)][0], column=name)
        found: list[float | None] = [None] * len(texts)
        for n in there:
            number = float(texts[n].replace(",", "."))
            if abs(number) > LARGEST_NUMBER:
                raise refusal("cell-unreadable", file=self.file, line=self.rows[n][0], column=name)
            found[n] = number
        return found


def number_of(text: str) -> float | None:
    """Return the number that a single cell says, with a decimal point or comma; None where it says none."""
    text = text.strip().translate(MINUS)
    if POINT.fullmatch(text):
        return float(text)
    return float(text.replace(",", ".")) if COMMA.fullmatch(text) else None
