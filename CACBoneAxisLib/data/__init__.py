"""Reference tables and terminology, one JSON file each, with their citations."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def load_table(name: str) -> Any:
    """Return the parsed content of ``data/<name>.json``; treat it as read-only.

    Raises
    ------
    FileNotFoundError
        When there is no such table.
    """
    return json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
