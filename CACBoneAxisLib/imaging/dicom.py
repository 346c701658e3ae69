"""A DICOM folder as one CT: the series, its slices in order, its values in HU."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - as its users write it
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicomacquisition import acquisition_from
from CACBoneAxisLib.imaging.dicomelements import image_type, text
from CACBoneAxisLib.imaging.dicomfiles import Progress, Series, SliceHeader, find_series, is_enhanced
from CACBoneAxisLib.imaging.dicomstack import Stack, increment_mm, stack_slices
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.hounsfield import INT16, WHOLE_NUMBER_TOLERANCE_HU
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.quiet import quiet_libraries
from CACBoneAxisLib.imaging.stored import LARGEST_VOXELS, image_array

# Rescale Type says the unit; US (unspecified) is what many scanners write for HU.
HOUNSFIELD_TYPES = {"", "HU", "HU_MOD", "US", "NORMALIZED"}
# The fourth Image Type value of an enhanced CT names a map when it is none of these.
PLAIN_CONTRASTS = {"", "NONE", "FILTERED", "MEDIAN", "MEAN", "MAXIMUM", "MINIMUM", "RESAMPLED"}


@dataclass(frozen=True, eq=False)
class DicomVolume:
    """One series in the order of its normal: HU (int16, or float32 where fractional), grid, header facts."""

    array: NDArray
    geometry: ImageGeometry
    acquisition: Acquisition
    sha256: str
    findings: tuple[Finding, ...]


def read_dicom(path: Path, series: str | int | None = None, progress: Progress | None = None) -> DicomVolume:
    """Read one CT series of a folder, or the one that a single (multi-frame) file holds.

    Headers are read with pydicom, pixels with SimpleITK's GDCM, file by file straight into
    the volume. The hash is SHA-256 over the sorted hashes of the series' files.

    Parameters
    ----------
    path : folder (with subfolders) or file; a file stands for itself, not for its folder
    series : number in the list, description or Series Instance UID; needed when there are several
    progress : called with what is being done and the fraction done

    Raises
    ------
    UnusableInputError
        As `find_series`, `choose_series` and `stack_slices` say; ``no-rescale``; ``not-hu``;
        ``too-large``; ``file-unreadable`` naming the damaged file.
    """
    found, damaged = find_series(path, progress)
    chosen = choose_series(found, series, path.name)
    _check_units(chosen, path.name)
    stack = stack_slices(chosen.slices, path.name)
    voxels = int(np.prod(stack.geometry.shape, dtype=np.int64))
    if voxels > LARGEST_VOXELS:
        size = " x ".join(map(str, reversed(stack.geometry.shape)))
        raise refusal("too-large", file=path.name, size=size, limit=LARGEST_VOXELS)
    with ThreadPoolExecutor(1) as pool:
        digest: Future[str] = pool.submit(content_sha256, sorted({one.path for one in stack.slices}))
        array = _enhanced_pixels(stack) if is_enhanced(chosen.header) else _classic_pixels(stack, progress)
        sha256 = digest.result()
    findings = list(stack.findings)
    if damaged:
        findings.append(finding("files-damaged", count=damaged))
    return DicomVolume(array, stack.geometry, acquisition_from(chosen.header), sha256, tuple(findings))


def series_numbers(found: Sequence[Series]) -> list[int]:
    """Return the numbers by which series are chosen: Series Number where each has its own, else 1, 2, ..."""
    own = [one.series_number for one in found]
    numbers = [number for number in own if number is not None]
    return numbers if len(set(numbers)) == len(found) else list(range(1, len(found) + 1))


def choose_series(found: Sequence[Series], series: str | int | None, name: str) -> Series:
    """Return the series asked for, or the only one.

    Raises
    ------
    UnusableInputError
        ``several-series`` with their list, ``series-unknown``.
    """
    numbers = series_numbers(found)
    if series is None:
        if len(found) == 1:
            return found[0]
        lines = [_line(number, one) for number, one in zip(numbers, found, strict=True)]
        raise refusal("several-series", file=name, count=len(found), table="\n".join(lines))
    wanted = str(series).strip()
    for matches in (
        [one for number, one in zip(numbers, found, strict=True) if str(number) == wanted],
        [one for one in found if one.uid and one.uid == wanted],
        [one for one in found if one.description and one.description.casefold() == wanted.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    known = ", ".join(
        f"{n} ({s.description})" if s.description else str(n) for n, s in zip(numbers, found, strict=True)
    )
    raise refusal("series-unknown", file=name, series=wanted, known=known)


def _line(number: int, one: Series) -> str:
    increment = increment_mm(one.slices)
    parts = [
        one.description or "no description",
        f"{len(one.slices)} slice{'s' if len(one.slices) > 1 else ''}",
        "no increment" if increment is None else f"increment {increment:g} mm",
        f"kernel {one.kernel or 'not stated'}",
    ]
    return f"  {number:>4}  {', '.join(parts)}"


def _check_units(series: Series, name: str) -> None:
    if any(one.slope is None or one.intercept is None or one.slope == 0 for one in series.slices):
        raise refusal("no-rescale", file=name)
    unit = text(series.header, "RescaleType").upper()
    if unit not in HOUNSFIELD_TYPES:
        raise refusal("not-hu", file=name, why=f"the header gives its unit as {unit}")
    values = image_type(series.header)
    if is_enhanced(series.header) and len(values) > 3 and values[3].upper() not in PLAIN_CONTRASTS:
        raise refusal("not-hu", file=name, why=f"it is a map made from a scan ({values[3]})")


def _gdcm_reader() -> Any:
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    return reader


def _read_pixels(path: Path, reader: Any) -> NDArray:
    """Return a file's rescaled pixels (frames, rows, columns)."""
    reader.SetFileName(str(path))
    try:
        with quiet_libraries():
            image = reader.Execute()
    except RuntimeError:
        raise refusal("file-unreadable", file=path.name) from None
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise refusal("file-unreadable", file=path.name)
    array = image_array(image)
    return array.reshape(-1, *array.shape[-2:])


def _classic_pixels(stack: Stack, progress: Progress | None) -> NDArray:
    volume = np.empty(stack.geometry.shape, dtype=np.int16)
    reader = _gdcm_reader()
    for index, one in enumerate(stack.slices):
        if progress is not None and index % 10 == 0:
            progress("Reading slices", index / len(stack.slices))
        pixels = _slice_values(one, stack.geometry, reader)
        if pixels.dtype != np.int16 and volume.dtype == np.int16:
            volume = volume.astype(np.float32)
        volume[index] = pixels
    return volume


def _slice_values(one: SliceHeader, geometry: ImageGeometry, reader: Any) -> NDArray:
    pixels = _read_pixels(one.path, reader)
    if pixels.shape != (1, *geometry.shape[1:]):
        raise refusal("file-unreadable", file=one.path.name)
    return _compact(pixels[0], one.path)


def _compact(pixels: NDArray, path: Path) -> NDArray:
    """Return values as int16 where they are whole numbers, else as float32."""
    if pixels.dtype == np.int16:
        return pixels
    if pixels.max() > INT16.max:
        raise refusal("not-hu", file=path.name, why=f"a value is {pixels.max():g}")
    if pixels.min() < INT16.min:
        # Padding outside the scan field may be rescaled below what int16 holds.
        pixels = np.maximum(pixels, pixels.dtype.type(INT16.min))
    if np.issubdtype(pixels.dtype, np.integer):
        return pixels.astype(np.int16)
    whole = np.rint(pixels)
    if np.all(np.abs(pixels - whole) <= WHOLE_NUMBER_TOLERANCE_HU):
        return whole.astype(np.int16)
    return pixels.astype(np.float32)


def _enhanced_pixels(stack: Stack) -> NDArray:
    path = stack.slices[0].path
    if len({(one.slope, one.intercept) for one in stack.slices}) > 1:
        raise refusal("enhanced-rescale", file=path.name)
    pixels = _compact(_read_pixels(path, _gdcm_reader()), path)
    frames = np.array([one.frame for one in stack.slices])
    if frames.max() >= len(pixels) or pixels.shape[1:] != stack.geometry.shape[1:]:
        raise refusal("file-unreadable", file=path.name)
    steps = set(np.diff(frames).tolist())
    if len(frames) == len(pixels) and steps == {1}:
        return pixels
    if len(frames) == len(pixels) and steps == {-1}:
        return pixels[::-1]
    return pixels[frames]
