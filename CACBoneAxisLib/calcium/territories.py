"""Territories of calcium: the four coronary arteries, and those reported beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from CACBoneAxisLib.data import load_table


@dataclass(frozen=True)
class Territory:
    """A territory: code, name, whether it counts in the coronary total, and its display colour (RGB)."""

    code: str
    name: str
    coronary: bool
    color: tuple[int, int, int]


@cache
def territories() -> dict[str, Territory]:
    """Return the territories by code, coronary arteries first, in reporting order."""
    rows = load_table("territories")["territories"]
    return {r["code"]: Territory(r["code"], r["name"], r["coronary"], tuple(r["color"])) for r in rows}


def coronary_codes() -> tuple[str, ...]:
    """Return the codes of the territories that make up the coronary total."""
    return tuple(code for code, territory in territories().items() if territory.coronary)


def territory_of(label: str) -> str | None:
    """Return the code of the territory that a label names, None where it names none.

    Examples
    --------
    >>> territory_of("LAD-2"), territory_of("lad 2"), territory_of("L1")
    ('LAD', 'LAD', None)
    """
    match = re.fullmatch(r"\s*([A-Za-z]+)\s*[-_ ]?\s*\d*\s*", label)
    code = match.group(1).upper() if match else ""
    return code if code in territories() else None
