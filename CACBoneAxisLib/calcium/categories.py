"""Categories of a total score, by scheme; they disagree, so none goes without its name."""

from __future__ import annotations

from dataclasses import dataclass

from CACBoneAxisLib.data import load_table


@dataclass(frozen=True)
class Category:
    """A category: scheme, what the scheme calls it, the words for it, and the source."""

    scheme: str
    category: str | None
    label: str | None
    source: str


def categorise(agatston: float | None, arteries: int | None) -> dict[str, Category]:
    """Return the category of a total Agatston score in every scheme, by the scheme's id.

    A scheme that also counts arteries (CAC-DRS, ``A2/N3``) needs ``arteries``, 0 to 4.
    Where a number is missing the category is None.
    """
    result = {}
    for scheme in load_table("calcium_categories")["schemes"]:
        category = label = None
        if agatston is not None:
            for row in scheme["classes"]:
                if agatston > row["lower"] or (row["inclusive"] and agatston == row["lower"]):
                    category, label = row["category"], row["label"]
        if scheme.get("with_arteries") and category is not None:
            category = None if arteries is None else f"{category}/N{arteries}"
            label = label if category is not None else None
        result[scheme["id"]] = Category(scheme["scheme"], category, label, scheme["source"])
    return result
