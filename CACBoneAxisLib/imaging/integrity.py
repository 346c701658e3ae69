"""Check that an image file is whole and intact, because the readers ignore lengths and checksums."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.headerfields import LAST_FIELD, HeaderFields, header_fields

CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
# Window bits by which zlib recognises both.
ZLIB_OR_GZIP = 47
NIFTI_HEADER = 348
# Of the first voxel; extensions lie before it.
LARGEST_OFFSET = 1 << 26


def content_sha256(paths: list[Path]) -> str:
    """Return the SHA-256 of one file, or of the sorted hex digests of several, one a line."""
    digests = []
    for path in paths:
        with path.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return combined_sha256(digests)


def combined_sha256(digests: list[str]) -> str:
    """Return the only hex digest, or the SHA-256 of several, sorted, one a line."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


@dataclass(frozen=True)
class Packing:
    """How the voxels of an image lie in its file.

    Parameters
    ----------
    file : that holds the voxels
    start : bytes before them or before their compressed stream
    kind : of compression
    head : bytes before them in the decompressed stream
    needed : bytes of the voxels by the header; None where they are as many as in memory
    exact : False where more bytes may lie before or behind them
    swapped : whether the file has the other byte order than the array in memory
    """

    file: Path
    start: int
    kind: Literal["none", "gzip", "zlib"]
    head: int = 0
    needed: int | None = None
    exact: bool = True
    swapped: bool = False


def is_intact(path: Path, stored: NDArray, beside: Sequence[Path] = ()) -> bool:
    """Return whether a NIfTI, NRRD or MetaImage file was read completely.

    nifti_clib fills what a truncated file lacks with zeros, and neither it nor NrrdIO nor
    MetaIO compares the checksum of what it inflates, or looks whether more follows. Here the checksum is
    compared with that of the voxels in memory, which costs a hundredth of decompressing; where that cannot
    tell (a rescale, another byte order), the file is decompressed once more, in pieces, and its length counted.

    Parameters
    ----------
    path : the file
    stored : C-contiguous array (z, y, x) as the reader gave it
    beside : its other files
    """
    try:
        packing = _packing(path, beside)
        return packing is None or _is_whole(packing, stored)
    except (OSError, EOFError, zlib.error, ValueError, IndexError, OverflowError):
        return False


def _packing(path: Path, beside: Sequence[Path]) -> Packing | None:
    """Return how the voxels are packed, None where that is not known."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return _nifti(path, path)
    if name.endswith((".hdr", ".hdr.gz", ".img", ".img.gz")):
        halves = {".hdr" in one.name.lower()[-7:]: one for one in (path, *beside)}
        return _nifti(halves[True], halves[False]) if len(halves) == 2 else None
    header = header_fields(path)
    if header is None or len(beside) > 1:
        return None
    file = beside[0] if beside else path
    start = 0 if beside else header.end
    return _metaimage(header, file, start) if LAST_FIELD in header.fields else _nrrd(header, file, start)


def _nrrd(header: HeaderFields, file: Path, start: int) -> Packing | None:
    encoding = header.fields.get("encoding", "").lower()
    skips = any(header.fields.get(name, "0") != "0" for name in ("line skip", "byte skip"))
    if encoding in ("gzip", "gz"):
        swapped = header.fields.get("endian", "little").lower() == "big"
        return Packing(file, start, "gzip", exact=not skips, swapped=swapped)
    return Packing(file, start, "none", exact=not skips) if encoding == "raw" else None


def _metaimage(header: HeaderFields, file: Path, start: int) -> Packing | None:
    fields = header.fields
    if fields.get("BinaryData", "True").lower() not in ("true", "1"):
        return None
    kind: Literal["none", "zlib"] = "zlib" if fields.get("CompressedData", "").lower() in ("true", "1") else "none"
    orders = [fields.get(name, "").lower() for name in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")]
    swapped = any(order in ("true", "1") for order in orders)
    return Packing(file, start, kind, exact=fields.get("HeaderSize", "0") == "0", swapped=swapped)


def _nifti(header: Path, file: Path) -> Packing:
    with header.open("rb") as stream:
        zipped = stream.read(2) == GZIP_MAGIC
        stream.seek(0)
        content: BinaryIO = gzip.GzipFile(fileobj=stream) if zipped else stream  # type: ignore[assignment]
        head = content.read(NIFTI_HEADER)
    order = "<" if int.from_bytes(head[:4], "little") == NIFTI_HEADER else ">"
    offset = float(np.frombuffer(head, order + "f4", 1, 108)[0])
    bits = int(np.frombuffer(head, order + "i2", 1, 72)[0])
    size = np.frombuffer(head, order + "i2", 8, 40).astype(object)
    if not (offset.is_integer() and 0 <= offset <= LARGEST_OFFSET):
        raise ValueError("no place of the first voxel")
    with file.open("rb") as stream:
        zipped = stream.read(2) == GZIP_MAGIC
    needed = int(np.prod([max(int(n), 1) for n in size[1:]], dtype=object)) * bits // 8
    return Packing(file, 0, "gzip" if zipped else "none", int(offset), needed)


def _is_whole(packing: Packing, stored: NDArray) -> bool:
    needed = stored.nbytes if packing.needed is None else packing.needed
    wanted = packing.head + needed
    voxels = (stored.byteswap() if packing.swapped else stored).data.cast("B")
    with packing.file.open("rb") as stream:
        stream.seek(packing.start)
        if packing.kind == "none":
            length = packing.file.stat().st_size - packing.start
            return length == wanted or (length > wanted and not packing.exact)
        if needed == stored.nbytes and _trailer_fits(packing, stream, voxels):
            return True
        stream.seek(packing.start)
        length, crc = _inflated(stream, packing)
        # Only a rescale leaves other values in memory.
        same = packing.needed is not None or not packing.exact or crc == zlib.crc32(voxels)
        return same and (length == wanted or (length > wanted and not packing.exact))


def _trailer_fits(packing: Packing, stream: BinaryIO, voxels: memoryview) -> bool:
    """Return whether the checksum and length at the end of the stream are those of the voxels."""
    if packing.kind == "zlib":
        stream.seek(-4, 2)
        return int.from_bytes(stream.read(4), "big") == zlib.adler32(voxels)
    head = gzip.GzipFile(fileobj=stream).read(packing.head) if packing.head else b""
    stream.seek(-8, 2)
    crc, length = np.frombuffer(stream.read(8), "<u4").tolist()
    return crc == zlib.crc32(voxels, zlib.crc32(head)) and length == (len(head) + len(voxels)) % (1 << 32)


def _inflated(stream: BinaryIO, packing: Packing) -> tuple[int, int]:
    """Return length and checksum of what a compressed stream holds; raises where it is damaged."""
    total, crc = 0, 0
    if packing.kind == "gzip":
        with gzip.GzipFile(fileobj=stream) as content:
            while chunk := content.read(CHUNK_BYTES):
                total, crc = total + len(chunk), zlib.crc32(chunk, crc)
        return total, crc
    inflate = zlib.decompressobj(ZLIB_OR_GZIP)
    while not inflate.eof:
        packed = inflate.unconsumed_tail or stream.read(CHUNK_BYTES)
        chunk = inflate.decompress(packed, CHUNK_BYTES)
        if not packed and not chunk:
            raise EOFError
        total, crc = total + len(chunk), zlib.crc32(chunk, crc)
    return total, crc
