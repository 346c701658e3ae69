"""Check that a compressed image file is intact, because the readers ignore its checksum."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


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


def is_intact(path: Path, stored: NDArray) -> bool:
    """Return whether a NIfTI, NRRD or MetaImage file was read completely.

    nifti_clib fills what a truncated file lacks with zeros, and neither it nor NrrdIO nor
    MetaIO compares the checksum of what it inflates. Here it is compared with that of the voxels in memory,
    which costs a hundredth of decompressing; where that cannot tell (a rescale, another
    byte order), the file is decompressed once more, in pieces.

    Parameters
    ----------
    path : the file
    stored : C-contiguous array (z, y, x) as the reader gave it
    """
    suffix = path.name.lower()
    with path.open("rb") as stream:
        if suffix.endswith((".nrrd", ".nhdr")):
            return _nrrd_intact(stream, stored)
        if suffix.endswith((".nii", ".nii.gz", ".img", ".hdr")):
            return _nifti_intact(stream, stored, path)
        if suffix.endswith(".mha"):
            return _metaimage_intact(stream, stored)
    return True


def _nrrd_intact(stream: BinaryIO, stored: NDArray) -> bool:
    gzipped = False
    for line in stream:
        text = line.decode("latin-1").strip().lower()
        if text.startswith(("data file:", "datafile:", "line skip:", "lineskip:", "byte skip:", "byteskip:")):
            return True
        if text.startswith("encoding:"):
            gzipped = text.split(":", 1)[1].strip() in ("gzip", "gz")
        if not text:
            break
    return not gzipped or _gzip_intact(stream, stored, b"")


def _metaimage_intact(stream: BinaryIO, stored: NDArray) -> bool:
    header = stream.read(4096).split(b"ElementDataFile", 1)[0].lower()
    if b"compresseddata = true" not in header or b"byteordermsb = true" in header:
        return True
    stream.seek(-4, 2)
    return int.from_bytes(stream.read(4), "big") == zlib.adler32(stored.data.cast("B"))


def _nifti_intact(stream: BinaryIO, stored: NDArray, path: Path) -> bool:
    if path.suffix.lower() in (".img", ".hdr"):
        return True
    gzipped = stream.read(2) == GZIP_MAGIC
    stream.seek(0)
    content: BinaryIO = gzip.GzipFile(fileobj=stream) if gzipped else stream  # type: ignore[assignment]
    try:
        head = content.read(352)
        order = "<" if int.from_bytes(head[:4], "little") in (348, 540) else ">"
        version_2 = int.from_bytes(head[:4], "little" if order == "<" else "big") == 540
        if version_2:
            offset = int(np.frombuffer(head, order + "i8", 1, 168)[0])
            bits = int(np.frombuffer(head, order + "i2", 1, 14)[0])
        else:
            offset = int(np.frombuffer(head, order + "f4", 1, 108)[0])
            bits = int(np.frombuffer(head, order + "i2", 1, 72)[0])
        expected = offset + stored.size * bits // 8
        if not gzipped:
            return path.stat().st_size >= expected
        head += content.read(max(0, offset - len(head)))
    except (OSError, EOFError, zlib.error, ValueError, IndexError):
        return False
    stream.seek(0)
    return _gzip_intact(stream, stored, head[:offset])


def _gzip_intact(stream: BinaryIO, stored: NDArray, head: bytes) -> bool:
    start = stream.tell()
    stream.seek(-8, 2)
    trailer = stream.read(8)
    crc = zlib.crc32(stored.data.cast("B"), zlib.crc32(head))
    if int.from_bytes(trailer[:4], "little") == crc:
        return True
    stream.seek(start)
    try:
        with gzip.GzipFile(fileobj=stream) as content:
            while content.read(CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
