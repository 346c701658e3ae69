"""Puts what a benchmark measured between two marks of a page."""

from __future__ import annotations

from pathlib import Path

SPEED_PAGE = Path(__file__).resolve().parents[2] / "docs" / "speed.md"


def write_between(start: str, end: str, text: str, page: Path = SPEED_PAGE) -> None:
    """Replace what stands between the marks ``start`` and ``end`` of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{start}\n{text.rstrip()}\n{end}{after}", encoding="utf-8", newline="\n")
