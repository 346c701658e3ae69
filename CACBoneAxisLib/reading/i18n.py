"""Slicer's translation of what a person reads; without Slicer's application the words stay as they are."""

from __future__ import annotations

from collections.abc import Callable


def _translation() -> Callable[[str], str]:
    try:
        # The function itself: it tells the context of a text from the file that calls it.
        from slicer.i18n import tr
    except ImportError:
        return str
    found: Callable[[str], str] = tr
    return found


tr = _translation()
