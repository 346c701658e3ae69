"""Headers with detached voxel files, and whether files are large enough for their header."""

from __future__ import annotations

import re
from pathlib import Path

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.headerfields import HEADER_BYTES, HeaderFields, header_fields

# Largest compression ratio of deflate, reached on equal bytes.
MOST_DEFLATED = 1032
# Bytes of a rescaled value per stored byte.
WIDEST = 8
# Formats whose header states compression, or that never compress.
UNCOMPRESSED = {".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}
COMPRESSION = re.compile(
    rb"^(encoding:\s*(gz|gzip|bz2|bzip2)|\s*CompressedData\s*[=:]\s*True)\s*$", re.IGNORECASE | re.MULTILINE
)
PAIRS = {".hdr": (".img", ".img.gz"), ".hdr.gz": (".img.gz", ".img"), ".img": (".hdr",), ".img.gz": (".hdr", ".hdr.gz")}


def data_files(path: Path) -> list[Path]:
    """Return the other files of an image: voxel files that its header names, the other half of a NIfTI pair.

    Raises
    ------
    UnusableInputError
        ``outside-folder`` when one of them is not below the header's folder; ``file-unreadable`` for a damaged header.
    """
    root = path.parent.resolve()
    files = _pair(path)
    if not files and (header := header_fields(path)) is not None:
        files = [path.parent / name for name in _names(header)]
    for file in files:
        try:
            inside = file.resolve().is_relative_to(root)
        except (OSError, ValueError, RuntimeError):
            inside = False
        if not inside:
            raise refusal("outside-folder", file=path.name)
    return [file for file in files if file.is_file()]


def content_files(path: Path) -> list[Path]:
    """Return all files of an image."""
    return [path, *data_files(path)]


def _pair(path: Path) -> list[Path]:
    """Return the other half of a NIfTI or Analyze pair, header or voxels."""
    lower = path.name.lower()
    suffix = next((one for one in sorted(PAIRS, key=len, reverse=True) if lower.endswith(one)), None)
    if suffix is None:
        return []
    stem = path.name[: -len(suffix)]
    upper = path.name.endswith(suffix.upper())
    others = [path.with_name(stem + (end.upper() if upper else end)) for end in PAIRS[suffix]]
    return [one for one in others if one.is_symlink() or one.is_file()][:1]


def _names(header: HeaderFields) -> list[str]:
    value = header.data_file
    if value.upper() in ("", "LOCAL"):
        return []
    if value.upper().split(" ")[0] == "LIST":
        return list(header.following)
    pattern = re.fullmatch(r"(\S*%\d*d\S*)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(\s+\d+)?", value)
    if pattern is None:
        return [value]
    # A numbered pattern: the first and last file stand for all, which share a folder.
    return [pattern[1] % int(pattern[2]), pattern[1] % int(pattern[3])]


def can_hold(path: Path, files: list[Path], needed_bytes: int) -> bool:
    """Return whether a file, with the files its header names, can hold this many bytes of voxels.

    Uncompressed, a rescale may turn one byte into eight; compressed, deflate multiplies that.
    """
    size = sum(one.stat().st_size for one in {path, *files})
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    compressed = path.suffix.lower() not in UNCOMPRESSED or COMPRESSION.search(head) is not None
    return needed_bytes <= size * WIDEST * (MOST_DEFLATED if compressed else 1)
