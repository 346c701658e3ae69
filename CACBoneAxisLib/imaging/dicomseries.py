"""The CT series of a DICOM folder: what belongs to one volume, and which of them is meant."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from CACBoneAxisLib.imaging.dicomcopies import without_copies
from CACBoneAxisLib.imaging.dicomelements import kernel, number, text
from CACBoneAxisLib.imaging.dicomfiles import DAMAGED, LOCALIZER_WORDS, OUTSIDE, Progress, Slices, scan_files, words_of
from CACBoneAxisLib.imaging.dicomslices import TRAITS, SliceHeader, read_header
from CACBoneAxisLib.imaging.dicomstack import SAME_COSINE, SAME_POSITION_MM, increment_mm, stack_slices
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal

BESIDE = "single image of another size or direction"
NO_PLACE = "image without a place in the patient"
# A scout is one image or two.
MOST_LOCALIZERS = 3
MANY = 5
# Traits are tried together in threes at most; more would be a folder without any order.
DEEPEST = 3
Way = Callable[[list[SliceHeader]], dict[str, list[SliceHeader]]]


@dataclass(frozen=True, eq=False)
class Series:
    """The CT slices that are meant as one volume, in no particular order, and one full header of them.

    ``part`` says which part of a DICOM series it is, where that holds several volumes
    (``phase 75 %``); empty otherwise. ``copies`` is how many images of the DICOM series were
    copies and left out.
    """

    uid: str
    series_number: int | None
    description: str
    kernel: str | None
    slices: tuple[SliceHeader, ...]
    header: Any
    part: str = ""
    copies: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """What a folder holds: its CT series, and how many other files there are of each kind."""

    series: tuple[Series, ...]
    others: Counter[str]

    @property
    def damaged(self) -> int:
        """How many files named as DICOM are none."""
        return self.others[DAMAGED]

    @property
    def outside(self) -> int:
        """How many links lead out of the folder."""
        return self.others[OUTSIDE]


def find_series(place: Path, progress: Progress | None = None) -> Found:
    """Return the CT series of a file, of a folder with subfolders, or of what a DICOMDIR lists.

    A series whose images do not form one stack is taken apart where something tells them
    from each other: orientation and matrix, or one of ``TRAITS`` (kernel, cardiac phase,
    acquisition ...), or instance numbers that go through the patient several times.

    Raises
    ------
    UnusableInputError
        As `scan_files` says; ``no-ct`` when nothing is left, saying what there was.
    """
    scanned = scan_files(place, progress)
    others = scanned.others
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [one for key, members in scanned.groups.items() for one in _series_of(key, members, others)]
    placed = [one for one in found if one.slices[0].position_mm is not None]
    for one in found if placed else ():
        if one not in placed:
            others[NO_PLACE] += len(one.slices)
    found = placed or found
    if not found:
        there = words_of(others)
        raise refusal("no-ct", file=place.name, detail=f" (there is: {there})" if there else "")
    found.sort(key=lambda s: (s.series_number is None, s.series_number or 0, s.description, s.uid, s.part))
    return Found(tuple(found), others)


def _series_of(key: tuple[Any, ...], members: list[Slices], others: Counter[str]) -> list[Series]:
    slices, copies = without_copies([one for _, own in members for one in own])
    placed = [one for one in slices if one.position_mm is not None]
    if placed and len(placed) < len(slices):
        others[NO_PLACE] += len(slices) - len(placed)
        slices = placed
    if not slices:
        return [_as_series(key, (), members[0][0])]
    description = text(members[0][0], "SeriesDescription").upper()
    if len(slices) <= MOST_LOCALIZERS and any(word in description for word in LOCALIZER_WORDS):
        others["localizer"] += len(slices)
        return []
    volumes = split(slices)
    left_out = len(slices) - sum(len(part) for _, part in volumes)
    if left_out:
        others[BESIDE] += left_out
    return [_as_series(key, part, part=label, copies=copies) for label, part in volumes]


def _as_series(
    key: tuple[Any, ...], slices: Sequence[SliceHeader], header: Any = None, part: str = "", copies: int = 0
) -> Series:
    header = header if header is not None else read_header(slices[0].path)
    series_number = number(header, "SeriesNumber")
    # A kernel that differs from frame to frame is that of the first frame of the part.
    own_kernel = slices[0].traits[list(TRAITS).index("kernel")] if slices else ""
    return Series(
        uid=key[0],
        series_number=None if series_number is None else int(series_number),
        description=text(header, "SeriesDescription"),
        kernel=own_kernel or kernel(header),
        slices=tuple(slices),
        header=header,
        part=part,
        copies=copies,
    )


def split(slices: Sequence[SliceHeader]) -> list[tuple[str, tuple[SliceHeader, ...]]]:
    """Return the volumes that images of one series form, each with what tells it from the others.

    One volume without a label where the images form one stack, or where nothing takes them
    apart into volumes that share a place in the patient (then reading says what is wrong).
    """
    grids = _by_grid(list(slices))
    if len(grids) == 1:
        return [(label, tuple(part)) for label, part in _split(list(slices), WAYS)]
    largest = max(len(part) for part in grids.values())
    # A scout or a picture among the slices of a volume.
    kept = {k: part for k, part in grids.items() if len(part) >= MOST_LOCALIZERS or largest < MANY * len(part)}
    if len(kept) == 1:
        return [(label, tuple(part)) for label, part in _split(next(iter(kept.values())), WAYS)]
    return [(_joined(grid, label), tuple(p)) for grid, part in kept.items() for label, p in _split(part, WAYS)]


def _split(slices: list[SliceHeader], ways: Sequence[Way], depth: int = 0) -> list[tuple[str, list[SliceHeader]]]:
    if depth == DEEPEST or _problem(slices) is None:
        return [("", slices)]
    best: list[tuple[str, list[SliceHeader]]] = []
    for index, way in enumerate(ways):
        parts = way(slices)
        if len(parts) < 2 or not _share_heights(list(parts.values())):
            continue
        done = [
            (_joined(label, more), deeper)
            for label, part in parts.items()
            for more, deeper in _split(part, ways[index + 1 :], depth + 1)
        ]
        if not best or _quality(done) > _quality(best):
            best = done
        if all(_problem(part) is None for _, part in done):
            break
    return best if best and _quality(best)[0] > 0 else [("", slices)]


def _joined(label: str, more: str) -> str:
    return f"{label}, {more}" if label and more else label or more


def _quality(parts: list[tuple[str, list[SliceHeader]]]) -> tuple[int, int]:
    """Return how many images lie in parts that are volumes, and the fewer parts the better."""
    return sum(len(part) for _, part in parts if _problem(part) is None), -len(parts)


def _problem(slices: Sequence[SliceHeader]) -> str | None:
    try:
        stack_slices(slices, "")
    except UnusableInputError as error:
        return error.code
    return None


def _by_grid(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
    """Return the images by orientation, matrix and pixel size, labelled by the matrix or as views."""
    groups: list[tuple[SliceHeader, list[SliceHeader]]] = []
    for one in slices:
        for leader, members in groups:
            if _same_grid(one, leader):
                members.append(one)
                break
        else:
            groups.append((one, [one]))
    labels = [_grid_label(leader) for leader, _ in groups]
    if len(set(labels)) < len(labels):
        labels = [f"{label}, grid {n}" for n, label in enumerate(labels, 1)]
    return {label: members for label, (_, members) in zip(labels, groups, strict=True)}


def _same_grid(one: SliceHeader, other: SliceHeader) -> bool:
    pairs = ((one.row, other.row), (one.column, other.column), (one.spacing_mm, other.spacing_mm))
    if (one.rows, one.columns) != (other.rows, other.columns):
        return False
    return all(
        a == b or (a is not None and b is not None and np.abs(np.subtract(a, b)).max() <= SAME_COSINE) for a, b in pairs
    )


def _grid_label(one: SliceHeader) -> str:
    if one.row is None or one.column is None:
        return "no orientation"
    normal = np.abs(np.cross(one.row, one.column))
    view = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    pixel = f", pixels of {one.spacing_mm[0]:.3g} mm" if one.spacing_mm else ""
    return f"{view} {one.columns} x {one.rows}{pixel}"


def _by_trait(index: int) -> Callable[[list[SliceHeader]], dict[str, list[SliceHeader]]]:
    name, unit = list(TRAITS.items())[index]

    def by_trait(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
        groups: dict[str, list[SliceHeader]] = {}
        for one in slices:
            groups.setdefault(one.traits[index], []).append(one)
        if name in ("frame of reference", "stack"):
            return {f"{name} {number_}": part for number_, part in enumerate(groups.values(), 1)}
        return {f"{name} {value} {unit}".strip() if value else f"no {name}": p for value, p in groups.items()}

    return by_trait


def _by_passes(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
    """Return the images by pass, where instance numbers go through the patient several times in one direction."""
    if any(None in (one.instance_number, one.position_mm, one.row, one.column) for one in slices):
        return {}
    ordered = sorted(slices, key=lambda one: one.instance_number or 0)
    normal = np.cross(np.asarray(ordered[0].row), np.asarray(ordered[0].column))
    steps = np.diff([float(np.dot(np.asarray(one.position_mm), normal)) for one in ordered])
    direction = float(np.sign(np.median(steps)))
    if direction == 0:
        return {}
    passes: list[list[SliceHeader]] = [[ordered[0]]]
    for one, step in zip(ordered[1:], steps, strict=True):
        if step * direction <= SAME_POSITION_MM:
            passes.append([])
        passes[-1].append(one)
    if len({len(part) for part in passes}) > 1:
        return {}
    return {f"pass {n}": part for n, part in enumerate(passes, 1)}


WAYS: tuple[Way, ...] = (*(_by_trait(index) for index in range(len(TRAITS))), _by_passes)


def _share_heights(parts: list[list[SliceHeader]]) -> bool:
    """Return whether parts are volumes of one place, not pieces of one volume: their ranges overlap."""
    if any(one.position_mm is None or one.row is None for part in parts for one in part):
        return False
    first = parts[0][0]
    normal = np.cross(np.asarray(first.row), np.asarray(first.column))
    ranges = []
    for part in parts:
        heights = [float(np.dot(np.asarray(one.position_mm), normal)) for one in part]
        ranges.append((min(heights), max(heights)))
    ranges.sort()
    return any(later[0] <= earlier[1] + SAME_POSITION_MM for earlier, later in pairwise(ranges))


def series_numbers(found: Sequence[Series]) -> list[str]:
    """Return the numbers by which series are chosen.

    Series Number where every DICOM series has its own, else 1, 2, ...; the parts of one
    series are ``3.1``, ``3.2``, ...
    """
    by_series: dict[tuple[str, int | None, str], list[Series]] = {}
    for one in found:
        whose = (one.uid, one.series_number, "" if one.part else str(one.slices[0].path if one.slices else ""))
        by_series.setdefault(whose if one.part else (*whose[:2], str(id(one))), []).append(one)
    own = [number_ for _, number_, _ in by_series]
    unique = None not in own and len(set(own)) == len(own)
    numbers = {}
    for count, members in enumerate(by_series.values(), 1):
        base = members[0].series_number if unique else count
        for part, one in enumerate(members, 1):
            numbers[id(one)] = f"{base}.{part}" if len(members) > 1 else str(base)
    return [numbers[id(one)] for one in found]


def choose_series(found: Sequence[Series], series: str | int | None, name: str) -> Series:
    """Return the series asked for, or the only one.

    Raises
    ------
    UnusableInputError
        ``several-series`` with their list, ``series-unknown``.
    """
    numbers = series_numbers(found)
    if series is None:
        if len(found) == 1:
            return found[0]
        lines = [_line(n, one) for n, one in zip(numbers, found, strict=True)]
        raise refusal("several-series", file=name, count=len(found), table="\n".join(lines))
    wanted = str(series).strip()
    for matches in (
        [one for n, one in zip(numbers, found, strict=True) if n == wanted],
        [one for one in found if one.uid and one.uid == wanted],
        [one for one in found if one.description and one.description.casefold() == wanted.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    known = ", ".join(f"{n} ({described(s)})" if described(s) else n for n, s in zip(numbers, found, strict=True))
    raise refusal("series-unknown", file=name, series=wanted, known=known)


def described(one: Series) -> str:
    """Return what a series is called, with the part of it that is meant."""
    return ", ".join(words for words in (one.description, one.part) if words)


def _line(series_number: str, one: Series) -> str:
    increment = increment_mm(one.slices)
    parts = [
        described(one) or "no description",
        f"{len(one.slices)} slice{'s' if len(one.slices) > 1 else ''}",
        "no increment" if increment is None else f"increment {increment:g} mm",
        f"kernel {one.kernel or 'not stated'}",
    ]
    return f"  {series_number:>4}  {', '.join(parts)}"
