"""Read labels as segmentation software writes them: labelmap, ``.seg.nrrd``, masks by class, DICOM SEG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.detached import content_files
from CACBoneAxisLib.imaging.dicom.slices import is_dicom
from CACBoneAxisLib.imaging.filekinds import refuse_other
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.headers import label_names
from CACBoneAxisLib.imaging.imagefile import StoredImage, read_stored
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.imaging.segfile import flattened, segments_of
from CACBoneAxisLib.imaging.segobject import is_segmentation, read_segmentation

MASK_SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".nhdr", ".mha", ".mhd")
# Foreground values of a mask; any other single number is a label of a scheme.
MASK_VALUES = (1, 255)
# TotalSegmentator's task of this name gives all bodies one number and all discs another.
ALL_BODIES = "vertebrae_body"

# What names a mask alone.
FILE_NAME = "the name of the file"

# Schemes whose software writes one mask per class.
BY_CLASS = ("totalsegmentator", "totalsegmentator-v1", "heartchambers")

Wanted = Callable[[str], bool]


def read_labels(paths: str | Path | Sequence[str | Path], wanted: Wanted = lambda name: False) -> LabelImage:
    """Read labels, named by segments, by the header, or by the file names of single masks.

    Parameters
    ----------
    paths : a labelmap, a ``.seg.nrrd``, a DICOM segmentation, a folder of masks named by class
        (``vertebrae_L1.nii.gz``, as TotalSegmentator writes them), or several such masks
    wanted : whether a class name (without suffix) is wanted; other masks are not read

    Raises
    ------
    UnusableInputError
        ``file-missing``, ``file-unreadable``, ``dimensions``, ``too-large``, ``labels-values`` when the
        values are not whole numbers from 0 to 65535, ``segments-unclear``, ``masks-none``, ``masks-several``,
        ``labels-grid`` when masks lie on different grids, ``mask-duplicate`` when two are of one class.
    """
    given = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
    if len(given) == 1 and given[0].is_dir():
        return _from_folder(given[0], wanted)
    if len(given) > 1:
        return _from_masks(given, "several files", wanted)
    path = given[0]
    if not path.exists():
        raise refusal("file-missing", file=path.name)
    if is_dicom(path):
        return read_segmentation(path)
    refuse_other(path, "labels")
    return _from_file(path, wanted)


def stem(path: Path) -> str:
    """Return a file's name without the suffix of its format."""
    name = path.name
    return next((name[: -len(end)] for end in MASK_SUFFIXES if name.lower().endswith(end)), path.stem)


def is_class_name(name: str) -> bool:
    """Return whether a file name (without suffix) is a class of software that writes one mask per class."""
    rows = load_table("label_schemes")["schemes"]
    return any(
        name in rows[key]["names"].values() for key in ("totalsegmentator", "totalsegmentator-v1", "heartchambers")
    )


def claimed_scheme(path: Path) -> str | None:
    """Return the scheme of ``data/label_schemes.json`` that file and folder names claim, or None."""
    text = f"{path.resolve().parent.name}/{path.name}".lower()
    schemes = load_table("label_schemes")["schemes"]
    found = [(len(word), name) for name, row in schemes.items() for word in row["file_words"] if word in text]
    return max(found)[1] if found else None


def _from_folder(folder: Path, wanted: Wanted) -> LabelImage:
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    objects = [path for path in files if is_dicom(path) and is_segmentation(path)]
    if len(objects) == 1:
        return read_segmentation(objects[0])
    masks = [path for path in files if path.name.lower().endswith(MASK_SUFFIXES)]
    named = [path for path in masks if wanted(stem(path))]
    if not named:
        if len(masks) == 1:
            return read_labels(masks[0], wanted)
        code = "masks-several" if objects else "masks-none"
        raise refusal(code, folder=folder.name, found=len(objects) or len(masks))
    return _from_masks(named, folder.name or folder.resolve().name, lambda name: True)


def _from_masks(paths: Sequence[Path], name: str, wanted: Wanted) -> LabelImage:
    """Merge several masks into one labelmap, each named by its file."""
    first: LabelImage | None = None
    labels: NDArray[np.integer] | None = None
    names: dict[int, str] = {}
    said: list[Finding] = []
    doubled = 0
    stems = [stem(path) for path in paths]
    for place, path in enumerate(paths, start=1):
        where = f"file {place} of {len(paths)}"
        if stem(path) in stems[: place - 1]:
            raise refusal("mask-duplicate", file=where, other=f"file {stems.index(stem(path)) + 1}")
        if not path.exists():
            raise refusal("file-missing", file=where)
        one = _from_file(path, lambda name: True)
        said += one.findings
        values = [int(v) for v in np.unique(one.labels) if v]
        if len(values) > 1:
            raise refusal("mask-values", file=where, values=len(values))
        if first is None or labels is None:
            first, labels = one, np.zeros(one.labels.shape, np.uint8 if len(paths) < 256 else np.uint16)
        elif one.geometry.shape != first.geometry.shape:
            raise refusal("labels-grid", file=where, why="it has another size than file 1")
        on_grid = replace(one, name=where).on_grid_of(first.geometry)
        if not values:
            continue
        if not wanted(stem(path)):
            raise refusal("mask-name", file=where)
        inside = on_grid.labels > 0
        doubled += int(np.count_nonzero(labels[inside]))
        labels[inside] = place
        names[place] = stem(path)
    if first is None or labels is None:
        raise refusal("masks-none", folder=name, found=0)
    if doubled:
        said.append(finding("masks-overlap", voxels=doubled))
    return LabelImage(
        labels,
        first.geometry,
        names,
        name,
        content_sha256([one for path in paths for one in content_files(path)]),
        named_by=FILE_NAME if len(names) == 1 else "the names of the files",
        findings=tuple(dict.fromkeys(said)),
    )


def _from_file(path: Path, wanted: Wanted) -> LabelImage:
    stored = read_stored(path, layers=True)
    array = stored.array
    layers = array.shape[-1] if array.ndim == 4 else 1
    segments = segments_of(stored.metadata, layers, path.name)
    if array.ndim == 4 and not segments:
        raise refusal("dimensions", file=path.name, dimensions=f"{layers} values per voxel")
    for layer in np.moveaxis(array, -1, 0) if array.ndim == 4 else [array]:
        _check_values(layer, path.name)
    if array.ndim == 4:
        labels, segments = flattened(array, segments)
    else:
        labels = _compact(array)
    names, named_by = {one.value: one.name for one in segments if one.value is not None}, "the names of the segments"
    said = list(stored.findings)
    present = {int(n) for n in np.flatnonzero(np.bincount(labels.ravel())) if n}
    empty = [str(place) for place, one in enumerate(segments, start=1) if one.value not in present]
    if empty:
        said.append(finding("segments-empty", places=", ".join(empty), count=len(segments)))
    if not names:
        names, named_by = _other_names(path, stored, present, wanted)
    excluded = {one.value: one.excluded for one in segments if one.excluded is not None and one.value is not None}
    view, geometry = to_axial(labels, stored.geometry)
    return LabelImage(
        view,
        geometry,
        names or None,
        path.name,
        content_sha256(content_files(path)),
        excluded,
        named_by if names else "",
        claimed_scheme(path),
        {one.value: one.codes for one in segments if one.codes and one.value is not None},
        tuple(said),
    )


def _other_names(path: Path, stored: StoredImage, present: set[int], wanted: Wanted) -> tuple[dict[int, str], str]:
    """Return names from the header extension, or for a mask from the file name."""
    names = {n: name for n, name in label_names(stored.extension).items() if n in present}
    if names:
        return names, "the names in the header's extension"
    if stem(path) == ALL_BODIES and wanted("vertebrae_L1"):
        raise refusal("labels-bodies", file=path.name)
    if len(present) == 1 and present <= set(MASK_VALUES) and wanted(stem(path)):
        return {present.pop(): stem(path)}, FILE_NAME
    return {}, ""


def _check_values(layer: NDArray, name: str) -> None:
    low, high = layer.min(), layer.max()
    whole = np.issubdtype(layer.dtype, np.integer) or all(np.array_equal(p, np.rint(p)) for p in layer)
    if not whole or not (low >= 0 and high <= np.iinfo(np.uint16).max):
        raise refusal("labels-values", file=name, smallest=f"{low:g}", largest=f"{high:g}")


def _compact(array: NDArray) -> NDArray[np.integer]:
    return array.astype(np.uint8 if array.max() <= np.iinfo(np.uint8).max else np.uint16, copy=False)
