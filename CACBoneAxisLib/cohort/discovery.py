"""Find the studies below a folder for ``make-manifest``: CTs with Slicer files, and DICOM folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from CACBoneAxisLib.bone.numbering import is_level
from CACBoneAxisLib.calcium.heartlabels import CHAMBERS, part_of
from CACBoneAxisLib.imaging.dicom.slices import is_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labelfiles import is_class_name, stem
from CACBoneAxisLib.imaging.markups import PointList, read_markups

IMAGE_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
MARKUPS_SUFFIX = ".mrk.json"
# Words in the names of labelmaps of vertebrae, as opposed to CTs.
LABEL_WORDS = ("vertebra", "label", "mask", "seg")
SETTINGS_NAMES = ("settings.json", "settings.toml")

Progress = Callable[[str, float], None]


def find_studies(
    folder: Path, base: Path, progress: Progress | None = None, series: str | None = None
) -> list[dict[str, str]]:
    """Return one manifest row per study found below a folder.

    Each image file is a study; markups, labelmap and settings beside a single image belong
    to it. A folder of DICOM files is a study. Studies are numbered ``s0001`` and so on in
    path order, because folder names are often patient names.

    Parameters
    ----------
    folder : searched recursively
    base : paths are written relative to it
    progress : called with a message
    series : value of the column ``series`` for DICOM folders
    """
    rows: list[dict[str, str]] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        names = sorted(name for name in files if not name.startswith("."))
        if progress is not None:
            progress(f"{len(rows)} studies found", 0.0)
        for row in _studies_in(here, names, _mask_folders(here, folders)):
            cells = {column: ";".join(_relative(path, base) for path in paths) for column, paths in row.items()}
            if series is not None and row["image"] == [here]:
                cells["series"] = series
            rows.append({"study_id": f"s{len(rows) + 1:04d}", **cells})
    return rows


def _studies_in(folder: Path, names: list[str], beside: dict[str, list[Path]]) -> Iterable[dict[str, list[Path]]]:
    images = [name for name in names if name.lower().endswith(IMAGE_SUFFIXES)]
    masks = [name for name in images if is_class_name(stem(Path(name)))]
    labels = [name for name in images if name not in masks and any(word in name.lower() for word in LABEL_WORDS)]
    scans = [name for name in images if name not in labels and name not in masks]
    beside = dict(beside)
    for name in names:
        if name.endswith(MARKUPS_SUFFIX):
            kind = _markups_kind(folder / name)
            if kind:
                beside.setdefault(kind, []).append(folder / name)
    if len(labels) == 1:
        beside["vertebrae"] = [folder / labels[0]]
    for column, wanted in (("vertebrae", is_level), ("heart", _is_heart)):
        found = [folder / name for name in masks if wanted(stem(Path(name)))]
        if found:
            beside.setdefault(column, found)
    for name in SETTINGS_NAMES:
        if name in names:
            beside["settings"] = [folder / name]
    if scans:
        for name in scans:
            yield {"image": [folder / name], **(beside if len(scans) == 1 else {})}
    elif any(is_dicom(folder / name) for name in names):
        yield {"image": [folder], **beside}


def _is_heart(name: str) -> bool:
    return part_of(name) in ("heart", *CHAMBERS)


def _mask_folders(folder: Path, folders: list[str]) -> dict[str, list[Path]]:
    """Return by column the subfolders of masks of single classes, and take them from the list to be walked."""
    found: dict[str, list[Path]] = {}
    for name in list(folders):
        stems = [stem(path) for path in (folder / name).iterdir() if path.name.lower().endswith(IMAGE_SUFFIXES)]
        if not stems or not all(is_class_name(one) for one in stems):
            continue
        folders.remove(name)
        for column, wanted in (("vertebrae", is_level), ("heart", _is_heart)):
            if any(wanted(one) for one in stems):
                found.setdefault(column, [folder / name])
    return found


def _markups_kind(path: Path) -> str | None:
    """Return ``seeds`` or ``rois`` for a markups file; None where it holds neither or both."""
    try:
        markups = read_markups(path)
    except UnusableInputError:
        return None
    kinds = {"seeds" if isinstance(markup, PointList) else "regions" for markup in markups}
    return kinds.pop() if len(kinds) == 1 else None


def _relative(path: Path, base: Path) -> str:
    """Return a path relative to a folder, with forward slashes."""
    return Path(os.path.relpath(path.resolve(), base)).as_posix()
