"""How every quantity is written: for people in one place, for files in one rule.

Panel, console, page and terminal print through :func:`format_value`, so that a
number looks the same wherever it stands. ``result.json`` and the CSV files keep
more digits, all of them through :func:`stored`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOT_MEASURED = "—"

# Published phantom scores have five decimals and reach five digits before the point; ten
# significant digits keep both, and drop the last bits that differ with the order of a sum.
STORED_DIGITS = 10


@dataclass(frozen=True)
class Quantity:
    """How one quantity is shown: decimals (``None``: as few as say it exactly), unit, and its name."""

    decimals: int | None
    unit: str
    name: str
    plain_zero: bool = False


QUANTITIES: dict[str, Quantity] = {
    "agatston": Quantity(1, "", "Agatston score", plain_zero=True),
    "volume_mm3": Quantity(1, "mm3", "Volume", plain_zero=True),
    "mass_mg": Quantity(2, "mg", "Mass", plain_zero=True),
    "area_mm2": Quantity(1, "mm2", "Area"),
    "mean_hu": Quantity(1, "HU", "Mean"),
    "median_hu": Quantity(1, "HU", "Median"),
    "sd_hu": Quantity(1, "HU", "Standard deviation"),
    "p10_hu": Quantity(1, "HU", "10th percentile"),
    "p90_hu": Quantity(1, "HU", "90th percentile"),
    "peak_hu": Quantity(0, "HU", "Peak"),
    "threshold_hu": Quantity(None, "HU", "Threshold"),
    "bmd": Quantity(1, "mg/cm3", "Bone mineral density"),
    "t_score": Quantity(2, "", "T-score"),
    "z_score": Quantity(2, "", "Z-score"),
    "percent": Quantity(0, "%", "Per cent"),
    "position_mm": Quantity(1, "mm", "Position"),
    "length_mm": Quantity(1, "mm", "Length"),
    "spacing_mm": Quantity(2, "mm", "Spacing"),
    "count": Quantity(0, "", "Count"),
    "voxels": Quantity(0, "", "Voxels"),
    "weight": Quantity(0, "", "Weight"),
    "rate_percent": Quantity(1, "%", "Rate"),
    "density": Quantity(2, "", "Density of calcium"),
    "share": Quantity(2, "", "Share"),
    "mass_factor": Quantity(None, "mg/mm3/HU", "Factor for the mass"),
    "age_years": Quantity(0, "years", "Age"),
    "kvp": Quantity(None, "kVp", "Tube voltage"),
    "seconds": Quantity(1, "s", "Time"),
}


def format_value(value: float | None, quantity: str, *, unit: bool = False) -> str:
    """Return a value as it is shown to people.

    Parameters
    ----------
    value : number or None
        ``None`` (not measured) gives an em dash and never a zero.
    quantity : a key of :data:`QUANTITIES`
    unit : whether the unit follows the number

    Returns
    -------
    str
        A score, volume or mass that is exactly zero is ``0``; one that only rounds to
        zero keeps its decimals (``0.0``).

    Raises
    ------
    KeyError
        When the quantity is not known.
    """
    known = QUANTITIES[quantity]
    if value is None:
        return NOT_MEASURED
    if known.decimals is None:
        text = f"{stored(float(value)):.10g}"
    elif known.plain_zero and value == 0:
        text = "0"
    else:
        text = f"{value:.{known.decimals}f}"
        if float(text) == 0:
            text = text.lstrip("-")
    return f"{text} {known.unit}" if unit and known.unit else text


def stored(value: Any) -> Any:
    """Return the value with every float in it, at any depth, rounded to ten significant digits.

    What ``result.json`` and the CSV files contain; applying it twice changes nothing.
    Mappings and sequences come back as new dicts and lists, everything else as it is.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.{STORED_DIGITS}g}")
    if isinstance(value, dict):
        return {key: stored(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [stored(item) for item in value]
    return value
