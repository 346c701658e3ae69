"""Single elements of a DICOM header, as text and numbers, absent or damaged ones as nothing."""

from __future__ import annotations

from typing import Any


def first(dataset: Any, keyword: str) -> Any:
    """Return the first item of a sequence, None where there is none."""
    items = dataset.get(keyword) if dataset is not None else None
    return items[0] if items else None


def text(dataset: Any, keyword: str) -> str:
    """Return an element as one line of text, empty where it is absent or damaged."""
    try:
        value = dataset.get(keyword) if dataset is not None else None
    except Exception:  # pydicom raises whatever the damage leads to
        return ""
    if value is None:
        return ""
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        value = " ".join(str(one) for one in value)
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())


def numbers(dataset: Any, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return an element of ``count`` finite numbers, None where it is absent or damaged."""
    if dataset is None or keyword not in dataset:
        return None
    try:
        element = dataset.get_item(keyword)
        # pydicom's decimal objects take ten times as long as the text they are made of.
        if isinstance(element.value, bytes) and element.VR == "DS":
            values = tuple(float(one) for one in element.value.rstrip(b"\0").split(b"\\"))
        else:
            value: Any = dataset.get(keyword)
            values = tuple(float(one) for one in (value if count > 1 else [value]))
    except Exception:  # pydicom raises whatever the damage leads to
        return None
    finite = len(values) == count and all(abs(one) < float("inf") for one in values)
    return values if finite else None


def number(dataset: Any, keyword: str) -> float | None:
    """Return an element that is one finite number, None where it is absent or damaged."""
    values = numbers(dataset, keyword, 1)
    return None if values is None else values[0]


def image_type(header: Any) -> tuple[str, ...]:
    """Return the values of Image Type."""
    try:
        value = header.get("ImageType")
    except Exception:  # pydicom raises whatever the damage leads to
        return ()
    if not value:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(one) for one in value)


def kernel(header: Any) -> str | None:
    """Return the convolution kernel, several values joined by a blank, also from an enhanced header."""
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
