"""Reported quantities: name, unit, digits, code, and the tables that show each (``data/quantities.json``).

Page, terminal, CSV files, tables of the scene and the panel, results.csv, structured report,
JSON Schema and documentation are made from these rows.
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


# What values of a unit can be at all, however dense the metal and wrong the calibration; beyond, a file is damaged.
POSSIBLE = {"HU": (-1e5, 1e5), "mg/cm3": (-3000.0, 3000.0), "%": (0.0, 100.0), "years": (0.0, 200.0)}


@dataclass(frozen=True)
class Quantity:
    """A quantity, or words that qualify one.

    Parameters
    ----------
    key : its name, by which its digits are known (:func:`~CACBoneAxisLib.report.numbers.format_value`)
    title : over its column
    meaning : in words, for the documentation
    kind : of its values
    unit : empty where it has none
    decimals : as it is shown; None for as few as say it exactly
    shown : the tables that have it
    column : its name in CSV files, where that is not ``key``
    path : to its value in an entry of ``result.json``, where that is not ``key``; empty where
        a table makes the value itself
    adds_up : whether it is summed to totals: exactly nothing is written ``0``, and a lesion
        that does not count has none in the structured report
    code, method, derivation : of the DICOM concept; without a code it is not in the structured report
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
        """Its name in CSV files."""
        return self.column or self.key

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in ("number", "integer")

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        return POSSIBLE.get(self.unit, (0.0 if self.adds_up else -LARGEST_NUMBER, LARGEST_NUMBER))

    def of(self, entry: Mapping[str, Any]) -> Any:
        """Return its value in an entry of ``result.json``: None where it is missing, of a list its length."""
        value: Any = entry
        for part in (self.key,) if self.path is None else self.path:
            if value is None:
                return None
            value = value.get(part) if isinstance(value, Mapping) else value[part]
        return len(value) if self.kind == "integer" and isinstance(value, list) else value

    def heading(self, pattern: str = "{title}, {unit}") -> str:
        """Return what stands over its column: the title, and the unit where it has one."""
        return pattern.format(title=self.title, unit=self.unit) if self.unit else self.title


@cache
def quantities(subject: Subject, place: Place | None = None) -> tuple[Quantity, ...]:
    """Return the quantities of a subject in their order; with a place, those that it shows.

    What becomes of an entry (``status``, ``reason``) stands last, except in CSV files, whose
    columns keep their places.
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
    """Return the values of an entry for a table by key; ``made`` are those that the table makes itself."""
    own = made or {}
    return {one.key: own[one.key] if one.key in own else one.of(entry) for one in quantities(subject, place)}


def columns(subject: Subject, place: Place) -> dict[str, str]:
    """Return name and meaning of every column of a CSV file."""
    return {one.csv: one.meaning for one in quantities(subject, place)}


def numbers() -> dict[str, Quantity]:
    """Return the quantities that are numbers by key; those of one key are written alike."""
    found: dict[str, Quantity] = {}
    for subject in SUBJECTS:
        for one in quantities(subject):
            if one.is_number and subject != "bmd":
                found.setdefault(one.key, one)
    return found
