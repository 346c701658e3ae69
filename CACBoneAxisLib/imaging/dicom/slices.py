"""One DICOM file's header as slices: where each lies, how its pixels are stored, what tells it from others."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pydicom

from CACBoneAxisLib.imaging.dicom.elements import first, items, kernel, number, numbers, text
from CACBoneAxisLib.imaging.dicom.transfersyntax import DEFLATED

# A deflated file is inflated as a whole: no CT object needs more, and a file made to fill the memory does.
LARGEST_INFLATED_BYTES = 1 << 29
HEAD_BYTES = 1024
CHUNK_BYTES = 1 << 20
PIXEL_TAGS = {b"\xe0\x7f\x10\x00": "little", b"\x7f\xe0\x00\x10": "big"}
PHASE = "NominalPercentageOfCardiacPhase"
UNDEFINED_LENGTH = 0xFFFFFFFF
# What tells images at one place apart, in the order in which it is tried: name, then unit.
TRAITS = {
    "frame of reference": "",
    "stack": "",
    "kernel": "",
    "thickness": "mm",
    "tube voltage": "kVp",
    "phase": "%",
    "trigger time": "ms",
    "temporal position": "",
    "acquisition": "",
    "image type": "",
}
# What is needed of every file; the rest is read of one file of each series.
SCANNED = [
    *("SOPClassUID", "SOPInstanceUID", "Modality", "ImageType", "SeriesInstanceUID", "SeriesNumber"),
    *("SeriesDescription", "ConvolutionKernel", "Rows", "Columns", "SamplesPerPixel", "PixelSpacing"),
    *("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "RescaleType"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "NumberOfFrames", "ConcatenationUID"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("InstanceNumber", "PhotometricInterpretation", "FrameOfReferenceUID", "SliceThickness", "KVP", "TriggerTime"),
    *("NominalPercentageOfCardiacPhase", "AcquisitionNumber", "TemporalPositionIdentifier"),
]


@dataclass(frozen=True)
class PixelLayout:
    """How a file stores its pixels.

    ``start`` is the offset of the value in the file and ``length`` its bytes; both are
    None where the header does not lead to them (deflated files), the length alone where
    the value is in fragments. ``padding`` is the first and last stored value of what lies
    outside the scan field.
    """

    syntax: str
    start: int | None
    length: int | None
    big_endian: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    frames: int
    padding: tuple[int, int] | None


@dataclass(frozen=True)
class SliceHeader:
    """What is needed of one slice (one file, or one frame of an enhanced file).

    ``position_mm`` (LPS, centre of the first pixel), ``row`` and ``column`` (direction
    cosines along a row and down a column) and ``spacing_mm`` (x along the row, y down
    the column) are None where the header lacks them, as are slope and intercept.
    ``traits`` has a value for each of ``TRAITS``, empty where the header is silent.
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


def is_dicom(path: Path) -> bool:
    """Return whether a file starts as DICOM does: with its preamble or, before 1993, with group 2 or 8."""
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
    """Return the pydicom dataset of a file (or these elements), without pixels; None when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return _dataset(stream, keywords)
    except Exception:  # pydicom raises whatever the damage leads to
        return None


def scan_header(path: Path) -> tuple[Any, PixelLayout] | None:
    """Return what every file is asked for and where its pixels are; None when it is not DICOM or damaged."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            if not _starts_as_dicom(head):
                return None
            stream.seek(0)
            header = _dataset(stream, _scanned_tags())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return header, _layout(header, stream)
    except Exception:  # pydicom raises whatever the damage leads to
        return None


@cache
def _scanned_tags() -> list[Any]:
    # pydicom looks keywords up anew for every file.
    return [pydicom.tag.Tag(keyword) for keyword in SCANNED]


def _dataset(stream: BinaryIO, keywords: list[Any] | None) -> Any:
    if DEFLATED.encode() in stream.read(HEAD_BYTES):
        _check_inflated(stream)
    stream.seek(0)
    with warnings.catch_warnings():
        # Remarks on the spelling of values say nothing to a reader of the scan.
        warnings.simplefilter("ignore")
        return pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=keywords)


def _check_inflated(stream: BinaryIO) -> None:
    """Raise ValueError when what is deflated in a file is more than any CT object has."""
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


def _layout(header: Any, stream: BinaryIO) -> PixelLayout:
    """Return the layout of the pixels whose element begins where pydicom stopped reading."""
    syntax = text(getattr(header, "file_meta", None), "TransferSyntaxUID")
    start: int | None = None
    length: int | None = None
    order = PIXEL_TAGS.get(stream.read(4)) if syntax != DEFLATED else None
    if order is not None:
        kind = stream.read(4)
        if kind[:2] in (b"OW", b"OB", b"UN"):
            kind = stream.read(4)
        length = int.from_bytes(kind, order)  # type: ignore[arg-type]
        length = None if length == UNDEFINED_LENGTH else length
        start = stream.tell()
    allocated = _whole(header, "BitsAllocated", 16)
    stored = _whole(header, "BitsStored", allocated)
    signed = _whole(header, "PixelRepresentation", 0) == 1
    return PixelLayout(
        syntax=syntax,
        start=start,
        length=length,
        big_endian=order == "big",
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_whole(header, "HighBit", stored - 1),
        signed=signed,
        frames=max(1, _whole(header, "NumberOfFrames", 1)),
        padding=_padding(header, signed, allocated),
    )


def _whole(header: Any, keyword: str, otherwise: int) -> int:
    value = number(header, keyword)
    return otherwise if value is None else int(value)


def _padding(header: Any, signed: bool, bits: int) -> tuple[int, int] | None:
    first_value = number(header, "PixelPaddingValue")
    if first_value is None:
        return None
    limit = number(header, "PixelPaddingRangeLimit")
    # The sign of the value follows the pixels, not the spelling that a writer chose for the element.
    ends = [int(v) for v in (first_value, first_value if limit is None else limit)]
    half = 1 << (bits - 1)
    ends = [v - 2 * half if signed and v >= half else v + 2 * half if not signed and v < 0 else v for v in ends]
    return min(ends), max(ends)


def is_enhanced(header: Any) -> bool:
    """Return whether a header is of an enhanced (multi-frame) CT."""
    return "PerFrameFunctionalGroupsSequence" in header or "SharedFunctionalGroupsSequence" in header


def slice_headers(header: Any, path: Path, layout: PixelLayout | None) -> list[SliceHeader]:
    """Return the slice of a classic file, or one for each frame of an enhanced file."""
    if not is_enhanced(header):
        return [_slice_header(header, path, 0, [header] * 4, _classic_traits(header), layout)]
    shared = first(header, "SharedFunctionalGroupsSequence")
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
        slices.append(_slice_header(header, path, frame, groups, _frame_traits(header, shared, own), layout))
    return slices


def _slice_header(
    header: Any, path: Path, frame: int, groups: list[Any], traits: tuple[str, ...], layout: PixelLayout | None
) -> SliceHeader:
    place, orientation, measures, rescale = groups
    position = numbers(place, "ImagePositionPatient", 3)
    cosines = numbers(orientation, "ImageOrientationPatient", 6)
    spacing = numbers(measures, "PixelSpacing", 2)
    instance_number = number(header, "InstanceNumber")
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
        unit=(text(rescale, "RescaleType") or text(header, "RescaleType")).upper(),
        instance_number=None if instance_number is None else int(instance_number),
        traits=traits,
        layout=layout,
    )


def _classic_traits(header: Any) -> tuple[str, ...]:
    keywords = ("SliceThickness", "KVP", PHASE, "TriggerTime")
    named = ("TemporalPositionIdentifier", "AcquisitionNumber", "ImageType")
    return (
        text(header, "FrameOfReferenceUID"),
        "",
        text(header, "ConvolutionKernel"),
        *(_plain(number(header, keyword)) for keyword in keywords),
        *(text(header, keyword) for keyword in named),
    )


def _frame_traits(header: Any, shared: Any, own: Any) -> tuple[str, ...]:
    def of(sequence: str) -> Any:
        return first(own, sequence) or first(shared, sequence)

    content, cardiac = of("FrameContentSequence"), of("CardiacSynchronizationSequence")
    converted = first(own, "UnassignedPerFrameConvertedAttributesSequence")
    return (
        text(header, "FrameOfReferenceUID"),
        text(content, "StackID"),
        text(of("CTReconstructionSequence"), "ConvolutionKernel")
        or text(converted, "ConvolutionKernel")
        or (kernel(header) or ""),
        _plain(number(of("PixelMeasuresSequence"), "SliceThickness")),
        _plain(number(of("CTXRayDetailsSequence"), "KVP")) or _plain(number(converted, "KVP")),
        _plain(number(cardiac, PHASE)) or _plain(number(converted, PHASE)),
        _plain(number(cardiac, "NominalCardiacTriggerDelayTime")) or _plain(number(converted, "TriggerTime")),
        text(content, "TemporalPositionIndex") or text(converted, "TemporalPositionIdentifier"),
        text(content, "FrameAcquisitionNumber") or text(converted, "AcquisitionNumber"),
        text(of("CTImageFrameTypeSequence"), "FrameType") or text(converted, "ImageType"),
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
