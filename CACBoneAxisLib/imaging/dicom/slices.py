"""Slices of one DICOM file from its header: position, pixel storage, distinguishing traits."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pydicom

from CACBoneAxisLib.imaging.dicom.elements import first, items, number, numbers, offset, text
from CACBoneAxisLib.imaging.dicom.layout import PixelLayout, read_layout
from CACBoneAxisLib.imaging.dicom.traits import TRAIT_ELEMENTS, TRAITS, classic_traits, frame_traits
from CACBoneAxisLib.imaging.dicom.transfersyntax import DEFLATED

# Deflated files are inflated whole; no CT object needs more, a decompression bomb does.
LARGEST_INFLATED_BYTES = 1 << 29
HEAD_BYTES = 1024
CHUNK_BYTES = 1 << 20
# Elements read from every file; the rest is read once per series.
IDENTITY = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
# What a scan is called and when it was; copies may differ in it.
EXAMINED = {
    "acquisition date": "AcquisitionDate",
    "protocol": "ProtocolName",
    "description": "SeriesDescription",
    "body part": "BodyPartExamined",
}
SCANNED = [
    *("SOPClassUID", "SOPInstanceUID", "Modality", "SeriesInstanceUID", "SeriesNumber", "StudyInstanceUID"),
    *("SeriesDescription", "Rows", "Columns", "SamplesPerPixel", "PixelSpacing", "InstanceNumber"),
    *("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "RescaleType"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "NumberOfFrames", "ConcatenationUID"),
    "ConcatenationFrameOffsetNumber",
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("PhotometricInterpretation", "AcquisitionTime", "ContentTime"),
    *(*TRAIT_ELEMENTS, *IDENTITY, *EXAMINED.values()),
]


@dataclass(frozen=True)
class SliceHeader:
    """Header data of one slice (one file, or one frame of an enhanced file).

    ``position_mm`` (LPS, centre of the first pixel), ``row`` and ``column`` (direction
    cosines along a row and down a column) and ``spacing_mm`` (x along the row, y down
    the column) are None where the header lacks them, as are slope and intercept.
    ``traits`` has a value for each of ``TRAITS``, empty where the header is silent.
    ``instance_number`` of a frame is its place in the file or concatenation.
    ``called`` is what a sentence calls the file: its place among those that were looked at,
    because its name may be the patient's. ``patient`` has the elements of ``IDENTITY``,
    ``examined`` those of ``EXAMINED``,
    ``times_s`` the times of acquisition and content within the day.
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
    unit: str = ""
    instance_number: int | None = None
    traits: tuple[str, ...] = ("",) * len(TRAITS)
    layout: PixelLayout | None = None
    called: str = "a file"
    patient: tuple[str, ...] = ("",) * len(IDENTITY)
    study_uid: str = ""
    times_s: tuple[float | None, float | None] = (None, None)
    examined: tuple[str, ...] = ("",) * len(EXAMINED)


def is_dicom(path: Path) -> bool:
    """Return whether a file starts like DICOM: preamble or, before 1993, group 2 or 8."""
    try:
        with path.open("rb") as stream:
            return _starts_as_dicom(stream.read(132))
    except OSError:
        return False


def _starts_as_dicom(head: bytes) -> bool:
    return head[128:132] == b"DICM" or head[:4] in (
        b"\x08\x00\x00\x00", b"\x08\x00\x01\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00", b"\x08\x00\x16\x00",
        b"\x02\x00\x00\x00",
    )  # fmt: skip


def read_header(path: Path, keywords: list[str] | None = None) -> Any:
    """Read a file's pydicom dataset (or selected elements) without pixels; None if unreadable."""
    try:
        with path.open("rb") as stream:
            return _dataset(stream, keywords)
    except Exception:  # pydicom raises whatever the damage leads to
        return None


def scan_header(path: Path) -> tuple[Any, PixelLayout] | None:
    """Read the elements needed of every file and its pixel layout; None if not DICOM or damaged."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            if not _starts_as_dicom(head):
                return None
            stream.seek(0)
            header = _dataset(stream, _scanned_tags())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return header, read_layout(header, stream)
    except Exception:  # pydicom raises whatever the damage leads to
        return None


@cache
def _scanned_tags() -> list[Any]:
    # Cached: pydicom looks keywords up for every file.
    return [pydicom.tag.Tag(keyword) for keyword in SCANNED]


def _dataset(stream: BinaryIO, keywords: list[Any] | None) -> Any:
    if DEFLATED.encode() in stream.read(HEAD_BYTES):
        _check_inflated(stream)
    stream.seek(0)
    with warnings.catch_warnings():
        # pydicom's warnings on value spelling are of no use to a reader of the scan.
        warnings.simplefilter("ignore")
        return pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=keywords)


def _check_inflated(stream: BinaryIO) -> None:
    """Raise ValueError when a deflated file inflates beyond the size of any CT object."""
    stream.seek(0)
    head = stream.read(144)
    # Preamble, DICM, and the element that says how long the rest of the file meta information is.
    stream.seek(144 + int.from_bytes(head[140:144], "little"))
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    while not inflate.eof and (chunk := inflate.unconsumed_tail or stream.read(CHUNK_BYTES)):
        total += len(inflate.decompress(chunk, CHUNK_BYTES))
        if total > LARGEST_INFLATED_BYTES:
            raise ValueError("too much to inflate")


def is_multiframe(header: Any) -> bool:
    """Return whether a header belongs to an enhanced (multi-frame) CT."""
    return "PerFrameFunctionalGroupsSequence" in header or "SharedFunctionalGroupsSequence" in header


def slice_headers(header: Any, path: Path, layout: PixelLayout | None, called: str | None = None) -> list[SliceHeader]:
    """Return the slice of a classic file, or one for each frame of an enhanced file."""
    common = _common(header, path, layout, path.name if called is None else called)
    if not is_multiframe(header):
        return [_slice_header(common, header, 0, [header] * 4, classic_traits(header))]
    shared = first(header, "SharedFunctionalGroupsSequence")
    before = int(number(header, "ConcatenationFrameOffsetNumber") or 0)
    slices = []
    for frame, own in enumerate(items(header, "PerFrameFunctionalGroupsSequence")):
        groups = [
            first(own, keyword) or first(shared, keyword)
            for keyword in (
                "PlanePositionSequence",
                "PlaneOrientationSequence",
                "PixelMeasuresSequence",
                "PixelValueTransformationSequence",
            )
        ]
        common["instance_number"] = before + frame + 1
        slices.append(_slice_header(common, header, frame, groups, frame_traits(header, shared, own)))
    return slices


def _common(header: Any, path: Path, layout: PixelLayout | None, called: str) -> dict[str, Any]:
    """Return the fields shared by all frames of a file."""
    instance_number = number(header, "InstanceNumber")
    return {
        "path": path,
        "instance_uid": text(header, "SOPInstanceUID"),
        "rows": int(number(header, "Rows") or 0),
        "columns": int(number(header, "Columns") or 0),
        "instance_number": None if instance_number is None else int(instance_number),
        "layout": layout,
        "called": called,
        "patient": tuple(text(header, keyword) for keyword in IDENTITY),
        "study_uid": text(header, "StudyInstanceUID"),
        "examined": tuple(text(header, keyword) for keyword in EXAMINED.values()),
        "times_s": (_seconds(header, "AcquisitionTime"), _seconds(header, "ContentTime")),
    }


def _seconds(header: Any, keyword: str) -> float | None:
    """Return a time of day in seconds, None where there is none."""
    written = text(header, keyword).replace(":", "")
    if len(written) < 6 or not written[:6].isdigit():
        return None
    fraction = written[7:] if written[6:7] == "." and written[7:].isdigit() else "0"
    return int(written[:2]) * 3600.0 + int(written[2:4]) * 60 + int(written[4:6]) + float(f"0.{fraction}")


def _slice_header(
    common: dict[str, Any], header: Any, frame: int, groups: list[Any], traits: tuple[str, ...]
) -> SliceHeader:
    place, orientation, measures, rescale = groups
    position = numbers(place, "ImagePositionPatient", 3)
    cosines = numbers(orientation, "ImageOrientationPatient", 6)
    spacing = numbers(measures, "PixelSpacing", 2)
    return SliceHeader(
        frame=frame,
        position_mm=None if position is None else (position[0], position[1], position[2]),
        row=None if cosines is None else (cosines[0], cosines[1], cosines[2]),
        column=None if cosines is None else (cosines[3], cosines[4], cosines[5]),
        # Pixel Spacing is (between rows, between columns).
        spacing_mm=None if spacing is None or min(spacing) <= 0 else (spacing[1], spacing[0]),
        slope=number(rescale, "RescaleSlope"),
        intercept=offset(rescale, "RescaleIntercept"),
        unit=(text(rescale, "RescaleType") or text(header, "RescaleType")).upper(),
        traits=traits,
        **common,
    )
