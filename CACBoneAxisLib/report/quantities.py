"""Define the reported quantities: name, unit, digits, code and tables.

The rows of ``data/quantities.json`` define the page, terminal output, CSV files, tables in scene
and panel, results.csv, structured report, JSON Schema and documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.jsontext import LARGEST_NUMBER

Subject = Literal["lesion", "territory", "coronary", "vertebra", "bmd", "blood"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
Place = Literal["csv", "page", "heights", "terminal", "scene", "panel", "cohort"]
Kind = Literal["text", "number", "integer", "yes/no"]
Code = tuple[str, str, str]


# Plausible range per unit, allowing for dense metal and wrong calibration; beyond it a file is damaged.
POSSIBLE = {"HU": (-1e5, 1e5), "mg/cm3": (-3000.0, 3000.0), "%": (0.0, 100.0), "years": (0.0, 200.0)}


@dataclass(frozen=True)
class Quantity:
    """A reported quantity, or a text column that qualifies one.

    Parameters
    ----------
    key : its name, which selects its format (:func:`~CACBoneAxisLib.report.numbers.format_value`)
    title : column heading
    meaning : description for the documentation
    kind : type of its values
    unit : empty for none
    decimals : decimals shown; None for the fewest that are exact
    shown : tables that include it
    column : its name in CSV files, if not ``key``
    path : path to its value in an entry of ``result.json``, if not ``key``; empty if the table
        computes the value
    adds_up : whether totals sum it: exact zero is written ``0``, and an unscored lesion has
        none in the structured report
    code, method, derivation : DICOM concept; without a code it is left out of the structured report
    """

    key: str
    title: str
    meaning: str
    kind: Kind = "number"
    unit: str = ""
    decimals: int | None = None
    shown: tuple[Place, ...] = ()
    column: str = ""
    path: tuple[str | int, ...] | None = None
    adds_up: bool = False
    code: Code | None = None
    method: Code | None = None
    derivation: Code | None = None

    @property
    def csv(self) -> str:
        """Its column name in CSV files."""
        return self.column or self.key

    @property
    def is_number(self) -> bool:
        """Whether its values are numeric."""
        return self.kind in ("number", "integer")

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest plausible value."""
        return POSSIBLE.get(self.unit, (0.0 if self.adds_up else -LARGEST_NUMBER, LARGEST_NUMBER))

    def of(self, entry: Mapping[str, Any]) -> Any:
        """Return its value in an entry of ``result.json``.

        None if missing; a list gives its length.
        """
        value: Any = entry
        for part in (self.key,) if self.path is None else self.path:
            if value is None:
                return None
            value = value.get(part) if isinstance(value, Mapping) else value[part]
        return len(value) if self.kind == "integer" and isinstance(value, list) else value

    def heading(self, pattern: str = "{title}, {unit}") -> str:
        """Return the column heading: the title, with the unit if it has one."""
        return pattern.format(title=self.title, unit=self.unit) if self.unit else self.title


@cache
def quantities(subject: Subject, place: Place | None = None) -> tuple[Quantity, ...]:
    """Return the quantities of a subject in order, optionally those of one table.

    ``status`` and ``reason`` come last, except in CSV files, whose column order is fixed.
    """
    rows = load_table("quantities")[subject]
    made = [_quantity(row) for row in rows]
    kept = [one for one in made if place is None or place in one.shown]
    if place not in (None, "csv"):
        kept.sort(key=lambda one: ("status", "reason").index(one.key) + 1 if one.key in ("status", "reason") else 0)
    return tuple(kept)


def _quantity(row: Mapping[str, Any]) -> Quantity:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Quantity(**values)


def cells(
    subject: Subject, place: Place, entry: Mapping[str, Any], made: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return an entry's values by key; ``made`` are those the table computes."""
    own = made or {}
    return {one.key: own[one.key] if one.key in own else one.of(entry) for one in quantities(subject, place)}


def columns(subject: Subject, place: Place) -> dict[str, str]:
    """Return the name and meaning of every column of a CSV file."""
    return {one.csv: one.meaning for one in quantities(subject, place)}


def numbers() -> dict[str, Quantity]:
    """Return the numeric quantities by key; a key has one format everywhere."""
    found: dict[str, Quantity] = {}
    for subject in SUBJECTS:
        for one in quantities(subject):
            if one.is_number and subject != "bmd":
                found.setdefault(one.key, one)
    return found
