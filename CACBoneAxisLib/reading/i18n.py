"""Translate user-visible text through Slicer, or return it unchanged without it."""

from __future__ import annotations

from collections.abc import Callable


def _translation() -> Callable[[str], str]:
    try:
        # The function itself, because it derives the context of a text from the calling file.
        from slicer.i18n import tr
    except ImportError:
        return str
    found: Callable[[str], str] = tr
    return found


tr = _translation()
