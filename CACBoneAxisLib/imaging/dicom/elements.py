"""Read single DICOM elements as text or numbers; absent or damaged ones are empty or None."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydicom.tag import Tag
from pydicom.valuerep import PersonName

# VRs of plain text, and of numbers written as text.
CHARACTERS = frozenset({"AS", "CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI"})
DECIMALS = frozenset({"DS", "IS"})
# Some writers use a locale's decimal comma.
DECIMAL = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")


def items(dataset: Any, keyword: str) -> Any:
    """Return the items of a sequence, an empty list where it is absent or damaged."""
    try:
        found = dataset.get(keyword) if dataset is not None else None
        return found if found is not None and hasattr(found, "__len__") and not isinstance(found, str | bytes) else []
    except Exception:  # pydicom raises whatever the damage leads to
        return []


def first(dataset: Any, keyword: str) -> Any:
    """Return the first item of a sequence, None where there is none."""
    found = items(dataset, keyword)
    return found[0] if len(found) else None


@cache
def _tag(keyword: str) -> Any:
    return Tag(keyword)


def _raw(dataset: Any, keyword: str, kinds: frozenset[str]) -> str | None:
    """Return the raw characters of an element that pydicom has not converted yet, empty if absent.

    None where it has been converted or has another VR. Converting to pydicom's objects takes ten
    times as long, for every file of a series.
    """
    try:
        element = dataset.get_item(_tag(keyword))
        if element is None:
            return ""
        value = element.value
        if not isinstance(value, bytes):
            return None
        if element.VR == "US" and len(value) == 2 and kinds is DECIMALS:
            return str(int.from_bytes(value, "little" if element.is_little_endian else "big"))
        if element.VR not in kinds or not value.isascii():
            return None
        return value.decode("ascii").rstrip("\0 ")
    except Exception:  # whatever the damage leads to
        return None


def text(dataset: Any, keyword: str) -> str:
    """Return an element as one line of text, empty where it is absent or damaged."""
    if dataset is None:
        return ""
    value: Any = _raw(dataset, keyword, CHARACTERS)
    if value is not None:
        value = value.replace("\\", " ")
    else:
        try:
            value = dataset.get(keyword)
        except Exception:  # pydicom raises whatever the damage leads to
            return ""
    if value is None:
        return ""
    # A PersonName is text although it is iterable.
    if not isinstance(value, str | PersonName) and hasattr(value, "__iter__"):
        value = " ".join(str(one) for one in value)
    value = str(value)
    return " ".join((value if value.isprintable() else _printable(value)).split())


def _printable(value: str) -> str:
    return "".join(c if c.isprintable() else " " for c in value)


def numbers(dataset: Any, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return an element as ``count`` finite numbers; None if absent or damaged."""
    if dataset is None:
        return None
    try:
        raw = _raw(dataset, keyword, DECIMALS)
        if raw == "":
            return None
        if raw is not None:
            values = _floats(raw)
        else:
            value: Any = dataset.get(keyword)
            if value is None:
                return None
            # As text, or with a text VR where a numeric one belongs.
            text_ = isinstance(value, str) or (count > 1 and any(isinstance(one, str) for one in value))
            if text_:
                values = _floats(value if isinstance(value, str) else "\\".join(str(one) for one in value))
            else:
                values = tuple(float(one) for one in (value if count > 1 else [value]))
    except Exception:  # pydicom raises whatever the damage leads to
        return None
    finite = len(values) == count and all(abs(one) < float("inf") for one in values)
    return values if finite else None


def _floats(written: str) -> tuple[float, ...]:
    """Parse backslash-separated numbers; ValueError where one is not a number."""
    values = []
    for one in written.split("\\"):
        stripped = one.strip("\0 ")
        if not DECIMAL.fullmatch(stripped):
            raise ValueError(stripped)
        values.append(float(stripped.replace(",", ".")))
    return tuple(values)


def offset(dataset: Any, keyword: str) -> float | None:
    """Parse a number with a possible decimal comma; None where it may be a thousands separator."""
    written = text(dataset, keyword)
    return None if THOUSANDS.fullmatch(written) else number(dataset, keyword)


def unreadable(dataset: Any, keyword: str) -> bool:
    """Return whether a single-number element holds something else."""
    return bool(text(dataset, keyword)) and number(dataset, keyword) is None


def number(dataset: Any, keyword: str) -> float | None:
    """Return an element as one finite number; None if absent or damaged."""
    values = numbers(dataset, keyword, 1)
    return None if values is None else values[0]


def image_type(header: Any) -> tuple[str, ...]:
    """Return the values of Image Type."""
    raw = _raw(header, "ImageType", CHARACTERS)
    if raw is not None:
        return tuple(one.strip() for one in raw.split("\\")) if raw else ()
    try:
        value = header.get("ImageType")
    except Exception:  # pydicom raises whatever the damage leads to
        return ()
    if not value:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(one) for one in value)


def kernel(header: Any) -> str | None:
    """Return the convolution kernel, multiple values joined by a space, also from an enhanced header."""
    shared = first(header, "SharedFunctionalGroupsSequence")
    frame = first(header, "PerFrameFunctionalGroupsSequence")
    for source in (
        header,
        first(shared, "CTReconstructionSequence"),
        first(frame, "CTReconstructionSequence"),
        first(shared, "UnassignedSharedConvertedAttributesSequence"),
    ):
        found = text(source, "ConvolutionKernel")
        if found:
            return found
    return None
