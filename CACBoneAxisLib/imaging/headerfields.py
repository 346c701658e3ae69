"""The text headers of NRRD and MetaImage files as fields, the way their readers split them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from CACBoneAxisLib.imaging.findings import refusal

HEADER_BYTES = 1 << 20
NRRD_SUFFIXES, METAIMAGE_SUFFIXES = (".nrrd", ".nhdr"), (".mha", ".mhd")
NRRD_NAMES = {"datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip", "centering": "centers"}
LAST_FIELD = "ElementDataFile"


@dataclass(frozen=True)
class HeaderFields:
    """A header.

    Parameters
    ----------
    fields : by name; of NRRD in lower case
    end : bytes of the header, where voxels in the same file begin
    following : lines below the last field, where it announces a list of files
    """

    fields: dict[str, str]
    end: int
    following: tuple[str, ...] = ()

    @property
    def data_file(self) -> str:
        """Value of the field that names the voxel files, empty where there is none."""
        return self.fields.get("data file", self.fields.get(LAST_FIELD, ""))


def header_fields(path: Path) -> HeaderFields | None:
    """Return the fields of a NRRD or MetaImage header, None for another format.

    Raises
    ------
    UnusableInputError
        ``file-unreadable`` where the header does not end within 1 MiB, or says a field twice.
    """
    suffix = path.suffix.lower()
    if suffix not in (*NRRD_SUFFIXES, *METAIMAGE_SUFFIXES):
        return None
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
        more = bool(stream.read(1))
    found = _nrrd(head, more) if suffix in NRRD_SUFFIXES else _metaimage(head)
    if found is None:
        raise refusal("file-unreadable", file=path.name)
    return found


def _nrrd(head: bytes, more: bool) -> HeaderFields | None:
    fields: dict[str, str] = {}
    place = 0
    lines = head.split(b"\n")
    for number, line in enumerate(lines):
        place += len(line) + 1
        text = line.decode("utf-8", "replace").strip()
        if "\r" in text or (more and number == len(lines) - 1):
            return None
        if not text:
            break
        key, sign, value = text.partition(":")
        if not sign or value.startswith("=") or text.startswith("#"):
            continue
        name = re.sub(r"\s+", " ", key.strip().lower())
        name = NRRD_NAMES.get(name, name)
        if name in fields:
            return None
        fields[name] = value.strip()
        if name == "data file" and fields[name].upper().startswith("LIST"):
            following = [one.decode("utf-8", "replace").strip() for one in lines[number + 1 :]]
            return HeaderFields(fields, place, tuple(one for one in following if one))
    return HeaderFields(fields, min(place, len(head)))


def _metaimage(head: bytes) -> HeaderFields | None:
    fields: dict[str, str] = {}
    place = 0
    lines = head.split(b"\n")
    for number, line in enumerate(lines):
        place += len(line) + 1
        text = line.decode("latin-1").strip()
        if not text:
            continue
        # Its reader takes either sign, and goes on below where a line has none.
        found = re.fullmatch(r"([^=:\r\0]+)[=:]([^\r\0]*)", text)
        name = found[1].strip() if found else ""
        if not found or name in fields or (name != LAST_FIELD and name.lower() == LAST_FIELD.lower()):
            return None
        fields[name] = found[2].strip()
        if name == LAST_FIELD:
            following = []
            if fields[name].upper().startswith("LIST"):
                following = [one.decode("latin-1").strip() for one in lines[number + 1 :]]
            return HeaderFields(fields, place, tuple(one for one in following if one))
    return None
