"""A DICOM folder as one CT: the series, its slices in order, its values in HU."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom.acquisition import acquisition_from, header_findings
from CACBoneAxisLib.imaging.dicom.copies import check_patient
from CACBoneAxisLib.imaging.dicom.elements import image_type, text
from CACBoneAxisLib.imaging.dicom.files import DAMAGED, MISSING, OUTSIDE, UNKNOWN, Progress, words_of
from CACBoneAxisLib.imaging.dicom.interleaved import check_not_interleaved
from CACBoneAxisLib.imaging.dicom.mixed import check_rescale, one_scan
from CACBoneAxisLib.imaging.dicom.pixels import read_classic, read_enhanced
from CACBoneAxisLib.imaging.dicom.series import BESIDE, NO_PLACE, Found, Series, choose_series, find_series
from CACBoneAxisLib.imaging.dicom.slices import SliceHeader, is_multiframe, read_header, scan_header, slice_headers
from CACBoneAxisLib.imaging.dicom.spectral import spectral_image
from CACBoneAxisLib.imaging.dicom.stack import Stack, stack_slices
from CACBoneAxisLib.imaging.dicom.traits import trait
from CACBoneAxisLib.imaging.dicom.transfersyntax import PLAIN_SYNTAXES
from CACBoneAxisLib.imaging.findings import Finding, UnusableInputError, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.imagefile import LARGEST_VOXELS

# Rescale Type says the unit; US (unspecified) is what many scanners write for HU.
HOUNSFIELD_TYPES = {"", "HU", "HU_MOD", "US", "NORMALIZED"}
# The fourth Image Type value of an enhanced CT names a map when it is none of these.
PLAIN_CONTRASTS = {"", "NONE", "FILTERED", "MEDIAN", "MEAN", "MAXIMUM", "MINIMUM", "RESAMPLED"}
# Scanners reconstruct up to 2048 x 2048; larger headers are refused before memory is allocated.
LARGEST_PLANE = 4096 * 4096


@dataclass(frozen=True, eq=False)
class DicomVolume:
    """One series in the order of its normal: HU (int16, or float32 where fractional), grid, header facts.

    ``slices`` is the file and the frame in it of each slice.
    """

    array: NDArray
    geometry: ImageGeometry
    acquisition: Acquisition
    sha256: str
    findings: tuple[Finding, ...]
    slices: tuple[tuple[Path, int], ...] = ()


def read_dicom(path: Path, series: str | int | None = None, progress: Progress | None = None) -> DicomVolume:
    """Read one CT series of a folder, or the one that a single (multi-frame) file or a DICOMDIR leads to.

    Each file is read once: its header with pydicom, its pixels directly where they are stored
    plainly and with SimpleITK's GDCM where they are compressed, its hash beside that. The hash is
    SHA-256 over the sorted hashes of the series' files.

    Parameters
    ----------
    path : folder (with subfolders) or file; a file stands for itself, not for its folder
    series : number in the list, description or Series Instance UID; needed when there are several
    progress : called with what is being done and the fraction done

    Raises
    ------
    UnusableInputError
        As `find_series`, `choose_series` and `read_series` say.
    """
    found = find_series(path, progress)
    return read_series(choose_series(found.series, series, path.name), path.name, found, progress)


def read_series(
    chosen: Series, name: str, found: Found | None = None, progress: Progress | None = None, every: int = 1
) -> DicomVolume:
    """Read a series that `find_series` found, or every n-th slice of it.

    Raises
    ------
    UnusableInputError
        As `stack_slices` says; ``no-rescale``; ``not-hu``; ``too-large``;
        ``file-unreadable`` naming the damaged file; ``syntax-unsupported``.
    """
    _check_units(chosen, name)
    stack = stack_slices(chosen.slices, name)
    _check_size(stack, name)
    many = next((one for one in stack.slices if one.layout is not None and one.layout.frames > 1), None)
    if many is not None and not is_multiframe(chosen.header):
        claims = "its number of frames and its one place in the patient"
        raise refusal("header-disagrees", file=many.called, claims=claims)
    slices = stack.slices[every // 2 :: every]
    pixels, sha256 = (read_enhanced if is_multiframe(chosen.header) else read_classic)(slices, progress)
    check_rescale(slices, pixels.array, name)
    check_not_interleaved(pixels.array, name)
    acquisition, mixed = one_scan(acquisition_from(chosen.header, slices[0].frame), stack.slices)
    findings = [*header_findings(chosen.header, slices[0].frame), *mixed, *_about_pixels(chosen, slices)]
    if chosen.joined:
        findings.append(finding("series-joined", count=chosen.joined))
    if chosen.unplaced:
        findings.append(finding("slices-unplaced", count=chosen.unplaced))
    if chosen.shared:
        findings.append(finding("instances-shared", count=chosen.shared))
    if chosen.copies:
        findings.append(finding("duplicates-dropped", count=chosen.copies))
    if pixels.padded:
        findings.append(finding("padding-bright", count=pixels.padded))
    if found is not None and found.damaged:
        findings.append(finding("files-damaged", count=found.damaged))
    if found is not None and found.missing:
        findings.append(finding("files-missing", count=found.missing))
    if found is not None and found.outside:
        findings.append(finding("links-outside", count=found.outside))
    if found is not None:
        findings += _left_out(found, chosen)
    places = tuple((one.path, one.frame) for one in slices)
    return DicomVolume(pixels.array, stack.geometry, acquisition, sha256, tuple(findings), places)


def _left_out(found: Found, chosen: Series) -> list[Finding]:
    """Return findings that account for every file that is not in the volume."""
    said = []
    doubtful = Counter({kind: found.others[kind] for kind in (BESIDE, UNKNOWN) if found.others[kind]})
    if doubtful:
        said.append(finding("slices-left-out", count=doubtful.total(), what=words_of(doubtful)))
    # Of these there is a finding already.
    others = found.others - doubtful - Counter({NO_PLACE: chosen.unplaced})
    for kind in (DAMAGED, OUTSIDE, MISSING):
        del others[kind]
    other_series = [one for one in found.series if one.slices != chosen.slices]
    others["image of another series or part"] = sum(len(one.slices) + one.copies for one in other_series)
    others = +others
    if others:
        said.append(finding("files-left-out", count=others.total(), what=words_of(others)))
    return said


@lru_cache(maxsize=8)
def facts_of_files(paths: tuple[Path, ...]) -> tuple[Acquisition, tuple[Finding, ...]]:
    """Return what the headers of one volume's files say of the scan, and what they leave open or contradict.

    For an image whose voxels were read elsewhere; files that cannot be read are passed over.

    Raises
    ------
    UnusableInputError
        ``patients-mixed``; ``not-hu`` for a map of a material.
    """
    found = [(path, scan_header(path)) for path in paths]
    slices = [
        one
        for number, (path, scanned) in enumerate(found, 1)
        if scanned is not None
        for one in slice_headers(scanned[0], path, scanned[1], f"file {number} of {len(paths)}")
    ]
    header = read_header(slices[0].path) if slices else None
    if header is None:
        return Acquisition(), ()
    check_patient(slices, "the series")
    _check_map(header, slices, "the series")
    with suppress(UnusableInputError):
        slices = list(stack_slices(slices, "").slices)
    acquisition, mixed = one_scan(acquisition_from(header, slices[0].frame), slices)
    return acquisition, (*header_findings(header, slices[0].frame), *mixed)


def _about_pixels(chosen: Series, slices: tuple[SliceHeader, ...]) -> list[Finding]:
    with warnings.catch_warnings():
        # Remarks on the spelling of values say nothing to a reader of the scan.
        warnings.simplefilter("ignore")
        lossy = text(chosen.header, "LossyImageCompression") == "01"
    if lossy or any(trait(one.traits, "lossy compression") for one in slices):
        return [finding("lossy-compression")]
    return []


def _check_size(stack: Stack, name: str) -> None:
    """Refuse implausible sizes and truncated files before allocating memory."""
    shape = stack.geometry.shape
    if prod(shape) > LARGEST_VOXELS or prod(shape[1:]) > LARGEST_PLANE:
        size = " x ".join(map(str, reversed(shape)))
        raise refusal("too-large", file=name, size=size, limit=LARGEST_VOXELS)
    last = {one.path: max(one.frame, 0) for one in sorted(stack.slices, key=lambda one: one.frame)}
    for one in stack.slices:
        layout = one.layout
        if one.frame != last[one.path] or layout is None or layout.syntax not in PLAIN_SYNTAXES or layout.start is None:
            continue
        claimed = (one.frame + 1) * one.rows * one.columns * layout.bits_allocated // 8
        if layout.start + claimed > one.path.stat().st_size or layout.frames <= one.frame:
            raise refusal("file-unreadable", file=one.called)
        _check_length(one)


def _check_length(one: SliceHeader) -> None:
    """Refuse pixels of another number than rows, columns and frames make."""
    layout = one.layout
    if layout is None or layout.length is None or layout.bits_allocated % 8:
        return
    whole = layout.frames * one.rows * one.columns * layout.bits_allocated // 8
    # A value of odd length is padded by a byte.
    if layout.length not in (whole, whole + whole % 2):
        claims = "its rows, columns and frames, and the length of its pixels"
        raise refusal("header-disagrees", file=one.called, claims=claims)


def _check_units(series: Series, name: str) -> None:
    missing = [word for word, key in (("Rescale Slope", "slope"), ("Rescale Intercept", "intercept"))
               if any(getattr(one, key) is None for one in series.slices)]  # fmt: skip
    if missing or any(one.slope == 0 for one in series.slices):
        raise refusal("no-rescale", file=name, elements=" and ".join(missing) or "Rescale Slope")
    units = {one.unit for one in series.slices} - HOUNSFIELD_TYPES
    if units:
        raise refusal("not-hu", file=name, why=f"the header gives its unit as {min(units)}")
    _check_map(series.header, series.slices, name)


def _check_map(header: Any, slices: Sequence[SliceHeader], name: str) -> None:
    """Refuse an image that shows a material, or something else that was made of a scan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        types = {trait(one.traits, "image type") for one in slices} if is_multiframe(header) else set()
        shown = spectral_image(header, " ".join(types))
        values = image_type(header)
    if shown is None and is_multiframe(header) and len(values) > 3 and values[3].upper() not in PLAIN_CONTRASTS:
        raise refusal("not-hu", file=name, why=f"it is a map made from a scan ({values[3]})")
    if shown is not None and shown.kind == "map":
        raise refusal("not-hu", file=name, why=f"it is a {shown.words}, as {shown.by} says")
