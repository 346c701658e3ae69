"""Readings corrected in review: stored beside the batch's studies, never overwritten.

``reviews/NAME/reading-N`` is the Nth correction, ``reviews/NAME/previous-N`` the study's folder
before it. The batch analyses a study from its last correction, so that resuming neither loses
nor repeats one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.imaging.labels import LabelImage, write_labels
from CACBoneAxisLib.imaging.markups import Box, PointList, write_markups
from CACBoneAxisLib.study.atomic import replacing
from CACBoneAxisLib.study.loading import StudyFiles
from CACBoneAxisLib.study.output import RESULT_FILE
from CACBoneAxisLib.study.settings import merge

REVIEWS = "reviews"
READING, PREVIOUS = "reading-", "previous-"
READING_FILE, SEEDS_FILE, REGIONS_FILE, VERTEBRAE_FILE = (
    "reading.json",
    "seeds.mrk.json",
    "regions.mrk.json",
    "vertebrae.seg.nrrd",
)
SCHEMA = "cacboneaxis/reading/1"
# Entries of reading.json.
ENTRIES = {
    "corrected": str,
    "replaces_sha256": str | None,
    "files": dict,
    "manifest_vertebrae": bool,
    "settings": dict,
}


@dataclass(frozen=True, eq=False)
class CorrectedReading:
    """A reader's decisions in review.

    Parameters
    ----------
    seeds : point lists; None when the scan was not read for calcium
    regions : one ROI per vertebra
    vertebrae : labels of vertebrae, or None
    same_vertebrae : the labels are unchanged and ``vertebrae`` is ignored
    settings : changed by the reader, nested as in a settings file
    """

    seeds: tuple[PointList, ...] | None = None
    regions: tuple[Box, ...] = ()
    vertebrae: LabelImage | None = None
    same_vertebrae: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Correction:
    """A stored correction.

    Parameters
    ----------
    number : 1 for the first correction of a study
    folder : ``reading-N``
    content : of its ``reading.json``
    sha256 : of its ``reading.json``, which names the others with theirs
    """

    number: int
    folder: Path
    content: Mapping[str, Any]
    sha256: str

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that override the manifest's."""
        return dict(self.content["settings"])

    @property
    def provenance(self) -> dict[str, Any]:
        """The correction as ``result.json`` records it."""
        return {
            "corrections": self.number,
            "corrected": self.content["corrected"],
            "replaces_sha256": self.content["replaces_sha256"],
        }

    def files(self, files: StudyFiles) -> StudyFiles:
        """Return the study's files, with corrected ones replacing the manifest's."""
        names = self.content["files"]
        return replace(
            files,
            seeds=[self.folder / SEEDS_FILE] if SEEDS_FILE in names else None,
            regions=[self.folder / REGIONS_FILE] if REGIONS_FILE in names else [],
            vertebrae=(
                files.vertebrae
                if self.content["manifest_vertebrae"]
                else self.folder / VERTEBRAE_FILE
                if VERTEBRAE_FILE in names
                else None
            ),
            # In the corrected scene, points and an earlier reading have become seeds and regions.
            points=(),
            reading=None,
        )


def last_correction(batch: Path, folder: str) -> Correction | None:
    """Return the last correction of the study in ``studies/folder``, or None.

    Raises
    ------
    UnusableInputError
        ``correction-damaged`` when it is not as it was written: an earlier reading is no substitute.
    """
    found = [
        (int(path.name.removeprefix(READING)), path)
        for path in (batch / REVIEWS / folder).glob(f"{READING}*")
        if path.name.removeprefix(READING).isdigit()
    ]
    if not found:
        return None
    number, path = max(found)
    try:
        text = (path / READING_FILE).read_bytes()
        content = parse_json(text)
        whole = content["schema"] == SCHEMA and all(isinstance(content[key], kind) for key, kind in ENTRIES.items())
        whole = whole and content["files"] == _hashes(path)
    except (OSError, ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise refusal("correction-damaged", place=f"{REVIEWS}/{folder}/{path.name}")
    return Correction(number, path, content, hashlib.sha256(text).hexdigest())


def _hashes(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.iterdir()) if path.name != READING_FILE]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def keep_previous(batch: Path, folder: str, study: Path) -> int:
    """Copy the study's folder to ``previous-N`` and return N, the number of the next correction."""
    reviews = batch / REVIEWS / folder
    reviews.mkdir(parents=True, exist_ok=True)
    last = last_correction(batch, folder)
    number = last.number + 1 if last is not None else 1
    # Left behind by a power loss, before anything was replaced.
    for name in (f"{PREVIOUS}{number}", f"{READING}{number}"):
        shutil.rmtree(reviews / name, ignore_errors=True)
    if study.is_dir():
        with replacing(reviews / f"{PREVIOUS}{number}") as unfinished:
            shutil.copytree(study, unfinished)
    return number


def keep_reading(batch: Path, folder: str, number: int, reading: CorrectedReading, before: Correction | None) -> Path:
    """Write a correction to ``reading-N`` atomically and return its folder.

    Parameters
    ----------
    before : the previous correction, whose settings and vertebrae still apply
    """
    reviews = batch / REVIEWS / folder
    kept = reviews / f"{READING}{number}"
    with replacing(kept) as unfinished:
        unfinished.mkdir()
        if reading.seeds is not None:
            points = tuple(point for one in reading.seeds for point in one.points)
            write_markups(unfinished / SEEDS_FILE, [PointList("Seeds", points)])
        if reading.regions:
            write_markups(unfinished / REGIONS_FILE, reading.regions)
        if reading.same_vertebrae:
            if before is not None and (before.folder / VERTEBRAE_FILE).is_file():
                shutil.copyfile(before.folder / VERTEBRAE_FILE, unfinished / VERTEBRAE_FILE)
        elif reading.vertebrae is not None:
            write_labels(unfinished / VERTEBRAE_FILE, reading.vertebrae)
        manifests = reading.same_vertebrae and (before is None or bool(before.content["manifest_vertebrae"]))
        result = reviews / f"{PREVIOUS}{number}" / RESULT_FILE
        content = {
            "schema": SCHEMA,
            "corrected": datetime.now(UTC).isoformat(timespec="seconds"),
            "replaces_sha256": hashlib.sha256(result.read_bytes()).hexdigest() if result.is_file() else None,
            "files": _hashes(unfinished),
            "manifest_vertebrae": manifests,
            "settings": merge(before.settings if before is not None else {}, reading.settings),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (unfinished / READING_FILE).write_text(text, encoding="utf-8", newline="\n")
    return kept


def roll_back(batch: Path, folder: str, number: int, study: Path) -> None:
    """Roll back a correction that could not be analysed."""
    reviews = batch / REVIEWS / folder
    previous = reviews / f"{PREVIOUS}{number}"
    shutil.rmtree(reviews / f"{READING}{number}", ignore_errors=True)
    if previous.is_dir() and _result(previous) != _result(study):
        shutil.rmtree(study, ignore_errors=True)
        previous.rename(study)
    shutil.rmtree(previous, ignore_errors=True)
    with suppress(OSError):  # earlier corrections remain
        reviews.rmdir()


def _result(folder: Path) -> bytes | None:
    path = folder / RESULT_FILE
    return path.read_bytes() if path.is_file() else None


def changed_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of nested settings that differ from before."""
    changed: dict[str, Any] = {}
    for name, value in now.items():
        old = before.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if part := changed_settings(old, value):
                changed[name] = part
        elif value != old:
            changed[name] = value
    return changed
