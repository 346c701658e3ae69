"""The CT slices of a DICOM folder: which files hold them, grouped by series. Headers only."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from CACBoneAxisLib.imaging.dicomelements import first, image_type, kernel, number, numbers, text
from CACBoneAxisLib.imaging.findings import refusal

CT_CLASSES = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
# Words and whole values of Image Type of pictures that are no slices of a volume.
NO_SLICE_WORDS = {"LOCALIZER", "SCOUT", "TOPOGRAM", "SCANOGRAM", "SCREENSHOT"}
NO_SLICE_VALUES = {"DOSE", "DOSE_INFO", "DOSE INFO", "SCREEN SAVE", "SCREEN_SAVE", "SCREEN CAPTURE"}
DICOM_SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
# What is needed of every file; the rest is read of one file of each series.
SCANNED = [
    *("SOPClassUID", "SOPInstanceUID", "Modality", "ImageType", "SeriesInstanceUID", "SeriesNumber"),
    *("SeriesDescription", "ConvolutionKernel", "Rows", "Columns", "SamplesPerPixel", "PixelSpacing"),
    *("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]
DAMAGED = "file that cannot be read"
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class SliceHeader:
    """What is needed of one slice (one file, or one frame of an enhanced file).

    ``position_mm`` (LPS, centre of the first pixel), ``row`` and ``column`` (direction
    cosines along a row and down a column) and ``spacing_mm`` (x along the row, y down
    the column) are None where the header lacks them, as are slope and intercept.
    """

    path: Path
    frame: int
    instance_uid: str
    rows: int
    columns: int
    position_mm: tuple[float, float, float] | None
    row: tuple[float, float, float] | None
    column: tuple[float, float, float] | None
    spacing_mm: tuple[float, float] | None
    slope: float | None
    intercept: float | None


@dataclass(frozen=True, eq=False)
class Series:
    """The CT slices that one series holds, in no particular order, and one full header of them."""

    uid: str
    series_number: int | None
    description: str
    kernel: str | None
    slices: tuple[SliceHeader, ...]
    header: Any


def is_dicom(path: Path) -> bool:
    """Return whether a file starts as DICOM does: with its preamble or, before 1993, with group 2 or 8."""
    try:
        with path.open("rb") as stream:
            head = stream.read(132)
    except OSError:
        return False
    return head[128:132] == b"DICM" or head[:4] in (
        b"\x08\x00\x00\x00", b"\x08\x00\x01\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00", b"\x08\x00\x16\x00",
        b"\x02\x00\x00\x00",
    )  # fmt: skip


def read_header(path: Path, keywords: list[str] | None = None) -> Any:
    """Return the pydicom dataset of a file (or these elements), without pixels; None when it cannot be read."""
    try:
        with warnings.catch_warnings():
            # Remarks on the spelling of values say nothing to a reader of the scan.
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=keywords)
    except Exception:  # pydicom raises whatever the damage leads to
        return None


def find_series(folder: Path, progress: Progress | None = None) -> tuple[list[Series], int]:
    """Return the CT series of a file, or of a folder with subfolders, and how many files are damaged.

    Damaged are files named as DICOM (``.dcm``) that are none.
    Localizers, dose sheets, screen captures, other modalities and files that are not
    DICOM are left out; so are links that lead out of the folder.

    Raises
    ------
    UnusableInputError
        ``no-ct`` when nothing is left, saying what there was; ``file-unreadable`` when a
        CT file ends inside its header.
    """
    paths = [folder] if folder.is_file() else list(_files(folder))
    groups: dict[tuple[Any, ...], list[tuple[Any, list[SliceHeader]]]] = {}
    skipped: Counter[str] = Counter()
    for done, path in enumerate(paths):
        if progress is not None and done % 25 == 0:
            progress("Reading headers", done / len(paths))
        header = read_header(path, SCANNED) if is_dicom(path) else None
        if header is None:
            if path.name.lower().endswith(DICOM_SUFFIXES):
                skipped[DAMAGED] += 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reason = _no_slice(header, path)
            if reason is not None:
                skipped[reason] += 1
                continue
            key, slices = _series_key(header, path), _slice_headers(header, path)
        groups.setdefault(key, []).append((header, slices))
    if not groups:
        raise refusal("no-ct", file=folder.name, detail=_detail(skipped))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [_as_series(key, members) for key, members in groups.items()]
    found.sort(key=lambda s: (s.series_number is None, s.series_number or 0, s.description, s.uid))
    return found, skipped[DAMAGED]


def _files(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for directory, subfolders, names in os.walk(folder):
        subfolders.sort()
        for name in sorted(names):
            path = Path(directory) / name
            # macOS leaves a "._name" beside every file it copies.
            if name == "DICOMDIR" or name.startswith(".") or not path.is_file():
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                continue
            yield path


def _no_slice(header: Any, path: Path) -> str | None:
    """Return what a file is when it is not a CT slice."""
    modality = text(header, "Modality")
    sop_class = text(header, "SOPClassUID")
    if modality not in ("CT", "") or (modality == "" and sop_class not in CT_CLASSES):
        return f"{modality} object" if modality else "object of unknown kind"
    if sop_class and sop_class not in CT_CLASSES:
        return "screen capture or other derived object"
    if not number(header, "Rows") or not number(header, "Columns"):
        if sop_class in CT_CLASSES:
            raise refusal("file-unreadable", file=path.name)
        return "object without pixels"
    if int(number(header, "SamplesPerPixel") or 1) != 1:
        return "screen capture or other derived object"
    values = [value.upper() for value in image_type(header)]
    words = {word for value in values for word in value.replace("_", " ").split()}
    return "localizer or dose sheet" if words & NO_SLICE_WORDS or NO_SLICE_VALUES.intersection(values) else None


def _detail(skipped: Counter[str]) -> str:
    if not skipped:
        return ""
    parts = [f"{count} x {reason}" if count > 1 else reason for reason, count in sorted(skipped.items())]
    return f" (there is: {', '.join(parts)})"


def _series_key(header: Any, path: Path) -> tuple[Any, ...]:
    uid = text(header, "SeriesInstanceUID")
    # Each enhanced file is a volume of its own, whatever series it shares.
    enhanced = str(path) if is_enhanced(header) else ""
    if uid:
        return uid, enhanced
    return "", enhanced, text(header, "SeriesNumber"), text(header, "SeriesDescription"), kernel(header) or ""


def _as_series(key: tuple[Any, ...], members: list[tuple[Any, list[SliceHeader]]]) -> Series:
    header = read_header(members[0][1][0].path) if members[0][1] else members[0][0]
    series_number = number(header, "SeriesNumber")
    return Series(
        uid=key[0],
        series_number=None if series_number is None else int(series_number),
        description=text(header, "SeriesDescription"),
        kernel=kernel(header),
        slices=tuple(one for _, slices in members for one in slices),
        header=header,
    )


def is_enhanced(header: Any) -> bool:
    """Return whether a header is of an enhanced (multi-frame) CT."""
    return "PerFrameFunctionalGroupsSequence" in header or "SharedFunctionalGroupsSequence" in header


def _slice_headers(header: Any, path: Path) -> list[SliceHeader]:
    if not is_enhanced(header):
        return [_slice_header(header, path, 0, header, header, header, header)]
    shared = first(header, "SharedFunctionalGroupsSequence")
    slices = []
    for frame, own in enumerate(header.get("PerFrameFunctionalGroupsSequence") or []):
        groups = [
            first(own, keyword) or first(shared, keyword)
            for keyword in (
                "PlanePositionSequence",
                "PlaneOrientationSequence",
                "PixelMeasuresSequence",
                "PixelValueTransformationSequence",
            )
        ]
        slices.append(_slice_header(header, path, frame, *groups))
    return slices


def _slice_header(
    header: Any, path: Path, frame: int, place: Any, orientation: Any, measures: Any, rescale: Any
) -> SliceHeader:
    position = numbers(place, "ImagePositionPatient", 3)
    cosines = numbers(orientation, "ImageOrientationPatient", 6)
    spacing = numbers(measures, "PixelSpacing", 2)
    return SliceHeader(
        path=path,
        frame=frame,
        instance_uid=text(header, "SOPInstanceUID"),
        rows=int(number(header, "Rows") or 0),
        columns=int(number(header, "Columns") or 0),
        position_mm=None if position is None else (position[0], position[1], position[2]),
        row=None if cosines is None else (cosines[0], cosines[1], cosines[2]),
        column=None if cosines is None else (cosines[3], cosines[4], cosines[5]),
        # Pixel Spacing is (between rows, between columns).
        spacing_mm=None if spacing is None or min(spacing) <= 0 else (spacing[1], spacing[0]),
        slope=number(rescale, "RescaleSlope"),
        intercept=number(rescale, "RescaleIntercept"),
    )
