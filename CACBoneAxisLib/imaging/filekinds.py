"""What a file or folder is that stands where something else is wanted, and what to do with it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from CACBoneAxisLib.imaging.findings import refusal

Role = Literal["image", "labels", "markups", "table", "settings"]
WANTED = {
    "image": "a CT (a DICOM folder, NRRD or NIfTI)",
    "labels": "a labelmap (NRRD, NIfTI, .seg.nrrd, a DICOM segmentation)",
    "markups": "Slicer markups (.mrk.json)",
    "table": "a table (CSV)",
    "settings": "settings (JSON or TOML)",
}
IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img")
NOT_THIS = "give the right file to the right option"
LOOKED_AT = 200
# First bytes, what they are of, and what to do.
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "zip archive", "unpack it and give the folder or file that was in it"),
    (b"PK\x05\x06", "zip archive", "unpack it and give the folder or file that was in it"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive", "unpack it and give the folder or file that was in it"),
    (b"Rar!", "rar archive", "unpack it and give the folder or file that was in it"),
    (b"%PDF", "PDF document", "give the data that it was made from"),
    (b"\xd0\xcf\x11\xe0", "Excel or Word document", "save the sheet as CSV (UTF-8)"),
    (b"\x89PNG", "PNG picture", "give the CT itself: a picture has no Hounsfield units and no places"),
    (b"\xff\xd8\xff", "JPEG picture", "give the CT itself: a picture has no Hounsfield units and no places"),
    (b"SQLite format 3", "database", "give the files that it lists"),
)


def kind_of(path: Path) -> tuple[str, str] | None:
    """Return what a file is in words and what to do with it, None where nothing is known of it."""
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except OSError:
        return None
    name = path.name.lower()
    for signature, words, advice in SIGNATURES:
        if start.startswith(signature):
            if words == "zip archive" and name.endswith(".mrb"):
                return "Slicer scene bundle", "open it in Slicer and save the volume, markups and segmentation as files"
            if words == "zip archive" and _is_sheet(path):
                return "Excel sheet", "save it as CSV (UTF-8)"
            return words, advice
    if name.endswith(".fcsv") or start.startswith(b"# Markups fiducial file"):
        return "point list in Slicer's old format (.fcsv)", "open it in Slicer and save it as .mrk.json"
    if name.endswith(".acsv"):
        return "annotation in Slicer's old format (.acsv)", "open it in Slicer and save it as .mrk.json"
    if name.endswith((".stl", ".obj", ".ply", ".vtp")):
        return "surface", "export the segmentation as a labelmap or .seg.nrrd"
    if name.endswith((".tar", ".tar.gz", ".tgz", ".gz")) and not name.endswith((".nii.gz", ".img.gz", ".hdr.gz")):
        return "compressed archive", "unpack it and give the folder or file that was in it"
    if name.endswith(".mrml") or start.lstrip().startswith(b"<MRML"):
        return "Slicer scene", "give the volume, markups and segmentation that it names"
    if start[128:132] == b"DICM" and not name.endswith((".nii", ".nrrd")):
        return "DICOM file", "export what it holds"
    return None


def refuse_other(path: Path, role: Role) -> None:
    """Refuse a file that is known to be something else than what is wanted."""
    found = kind_of(path)
    name = path.name.lower()
    if role in ("image", "labels"):
        if found is not None and found[0] == "DICOM file":
            found = None
        if name.endswith((".json", ".csv", ".txt", ".toml")):
            found = ("text file" if name.endswith(".txt") else f"{name.rsplit('.', 1)[1].upper()} file", NOT_THIS)
    elif path.is_dir():
        found = ("folder", "give the file in it")
    elif name.endswith(IMAGE_SUFFIXES):
        found = ("image", NOT_THIS)
    if found is not None:
        raise refusal("other-kind", file=path.name, kind=found[0], wanted=WANTED[role], advice=found[1])


def refuse_folder(folder: Path) -> None:
    """Refuse a folder given as a CT that holds no DICOM but something that is known."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    images = [path for path in files if path.name.lower().endswith(IMAGE_SUFFIXES)]
    for path in files[:LOOKED_AT]:
        found = kind_of(path)
        if found is not None and found[0] not in ("DICOM file", "PDF document"):
            raise refusal("folder-holds", folder=folder.name, kind=found[0], advice=found[1])
    if images:
        kind, advice = (
            "image file" if len(images) == 1 else f"{len(images)} image files",
            "give the file of the CT itself",
        )
        raise refusal("folder-holds", folder=folder.name, kind=kind, advice=advice)


def _is_sheet(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith(("xl/", "content.xml")) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError):
        return False
