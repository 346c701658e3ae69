"""The vertebral levels T1 to L5: order, codes and colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from CACBoneAxisLib.data import load_table

Site = Literal["thoracic", "lumbar"]

# "L1" anywhere between characters that are not letters or digits: vertebrae_L1, L1 region, Th12.
LEVEL_PATTERN = re.compile(r"(?<![A-Za-z0-9])(TH|T|L)[ -]?0?([1-9][0-9]?)(?![0-9A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Level:
    """A vertebral level.

    Parameters
    ----------
    code : ``T1`` to ``L5``
    name : in words
    site : thoracic or lumbar, as reference populations distinguish
    order : 1 for T1 to 17 for L5
    snomed : SNOMED CT code, None where no code was verified
    color : RGB, 0 to 255
    """

    code: str
    name: str
    site: Site
    order: int
    snomed: str | None
    color: tuple[int, int, int]


@cache
def levels() -> dict[str, Level]:
    """Return the levels by code, from T1 to L5."""
    return {
        row["level"]: Level(
            row["level"],
            row["name"],
            row["site"],
            row["order"],
            row["snomed"]["value"] if row["snomed"] else None,
            tuple(row["color"]),
        )
        for row in load_table("levels")["levels"]
    }


def parse_level(text: str) -> str | None:
    """Return the code of the one vertebral level that a name mentions, or None.

    ``L1``, ``l1``, ``vertebrae_L1``, ``L1 region`` and ``Th12`` name a level;
    ``L6``, ``LAD-1`` and ``R`` name none, and ``L1-L2`` names two, so none either.

    Examples
    --------
    >>> parse_level("vertebrae_L1"), parse_level("Th12"), parse_level("L1-L2")
    ('L1', 'T12', None)
    """
    found = {f"{letter[0].upper()}{number}" for letter, number in LEVEL_PATTERN.findall(text.replace("_", " "))}
    if len(found) != 1:
        return None
    code = found.pop()
    return code if code in levels() else None
