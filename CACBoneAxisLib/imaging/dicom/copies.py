"""Copies among DICOM slices: the same image stored twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.integrity import content_sha256

# Two images that differ do so in their middle, nearly always; where they do not, all of their bytes are compared.
GLANCE_BYTES = 4096
POSITION_DIGITS = 2


def without_copies(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], int]:
    """Return the slices without copies, in their order, and how many copies were left out.

    A copy is the same instance, or the same stored pixels at the same place under another
    instance number, as archives make that send a study twice under new UIDs.
    """
    kept: list[SliceHeader] = []
    places: dict[tuple[object, ...], list[SliceHeader]] = {}
    for one in slices:
        place = None if one.position_mm is None else tuple(round(v, POSITION_DIGITS) for v in one.position_mm)
        there = places.setdefault((place, one.row, one.column, one.spacing_mm, one.rows, one.columns), [])
        if place is None or not any(_same_image(one, other) for other in there):
            kept.append(one)
            there.append(one)
    return kept, len(slices) - len(kept)


def _same_image(one: SliceHeader, other: SliceHeader) -> bool:
    if one.path == other.path:
        return one.frame == other.frame
    if one.instance_uid and one.instance_uid == other.instance_uid:
        return one.frame == other.frame
    if one.traits != other.traits or one.frame or other.frame:
        return False
    if one.layout is None or other.layout is None or one.layout.start is None or other.layout.start is None:
        same_size = one.path.stat().st_size == other.path.stat().st_size
        return same_size and content_sha256([one.path]) == content_sha256([other.path])
    return _glance(one) == _glance(other) and _pixel_hash(one) == _pixel_hash(other)


def _glance(one: SliceHeader) -> bytes:
    start = (one.layout.start or 0) if one.layout is not None else 0
    with one.path.open("rb") as stream:
        stream.seek(start + max(0, (one.path.stat().st_size - start) // 2 - GLANCE_BYTES // 2))
        return stream.read(GLANCE_BYTES)


def _pixel_hash(one: SliceHeader) -> str:
    with one.path.open("rb") as stream:
        stream.seek((one.layout.start or 0) if one.layout is not None else 0)
        return hashlib.file_digest(stream, "sha256").hexdigest()
