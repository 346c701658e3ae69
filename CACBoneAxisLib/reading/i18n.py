"""Slicer's translation of what a person reads; without Slicer's application the words stay as they are."""

from __future__ import annotations

try:
    # The function itself: it tells the context of a text from the file that calls it.
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        """Return the text."""
        return text


__all__ = ["tr"]
