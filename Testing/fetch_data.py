"""Fetch the public scans that tests read: ``make data``, or python Testing/fetch_data.py [FOLDER].

What lies in ../shared/data already is not fetched. Every file is compared with the SHA-256 of
public_data.json before it takes its place; FOLDER is .test-data, or what CACBONEAXIS_TEST_DATA names.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
CACHE = Path(os.environ.get("CACBONEAXIS_TEST_DATA") or REPOSITORY / ".test-data")
SOURCES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("public_data.json").read_text("utf-8"))["sources"]
PATIENCE_SECONDS = 60


def data_folder() -> Path | None:
    """Return the folder that holds every public scan, None where there is none."""
    names = [name for source in SOURCES for name in _wanted(source)]
    return next((f for f in (SHARED, CACHE) if all((f / name).is_file() for name in names)), None)


def _wanted(source: dict[str, Any]) -> list[str]:
    """Return the files that tests read of a source: of a series that is cropped, the crop."""
    return [source["crop"]["to"]] if "crop" in source else [to for to, _, _ in source["files"]]


def fetch(source: dict[str, Any], folder: Path) -> list[str]:
    """Bring what is missing of a source into a folder; return a sentence for each file that did not come."""

    def one(row: list[str]) -> str | None:
        to, name, digest = row
        try:
            if not (folder / to).is_file():
                with urllib.request.urlopen(source["address"] + name, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
                    _keep(folder / to, answer.read(), digest)
        except (OSError, ValueError) as error:
            return f"{name} of {source['project']}: {error}"
        return None

    with ThreadPoolExecutor(8) as pool:
        problems = [problem for problem in pool.map(one, source["files"]) if problem]
    if "crop" in source and not problems:
        _crop(folder / Path(source["files"][0][0]).parent, folder, source["crop"])
    return problems


def _keep(path: Path, content: bytes, digest: str) -> None:
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError("not the file it was (SHA-256 differs)")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _crop(series: Path, folder: Path, crop: dict[str, Any]) -> None:
    """Write a block of a DICOM series as NRRD."""
    import SimpleITK

    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(series))
    block = SimpleITK.RegionOfInterest(SimpleITK.ReadImage(names), crop["size"], crop["first_voxel"])
    pixels = SimpleITK.GetArrayFromImage(block).astype("<i2").tobytes()
    if hashlib.sha256(pixels).hexdigest() != crop["pixels_sha256"]:
        raise SystemExit(f"{crop['to']}: the crop is not what it was")
    SimpleITK.WriteImage(block, str(folder / crop["to"]), useCompression=True)


def main(folder: Path = CACHE, shared: Path = SHARED) -> int:
    """Fetch what is missing and say what is there; return 0 when tests have all they read."""
    problems: list[str] = []
    for source in SOURCES:
        names = _wanted(source)
        if all((shared / name).is_file() for name in names):
            where = str(shared)
        elif failed := fetch(source, folder):
            problems += failed
            where = f"{len(failed)} of {len(source['files'])} files did not come"
        else:
            where = str(folder)
        sys.stdout.write(f"{source['project']:40} {source['licence']:14} {len(names):3} files  {where}\n")
    sys.stdout.write("".join(f"{problem}\n" for problem in problems[:5]))
    if problems:
        sys.stdout.write(f"{len(problems)} files are missing; tests that read them are skipped.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
