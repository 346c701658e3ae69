"""Pixel storage of a DICOM file: location, bits, padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from CACBoneAxisLib.imaging.dicom.elements import number, text
from CACBoneAxisLib.imaging.dicom.transfersyntax import DEFLATED

PIXEL_TAGS = {b"\xe0\x7f\x10\x00": "little", b"\x7f\xe0\x00\x10": "big"}
UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelLayout:
    """Pixel storage of a file.

    ``start`` is the offset of the value in the file and ``length`` its bytes; both are
    None where the header does not lead to them (deflated files), the length alone where
    the value is in fragments. ``padding`` is the first and last stored value of what lies
    outside the scan field. ``inverted`` says that small values are shown bright
    (MONOCHROME1), which changes no value.
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
    inverted: bool = False


def read_layout(header: Any, stream: BinaryIO) -> PixelLayout:
    """Return the layout of the pixel element at which pydicom stopped reading."""
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
        inverted=text(header, "PhotometricInterpretation").upper() == "MONOCHROME1",
    )


def _whole(header: Any, keyword: str, otherwise: int) -> int:
    value = number(header, keyword)
    return otherwise if value is None else int(value)


def _padding(header: Any, signed: bool, bits: int) -> tuple[int, int] | None:
    first_value = number(header, "PixelPaddingValue")
    if first_value is None:
        return None
    limit = number(header, "PixelPaddingRangeLimit")
    # The padding value has the sign of the pixels, whatever VR the writer chose.
    ends = [int(v) for v in (first_value, first_value if limit is None else limit)]
    half = 1 << (bits - 1)
    ends = [v - 2 * half if signed and v >= half else v + 2 * half if not signed and v < 0 else v for v in ends]
    return min(ends), max(ends)
