"""JSON from elsewhere: only what every later step can compute with and write again."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

# No length, value or time of a scan comes near; a product of several must stay finite.
LARGEST_NUMBER = 1e12
SMALLEST_NUMBER = 1e-100
DEEPEST = 50


def parse_json(text: str | bytes, *, any_number: bool = False) -> Any:
    """Parse JSON and check its values.

    Parameters
    ----------
    text : of a file, with or without a byte order mark
    any_number : whether NaN, infinities and impossible numbers may stay, where the caller checks those it uses

    Raises
    ------
    ValueError
        When it is no JSON, an object has two entries of one name, or as :func:`check_values` says.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        content = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    check_values(content, any_number=any_number)
    return content


def check_values(content: Any, *, any_number: bool = False) -> None:
    """Raise ValueError for lists nested too deeply, text that is not Unicode, and impossible numbers.

    Examples
    --------
    >>> check_values({"threshold_hu": 130})
    >>> check_values([1e400])
    Traceback (most recent call last):
    ...
    ValueError: it holds an impossible number
    """
    level = [content]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, int | float) and not any_number:
                _check_number(value)
        if not below:
            return
        level = below
    raise ValueError("it is nested too deeply")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("it names an entry twice")
    return content


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it holds text that is not Unicode") from None


def _check_number(number: float) -> None:
    # Whole numbers may be too large to become a float.
    size = abs(number)
    if isinstance(size, float) and not isfinite(size):
        raise ValueError("it holds an impossible number")
    if size > LARGEST_NUMBER or 0 < size < SMALLEST_NUMBER:
        raise ValueError("it holds an impossible number")
