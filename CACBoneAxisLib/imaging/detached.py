"""Headers with detached voxel files, and whether files are large enough for their header."""

from __future__ import annotations

import re
from pathlib import Path

from CACBoneAxisLib.imaging.findings import refusal

NRRD_FIELD = re.compile(rb"^data ?file:\s*(.*?)\s*$", re.IGNORECASE)
METAIMAGE_FIELD = re.compile(rb"^\s*ElementDataFile\s*=\s*(.*?)\s*$", re.IGNORECASE)
FIELDS = {".nrrd": NRRD_FIELD, ".nhdr": NRRD_FIELD, ".mha": METAIMAGE_FIELD, ".mhd": METAIMAGE_FIELD}
HEADER_BYTES = 1 << 20
# Largest compression ratio of deflate, reached on equal bytes.
MOST_DEFLATED = 1032
# Bytes of a rescaled value per stored byte.
WIDEST = 8
# Formats whose header states compression, or that never compress.
UNCOMPRESSED = {".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}
COMPRESSION = re.compile(
    rb"^(encoding:\s*(gz|gzip|bz2|bzip2)|\s*CompressedData\s*=\s*True)\s*$", re.IGNORECASE | re.MULTILINE
)


def data_files(path: Path) -> list[Path]:
    """Return the voxel files named by a NRRD or MetaImage header; none where the voxels are in the file itself.

    Raises
    ------
    UnusableInputError
        ``outside-folder`` when one of them is not below the header's folder.
    """
    field = FIELDS.get(path.suffix.lower())
    if field is None:
        return []
    with path.open("rb") as stream:
        lines = stream.read(HEADER_BYTES).splitlines()
    names: list[str] = []
    for number, line in enumerate(lines):
        named = field.match(line)
        if named:
            names = _names(named.group(1).decode("utf-8", "replace"), lines[number + 1 :])
            break
        if not line.strip() and field is NRRD_FIELD:
            break
    root = path.parent.resolve()
    files = [path.parent / name for name in names]
    for file in files:
        try:
            inside = file.resolve().is_relative_to(root)
        except (OSError, ValueError):
            inside = False
        if not inside:
            raise refusal("outside-folder", file=path.name)
    return [file for file in files if file.is_file()]


def _names(value: str, following: list[bytes]) -> list[str]:
    if value.upper() == "LOCAL":
        return []
    if value.upper().split(" ")[0] == "LIST":
        return [name for line in following if (name := line.decode("utf-8", "replace").strip())]
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
