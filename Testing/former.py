"""Files that version 0.1.0 wrote, which every later version opens to the same digits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

FORMER = Path(__file__).parent / "data" / "former"


def copy_former(folder: Path) -> Path:
    """Copy the files into a folder, with the batch's paths pointing there, and return it."""
    copied = folder / "former"
    shutil.copytree(FORMER, copied)
    for file in (copied / "batch").glob("*.jsonl"):
        file.write_text(file.read_text(encoding="utf-8").replace("FORMER", copied.as_posix()), encoding="utf-8")
    return copied


def content(path: Path) -> dict[str, Any]:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def answers(result: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a result that rest on the scan and the reading alone."""
    return {part: result[part] for part in ("calcium", "bone", "suitability")}


def analyze_options(folder: Path, name: str) -> list[str]:
    """Return the options that one of the two studies was analysed with."""
    files = folder / "inputs" / name
    return [
        *("--seeds", str(files / "seeds.mrk.json"), "--rois", str(files / "L1.mrk.json")),
        *("--settings", str(files / "settings.json"), "--id", name),
    ]
