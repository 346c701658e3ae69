"""Format numbers: :func:`format_value` for people, :func:`stored` for files.

Panel, console, page and terminal show the same digits; ``result.json`` and the CSV files keep more.
"""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.report.quantities import Quantity, numbers

NOT_MEASURED = "—"

# Published phantom scores have up to five digits before the point and five decimals; ten significant
# digits keep both and drop the last bits, which depend on summation order.
STORED_DIGITS = 10


# Decimals and units of numbers without a row in data/quantities.json.
FORMATS: dict[str, Quantity] = {
    key: Quantity(key, name, name, unit=unit, decimals=decimals)
    for key, decimals, unit, name in (
        ("area_mm2", 1, "mm2", "Area"),
        ("threshold_hu", None, "HU", "Threshold"),
        ("percent", 0, "%", "Per cent"),
        ("position_mm", 1, "mm", "Position"),
        ("length_mm", 1, "mm", "Length"),
        ("spacing_mm", 2, "mm", "Spacing"),
        ("count", 0, "", "Count"),
        ("weight", 0, "", "Weight"),
        ("rate_percent", 1, "%", "Rate"),
        ("mass_factor", None, "mg/mm3/HU", "Factor for the mass"),
        ("age_years", 0, "years", "Age"),
        ("kvp", None, "kVp", "Tube voltage"),
        ("seconds", 1, "s", "Time"),
    )
}
KNOWN: dict[str, Quantity] = {**numbers(), **FORMATS}


def format_value(value: float | None, quantity: str, *, unit: bool = False) -> str:
    """Format a value for people.

    Parameters
    ----------
    value : number or None
        ``None`` (not measured) gives an em dash, never a zero.
    quantity : key of a quantity or of :data:`FORMATS`
    unit : whether the unit follows the number

    Returns
    -------
    str
        A score, volume or mass of exactly zero is ``0``; one that rounds to zero keeps its
            decimals (``0.0``).

    Raises
    ------
    KeyError
        If the quantity is unknown.
    """
    known = KNOWN[quantity]
    if value is None:
        return NOT_MEASURED
    if known.decimals is None:
        text = f"{stored(float(value)):.10g}"
    elif known.adds_up and value == 0:
        text = "0"
    else:
        text = f"{value:.{known.decimals}f}"
        if float(text) == 0:
            text = text.lstrip("-")
    return f"{text} {known.unit}" if unit and known.unit else text


def stored(value: Any) -> Any:
    """Return a value with all nested floats rounded to ten significant digits.

    Used for ``result.json`` and the CSV files; idempotent. Mappings and sequences come back as new
    dicts and lists, everything else unchanged.
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
