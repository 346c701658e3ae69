"""Find duplicate DICOM slices, and different images that share a SOP Instance UID."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from CACBoneAxisLib.imaging.dicom.pixels import read_classic
from CACBoneAxisLib.imaging.dicom.slices import IDENTITY, SliceHeader
from CACBoneAxisLib.imaging.dicom.traits import trait
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.integrity import content_sha256

# Different images nearly always differ in the middle; where they do not, all bytes are compared.
GLANCE_BYTES = 4096
POSITION_DIGITS = 2
IDENTITY_WORDS = dict(zip(IDENTITY, ("patient ID", "patient's name", "birth date", "sex"), strict=True))


def without_copies(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], int]:
    """Drop duplicate slices, keeping the order, and count them.

    A duplicate has the same values at the same position, whatever its instance number or
    transfer syntax, as when an archive sends a study twice. A lossy copy is a different image.

    Raises
    ------
    UnusableInputError
        ``instances-differ`` when two different images at one position share a SOP Instance UID.
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
    same_name = bool(one.instance_uid) and (one.instance_uid, one.frame) == (other.instance_uid, other.frame)
    if not same_name and (one.traits != other.traits or one.frame or other.frame):
        return False
    lossy = {trait(one.traits, "lossy compression"), trait(other.traits, "lossy compression")}
    if len(lossy) > 1:
        return False
    # An element missing from one file is no contradiction; two values are.
    alike = all(a == b or not a or not b for a, b in zip(one.traits, other.traits, strict=True))
    if alike and _same_values(one, other):
        return True
    if same_name:
        raise refusal("instances-differ", first=other.called, second=one.called)
    return False


def _same_values(one: SliceHeader, other: SliceHeader) -> bool:
    if one.frame or other.frame:
        return content_sha256([one.path]) == content_sha256([other.path])
    if one.layout is None or other.layout is None:
        return content_sha256([one.path]) == content_sha256([other.path])
    if _stored_alike(one, other):
        return _glance(one) == _glance(other) and _pixel_hash(one) == _pixel_hash(other)
    planes = [read_classic([header])[0].array for header in (one, other)]
    return bool(np.array_equal(planes[0], planes[1]))


def _stored_alike(one: SliceHeader, other: SliceHeader) -> bool:
    """Return whether equal bytes mean equal values."""
    forms = []
    for header in (one, other):
        layout = header.layout
        if layout is None or layout.start is None:
            return False
        bits = layout.bits_allocated, layout.bits_stored, layout.high_bit, layout.signed, layout.padding
        forms.append((layout.syntax, layout.length, *bits, header.slope, header.intercept))
    return forms[0] == forms[1]


def _glance(one: SliceHeader) -> bytes:
    start = (one.layout.start or 0) if one.layout is not None else 0
    with one.path.open("rb") as stream:
        stream.seek(start + max(0, (one.path.stat().st_size - start) // 2 - GLANCE_BYTES // 2))
        return stream.read(GLANCE_BYTES)


def _pixel_hash(one: SliceHeader) -> str:
    with one.path.open("rb") as stream:
        stream.seek((one.layout.start or 0) if one.layout is not None else 0)
        if one.layout is not None and one.layout.length is not None:
            return hashlib.sha256(stream.read(one.layout.length)).hexdigest()
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_patient(slices: Sequence[SliceHeader], name: str) -> None:
    """Raise UnusableInputError (``patients-mixed``) when slices of one series name several patients."""
    first: dict[tuple[str, ...], SliceHeader] = {}
    for one in slices:
        first.setdefault(one.patient, one)
    leaders = list(first.values())
    for number, one in enumerate(leaders):
        for other in leaders[:number]:
            differing = other_patient(one.patient, other.patient)
            if differing:
                what = " and ".join(IDENTITY_WORDS[keyword] for keyword in differing)
                raise refusal("patients-mixed", file=name, what=what, first=other.called, second=one.called)


def other_patient(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the elements of ``IDENTITY`` that differ between two headers; empty ones are ignored."""
    found = []
    for keyword, a, b in zip(IDENTITY, one, other, strict=True):
        words = [set(value.upper().split("=")[0].replace("^", " ").split()) for value in (a, b)]
        if keyword == "PatientSex":
            words = [value & {"F", "M"} for value in words]
        same = words[0] <= words[1] or words[1] <= words[0] if keyword == "PatientName" else words[0] == words[1]
        if all(words) and not same:
            found.append(keyword)
    return found
