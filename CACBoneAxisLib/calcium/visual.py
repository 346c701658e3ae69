"""Ordinal score by eye on non-gated scans (Shemesh 2010)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from CACBoneAxisLib.data import load_table

MOST = 3


@dataclass(frozen=True)
class VisualReading:
    """Visual reading of calcium along each coronary artery.

    Parameters
    ----------
    lm, lad, lcx, rca
        0 absent, 1 under a third of the artery's length, 2 a third to two thirds, 3 more; all four
        or none.
    cac_drs
        0 to 3: the reader's visual class of CAC-DRS for the whole heart.
    """

    lm: int | None = None
    lad: int | None = None
    lcx: int | None = None
    rca: int | None = None
    cac_drs: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown class, or when only some of the arteries are read."""
        for name, value in asdict(self).items():
            if value is not None and not 0 <= value <= MOST:
                raise ValueError(f"visual.{name} must be 0, 1, 2 or 3, not {value}")
        if len({value is None for value in self.arteries.values()}) > 1:
            raise ValueError("visual needs all four of lm, lad, lcx, rca")

    @property
    def arteries(self) -> dict[str, int | None]:
        """The classes by territory."""
        return {"LM": self.lm, "LAD": self.lad, "LCX": self.lcx, "RCA": self.rca}

    def to_mapping(self) -> dict[str, Any] | None:
        """Return the ``visual`` part of result.json; None when nothing was read.

        The sum of the four classes, 0 to 12, with the group it falls in and the
        cardiovascular death that was seen in that group, percent.
        """
        known = [value for value in self.arteries.values() if value is not None]
        if not known and self.cac_drs is None:
            return None
        table = load_table("calcium_risk")["visual"]
        total = sum(known) if known else None
        group = next((g for g in table["groups"] if total is not None and g["from"] <= total <= g["to"]), None)
        arteries = sum(value > 0 for value in known) if known else None
        drs = None
        if self.cac_drs is not None:
            drs = f"V{self.cac_drs}" + (f"/N{arteries}" if arteries is not None else "")
        return {
            "arteries": self.arteries,
            "sum": total,
            "group": None if group is None else _range(group["from"], group["to"]),
            "death_percent": None if group is None else group["death_percent"],
            "cac_drs": drs,
            "source": table["source"],
            "population": table["population"],
        }


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
