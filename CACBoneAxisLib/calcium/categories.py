"""Categories of a total score by scheme; schemes disagree, so each category names its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from CACBoneAxisLib.data import load_table

Scheme = Mapping[str, Any]


@dataclass(frozen=True)
class Category:
    """A category of a score: scheme, name, description and source."""

    scheme: str
    category: str | None
    label: str | None
    source: str


def categorise(agatston: float | None, arteries: int | None) -> dict[str, Category]:
    """Return the category of a total Agatston score in every scheme, by the scheme's id.

    A scheme that also counts arteries (CAC-DRS, ``A2/N3``) needs ``arteries``, 0 to 4.
    The category is None where a number is missing.

    Examples
    --------
    >>> categorise(120.0, 3)["cac-drs"].category
    'A2/N3'
    """
    result = {}
    for scheme in load_table("calcium_categories")["schemes"]:
        category, label = class_of(scheme, agatston)
        if scheme.get("with_arteries") and category is not None:
            category = None if arteries is None else f"{category}/N{arteries}"
            label = label if category is not None else None
        result[scheme["id"]] = Category(scheme["scheme"], category, label, scheme["source"])
    return result


def class_of(scheme: Scheme, agatston: float | None) -> tuple[str | None, str | None]:
    """Return the class of a score in one scheme and its description; both None without a score."""
    found = None
    for row in scheme["classes"] if agatston is not None else ():
        if agatston > row["lower"] or (row["inclusive"] and agatston == row["lower"]):
            found = row
    return (None, None) if found is None else (found["category"], found["label"])


def scheme_from(content: Any) -> dict[str, Any]:
    """Validate a user's own scheme and return it as a row of ``data/calcium_categories.json``.

    Required are ``scheme`` (its name) and ``classes``, each with ``category`` and ``lower``.
    ``inclusive`` (whether the lower limit belongs to the class) defaults to true, ``label`` to
    the category.

    Raises
    ------
    ValueError
        When a part is missing, a name occurs twice, the limits do not rise, or a score of 0
        belongs to no class.
    """
    if not isinstance(content, dict) or not isinstance(content.get("scheme"), str) or not content["scheme"].strip():
        raise ValueError("it has no name under scheme")
    given = content.get("classes")
    if not isinstance(given, list) or len(given) < 2 or not all(isinstance(row, dict) for row in given):
        raise ValueError("it has no classes, two or more")
    classes: list[dict[str, Any]] = []
    for row in given:
        name, lower, inclusive = row.get("category"), row.get("lower"), row.get("inclusive", True)
        if not isinstance(name, str) or not name.strip():
            raise ValueError("a class has no category")
        if type(lower) not in (int, float) or not isfinite(lower) or not isinstance(inclusive, bool):
            raise ValueError(f"the class {name} has no lower limit that is a number")
        if classes and (lower, not inclusive) <= (classes[-1]["lower"], not classes[-1]["inclusive"]):
            raise ValueError(f"the class {name} does not begin above the one before it")
        classes.append({"category": name, "label": str(row.get("label", name)), "lower": lower, "inclusive": inclusive})
    if len({row["category"] for row in classes}) < len(classes):
        raise ValueError("two of its classes have one name")
    scheme = {"id": "own", "scheme": content["scheme"], "source": str(content.get("source", "")), "classes": classes}
    if class_of(scheme, 0.0)[0] is None:
        raise ValueError("a score of 0 belongs to none of its classes")
    return scheme
