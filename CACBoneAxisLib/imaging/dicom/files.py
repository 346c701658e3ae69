"""Find the CT slices of a DICOM folder and classify its other files, reading headers only."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.dicom.elements import first, image_type, items, number, text
from CACBoneAxisLib.imaging.dicom.slices import (
    SliceHeader,
    is_dicom,
    is_multiframe,
    read_header,
    scan_header,
    slice_headers,
)
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal

CT_CLASSES = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
# Words and full values of Image Type for pictures that are not slices of a volume.
LOCALIZER_WORDS = {"LOCALIZER", "SCOUT", "TOPOGRAM", "SCANOGRAM", "SURVIEW"}
CAPTURE_WORDS = {"SCREENSHOT"}
DOSE_VALUES = {"DOSE", "DOSE_INFO", "DOSE INFO"}
CAPTURE_VALUES = {"SCREEN SAVE", "SCREEN_SAVE", "SCREEN CAPTURE"}
DICOM_SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
# Objects of other modalities, as a folder lists them; any other word may be anything.
MODALITIES = {
    *("CR", "DOC", "DX", "ECG", "ES", "IO", "IVUS", "KO", "MG", "MR", "NM", "OCT", "OT", "PR", "PT", "PX", "REG", "RF"),
    *("RG", "RTDOSE", "RTIMAGE", "RTPLAN", "RTRECORD", "RTSTRUCT", "RWV", "SC", "SEG", "SM", "SR", "US", "XA", "XC"),
}
DAMAGED = "file that cannot be read"
UNKNOWN = "object of unknown kind"
OUTSIDE = "link that leads out of the folder"
NOT_DICOM = "file that is not DICOM"
MISSING = "file that the DICOMDIR lists and that is not there"
Progress = Callable[[str, float], None]
Slices = tuple[Any, list[SliceHeader]]


@dataclass(frozen=True, eq=False)
class Scanned:
    """Slices of a folder by series, and counts of other files by kind."""

    groups: dict[tuple[Any, ...], list[Slices]]
    others: Counter[str]


def scan_files(place: Path, progress: Progress | None = None) -> Scanned:
    """Scan a file, a folder with its subfolders, or the files listed in a DICOMDIR.

    Localizers, dose sheets, screen captures, other modalities, damaged files and files that
    are not DICOM are counted; links that lead out of the folder are not followed. A file
    counts as damaged if it is named ``.dcm`` but is not DICOM, or is empty.

    Raises
    ------
    UnusableInputError
        ``file-unreadable`` when a CT file ends inside its header; ``outside-folder`` when a
        DICOMDIR lists a file that is not below it.
    """
    others: Counter[str] = Counter()
    groups: dict[tuple[Any, ...], list[Slices]] = {}
    paths = _paths(place, others)
    unread: list[Path] = []
    for done, path in enumerate(paths):
        if progress is not None and done % 25 == 0:
            progress("Reading headers", done / len(paths))
        # A file in a folder is referred to by its position: its name may be the patient's.
        called = path.name if path == place else f"file {done + 1} of {len(paths)}"
        found = scan_header(path)
        if found is None:
            unread.append(path)
            continue
        header, layout = found
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reason = _no_slice(header, called)
                if reason is not None:
                    others[reason] += 1
                    continue
                key, slices = _series_key(header, path), slice_headers(header, path, layout, called)
        except UnusableInputError:
            raise
        except Exception:  # pydicom raises whatever the damage leads to
            raise refusal("file-unreadable", file=called) from None
        groups.setdefault(key, []).append((header, slices))
    alike = {_pattern(one.path) for members in groups.values() for _, slices in members for one in slices}
    for path in unread:
        named = path.name.lower().endswith(DICOM_SUFFIXES) or _pattern(path) in alike
        others[DAMAGED if named or path.stat().st_size == 0 or is_dicom(path) else NOT_DICOM] += 1
    return Scanned(groups, others)


def words_of(others: Counter[str]) -> str:
    """Describe the other files in words: ``2 x MR object, localizer``."""
    return ", ".join(f"{count} x {kind}" if count > 1 else kind for kind, count in sorted(others.items()))


def _pattern(path: Path) -> str:
    """Return a file's name without its numbers."""
    return re.sub(r"\d+", "#", path.name)


def _paths(place: Path, others: Counter[str]) -> list[Path]:
    if not place.is_file():
        return list(_files(place, others))
    if place.name.upper() == "DICOMDIR":
        return _listed(place, others)
    return [place]


def _files(folder: Path, others: Counter[str]) -> Iterator[Path]:
    root = folder.resolve()
    for directory, subfolders, names in os.walk(folder):
        subfolders.sort()
        here = Path(directory)
        # os.walk does not follow linked folders.
        if outside := sum(_leads_out(here / name, root) for name in subfolders):
            others[OUTSIDE] += outside
        for name in sorted(names):
            path = here / name
            # macOS leaves a "._name" beside every file it copies.
            if name.startswith("."):
                continue
            if _leads_out(path, root):
                others[OUTSIDE] += 1
            elif name == "DICOMDIR":
                # Only for what is missing: the files are found without it, whatever it is worth.
                with suppress(UnusableInputError):
                    _listed(path, others)
            elif path.is_file():
                yield path


def _leads_out(path: Path, root: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(root)


def _listed(directory: Path, others: Counter[str]) -> list[Path]:
    """Return the existing files listed in a DICOMDIR; missing ones are counted."""
    header = read_header(directory)
    records = items(header, "DirectoryRecordSequence")
    if not len(records):
        raise refusal("file-unreadable", file=directory.name)
    root = directory.parent.resolve()
    paths = set()
    for record in records:
        value = record.get("ReferencedFileID")
        if not value:
            continue
        listed = [value] if isinstance(value, str) else [str(part) for part in value]
        parts = [part for whole in listed for part in whole.split("\\")]
        try:
            inside = directory.parent.joinpath(*parts).resolve().is_relative_to(root)
            path = _found(directory.parent, parts) if inside else None
        except (OSError, ValueError):
            inside, path = False, None
        if not inside:
            raise refusal("outside-folder", file=directory.name)
        if path is None:
            others[MISSING] += 1
        else:
            paths.add(path)
    return sorted(paths)


def _found(folder: Path, parts: list[str]) -> Path | None:
    """Return the file that a DICOMDIR entry refers to: copying changes case and adds ``.dcm`` or ``;1``."""
    exact = folder.joinpath(*parts)
    if exact.is_file():
        return exact
    for place, part in enumerate(parts, 1):
        last = place == len(parts)
        alike = [own for own in _names(folder) if _bare(own, last) == _bare(part, last)]
        if len(alike) != 1:
            return None
        folder = folder / alike[0]
    return folder if folder.is_file() and not _leads_out(folder, exact.parents[len(parts) - 1].resolve()) else None


@lru_cache(maxsize=64)
def _names(folder: Path) -> tuple[str, ...]:
    return tuple(one.name for one in folder.iterdir()) if folder.is_dir() else ()


def _bare(name: str, is_file: bool) -> str:
    """Normalise a file name for what copying changes."""
    bare = name.casefold().split(";")[0].rstrip(".")
    suffix = next((one for one in DICOM_SUFFIXES if is_file and bare.endswith(one)), "")
    return bare.removesuffix(suffix)


def _no_slice(header: Any, called: str) -> str | None:
    """Return the kind of a file that holds no CT slices; None for slices."""
    modality = text(header, "Modality").upper()
    sop_class = text(header, "SOPClassUID")
    if sop_class == DIRECTORY_CLASS or text(header.get("file_meta"), "MediaStorageSOPClassUID") == DIRECTORY_CLASS:
        return "DICOMDIR"
    if modality not in ("CT", "") or (modality == "" and sop_class not in CT_CLASSES):
        return f"{modality} object" if modality in MODALITIES else UNKNOWN
    if sop_class and sop_class not in CT_CLASSES:
        return "screen capture or other derived object"
    if not number(header, "Rows") or not number(header, "Columns"):
        if sop_class in CT_CLASSES:
            raise refusal("file-unreadable", file=called)
        return "object without pixels"
    if int(number(header, "SamplesPerPixel") or 1) != 1 or "PALETTE" in text(header, "PhotometricInterpretation"):
        return "screen capture or other derived object"
    values = {value.upper() for value in image_type(header)}
    words = {word for value in values for word in value.replace("_", " ").split()}
    if words & LOCALIZER_WORDS:
        return "localizer"
    if values & DOSE_VALUES:
        return "dose sheet"
    return "screen capture or other derived object" if values & CAPTURE_VALUES or words & CAPTURE_WORDS else None


def _series_key(header: Any, path: Path) -> tuple[Any, ...]:
    uid = text(header, "SeriesInstanceUID")
    # Each enhanced file is a volume of its own, whatever series it shares, unless it is part of a concatenation.
    enhanced = (text(header, "ConcatenationUID") or str(path)) if is_multiframe(header) else ""
    if uid:
        return uid, enhanced
    shared = first(header, "SharedFunctionalGroupsSequence")
    kernel = text(header, "ConvolutionKernel") or text(first(shared, "CTReconstructionSequence"), "ConvolutionKernel")
    return "", enhanced, text(header, "SeriesNumber"), text(header, "SeriesDescription"), kernel
