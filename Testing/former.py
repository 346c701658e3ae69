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


ANSWERS = ("calcium", "bone", "suitability")
# Sentences and citations may be put better; what is measured and how it is called may not.
WORDS = ("message", "words", "label", "citation", "source", "population", "meaning", "note", "reason")


def lost(former: Any, now: Any, where: str = "") -> list[str]:
    """Return what a former file says and today's does not say alike; what is said besides is not held against it."""
    if isinstance(former, dict) and isinstance(now, dict):
        absent = [f"{where}/{key}" for key in former if key not in now]
        shared = [key for key in former if key in now and key not in WORDS]
        return absent + [one for key in shared for one in lost(former[key], now[key], f"{where}/{key}")]
    if isinstance(former, list) and isinstance(now, list):
        if where.endswith("/findings"):
            codes = {finding["code"] for finding in now}
            return [f"{where}/{one['code']}" for one in former if one["code"] not in codes]
        if len(former) == len(now):
            pairs = enumerate(zip(former, now, strict=True))
            return [one for n, (a, b) in pairs for one in lost(a, b, f"{where}/{n}")]
    return [] if former == now else [f"{where}: {former} became {now}"]


def lost_answers(former: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what of the answers of a former result is not alike."""
    return [one for part in ANSWERS for one in lost(former[part], now[part], part)]


def analyze_options(folder: Path, name: str) -> list[str]:
    """Return the options that one of the two studies was analysed with."""
    files = folder / "inputs" / name
    return [
        *("--seeds", str(files / "seeds.mrk.json"), "--rois", str(files / "L1.mrk.json")),
        *("--settings", str(files / "settings.json"), "--id", name),
    ]
