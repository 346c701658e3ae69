"""CT series of a DICOM folder: group slices into volumes and select one."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.dicom.copies import check_patient, other_patient, without_copies
from CACBoneAxisLib.imaging.dicom.elements import kernel, number, text
from CACBoneAxisLib.imaging.dicom.files import (
    DAMAGED,
    LOCALIZER_WORDS,
    MISSING,
    OUTSIDE,
    Progress,
    Slices,
    scan_files,
    words_of,
)
from CACBoneAxisLib.imaging.dicom.slices import SliceHeader, read_header
from CACBoneAxisLib.imaging.dicom.split import FEW, is_volume, split
from CACBoneAxisLib.imaging.dicom.stack import increment_mm, stack_slices
from CACBoneAxisLib.imaging.dicom.traits import trait
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.integrity import content_sha256

COPY = "copy of an enhanced file"
BESIDE = "single image of another size or direction"
NO_PLACE = "image without a place in the patient"
Groups = dict[tuple[Any, ...], list[Slices]]


@dataclass(frozen=True, eq=False)
class Series:
    """CT slices that form one volume, unordered, with one full header.

    ``part`` says which part of a DICOM series it is, where that holds several volumes
    (``phase 75 %``); empty otherwise. ``copies`` is how many images of the DICOM series were
    copies and left out, ``joined`` the number of single-image series merged,
    ``shared`` how many SOP Instance UIDs name another image of the folder too, ``unplaced`` how
    many images of the DICOM series were left out because their place cannot be read.
    """

    uid: str
    series_number: int | None
    description: str
    kernel: str | None
    slices: tuple[SliceHeader, ...]
    header: Any
    part: str = ""
    copies: int = 0
    joined: int = 0
    shared: int = 0
    unplaced: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """CT series of a folder, and counts of its other files by kind."""

    series: tuple[Series, ...]
    others: Counter[str]

    @property
    def damaged(self) -> int:
        """Number of damaged files."""
        return self.others[DAMAGED]

    @property
    def missing(self) -> int:
        """Number of DICOMDIR entries without a file."""
        return self.others[MISSING]

    @property
    def outside(self) -> int:
        """Number of links leading out of the folder."""
        return self.others[OUTSIDE]


def find_series(place: Path, progress: Progress | None = None) -> Found:
    """Return the CT series of a file, a folder with subfolders, or a DICOMDIR.

    A series whose images do not form one stack is taken apart where something tells them
    from each other: orientation and matrix, or one of ``TRAITS`` (kernel, cardiac phase,
    acquisition ...), or instance numbers that go through the patient several times.

    Raises
    ------
    UnusableInputError
        As `scan_files` says; ``instances-differ``; ``patients-mixed``; ``no-ct`` when nothing is left,
        saying what there was.
    """
    scanned = scan_files(place, progress)
    others = scanned.others
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        groups = _with_joined(_without_enhanced_copies(scanned.groups, others))
        found = [one for key, members in groups.items() for one in _series_of(key, members, others, place.name)]
    placed = [one for one in found if one.slices and one.slices[0].position_mm is not None]
    for one in found if placed else ():
        if one not in placed:
            others[NO_PLACE] += len(one.slices)
    found = placed or found
    if not found:
        there = words_of(others)
        raise refusal("no-ct", file=place.name, detail=f" (there is: {there})" if there else "")
    found.sort(key=lambda s: (s.series_number is None, s.series_number or 0, s.description, s.uid, s.part))
    uses = Counter((one.instance_uid, one.frame) for series in found for one in series.slices if one.instance_uid)
    shared = [sum(uses[one.instance_uid, one.frame] > 1 for one in series.slices) for series in found]
    return Found(tuple(replace(one, shared=n) if n else one for one, n in zip(found, shared, strict=True)), others)


def _without_enhanced_copies(groups: Groups, others: Counter[str]) -> Groups:
    """Drop enhanced files that duplicate another of the same UID."""
    kept: Groups = {}
    seen: dict[tuple[str, str], str] = {}
    for key, members in groups.items():
        slices = members[0][1]
        if key[1] and len(members) == 1 and slices and slices[0].instance_uid:
            name = slices[0].instance_uid, content_sha256([slices[0].path])
            if name in seen:
                others[COPY] += 1
                continue
            seen[name] = key[0]
        kept[key] = members
    return kept


def _with_joined(groups: Groups) -> Groups:
    """Join single-image series that together form a volume.

    Some exporters give every image its own Series Instance UID. Images of one patient, study
    and frame of reference that form a regular stack are one series.
    """
    lone: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for key, members in groups.items():
        slices = [one for _, own in members for one in own]
        if key[0] and not key[1] and len(slices) == 1 and slices[0].position_mm is not None and slices[0].study_uid:
            place = trait(slices[0].traits, "frame of reference")
            lone.setdefault((slices[0].study_uid, place), []).append(key)
    joined = dict(groups)
    for keys in lone.values():
        together = [member for key in keys for member in groups[key]]
        slices = [one for _, own in together for one in own]
        same_patient = not any(other_patient(slices[0].patient, one.patient) for one in slices)
        if len(keys) > FEW and same_patient and all(is_volume(part) for _, part in split(slices)):
            for key in keys:
                del joined[key]
            joined[keys[0]] = together
    return joined


def _series_of(key: tuple[Any, ...], members: list[Slices], others: Counter[str], name: str) -> list[Series]:
    check_patient([one for _, own in members for one in own], name)
    slices, copies = without_copies([one for _, own in members for one in own])
    placed = [one for one in slices if one.position_mm is not None]
    unplaced = len(slices) - len(placed) if placed else 0
    if unplaced:
        others[NO_PLACE] += unplaced
        slices = placed
    if not slices:
        return [_as_series(key, (), members[0][0])]
    description = text(members[0][0], "SeriesDescription").upper()
    if len(slices) <= FEW and any(word in description for word in LOCALIZER_WORDS):
        others["localizer"] += len(slices)
        return []
    volumes = split(slices)
    left_out = len(slices) - sum(len(part) for _, part in volumes)
    if left_out:
        others[BESIDE] += left_out
    uids = {text(header, "SeriesInstanceUID") for header, _ in members}
    joined = len(uids) if len(uids) > 1 else 0
    made = [_as_series(key, part, part=label, copies=copies) for label, part in volumes]
    return [replace(one, joined=joined, unplaced=unplaced) for one in made]


def _as_series(
    key: tuple[Any, ...], slices: Sequence[SliceHeader], header: Any = None, part: str = "", copies: int = 0
) -> Series:
    header = header if header is not None else read_header(slices[0].path)
    series_number = number(header, "SeriesNumber")
    # If the kernel differs between frames, that of the part's first frame counts.
    own_kernel = trait(slices[0].traits, "kernel") if slices else ""
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


def series_numbers(found: Sequence[Series]) -> list[str]:
    """Return the numbers used to choose series.

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
    """Return the requested series, or the only one.

    ``N.1`` and ``N.2`` are every second slice of a series N that is one volume, for two scans that
    nothing in the headers tells apart.

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
    for half, words in enumerate(("every second slice from the first", "every second slice from the second")):
        whole = [one for n, one in zip(numbers, found, strict=True) if wanted == f"{n}.{half + 1}"]
        if len(whole) == 1 and is_volume(whole[0].slices):
            slices = stack_slices(whole[0].slices, name).slices[half::2]
            part = ", ".join(filter(None, (whole[0].part, words)))
            return replace(whole[0], slices=slices, header=read_header(slices[0].path), part=part)
    known = ", ".join(f"{n} ({described(s)})" if described(s) else n for n, s in zip(numbers, found, strict=True))
    raise refusal("series-unknown", file=name, series=wanted, known=known)


def described(one: Series) -> str:
    """Return the title of a series, with the part of it."""
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
