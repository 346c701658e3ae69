"""Read one image file (NRRD, NIfTI, MetaImage or another SimpleITK format) as voxels and geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - as its users write it
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.detached import can_hold, data_files
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing
from CACBoneAxisLib.imaging.headers import HeaderClaims, check_header, header_claims
from CACBoneAxisLib.imaging.integrity import is_intact
from CACBoneAxisLib.imaging.quiet import quiet_libraries

# 4 GiB as int16: 1024 x 1024 x 2048, more than any scanner reconstructs for a chest.
LARGEST_VOXELS = 2**31
# Cosines nearer to 0 or 1 than this are 0 or 1 (NIfTI keeps seven digits): 5 um over 500 mm.
COSINE_NOISE = 1e-5
# Axes of a grid are at right angles; 1e-3 is 0.06 degrees.
RIGHT_ANGLE_TOLERANCE = 1e-3
# The smallest pixel of a clinical scanner is about 0.1 mm (a field of 50 mm), the thinnest slice 0.2 mm.
SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.09, 100.0
FORMATS = {
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
}


@dataclass(frozen=True, eq=False)
class StoredImage:
    """An image file as stored: axis order and values unchanged.

    Parameters
    ----------
    array : (z, y, x) or, with several values a voxel, (z, y, x, values); read-only, in SimpleITK's memory
    geometry : LPS mm
    metadata : the file's own key-value pairs
    findings : what the file leaves open
    extension : text of a NIfTI header's extensions
    """

    array: NDArray
    geometry: ImageGeometry
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    extension: str = ""


class _Held:
    """Lends an image's memory to numpy and keeps the image alive while an array uses it."""

    def __init__(self, image: Any) -> None:
        self._image = image
        self.__array_interface__ = dict(sitk.GetArrayViewFromImage(image).__array_interface__)


def image_array(image: Any) -> NDArray:
    """Return the memory of a SimpleITK image as a read-only array (z, y, x) that keeps the image alive."""
    return np.asarray(_Held(image))


def format_name(path: Path) -> str:
    """Return the display name of a file's format, from its suffix."""
    name = path.name.lower()
    return next((label for suffix, label in FORMATS.items() if name.endswith(suffix)), path.suffix.lstrip(".").upper())


def read_stored(path: Path, *, layers: bool = False) -> StoredImage:
    """Read one image file in its stored axis order.

    Parameters
    ----------
    path : the file
    layers : accept several values a voxel (segmentations with overlapping segments)

    Raises
    ------
    UnusableInputError
        ``file-missing``, ``file-unreadable`` (unknown, truncated or damaged), ``file-shadowed``,
        ``outside-folder``, ``dimensions``, ``too-large``, ``not-orthogonal``, ``spacing-implausible``,
        ``spacing-missing``, ``length-unit``, or ``header-disagrees`` when the header says a thing twice, differently.
    """
    if not path.exists():
        raise refusal("file-missing", file=path.name)
    if path.name.lower().endswith(".nii.gz") and path.with_suffix("").exists():
        raise refusal("file-shadowed", file=path.name)
    beside = data_files(path)
    check_header(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with quiet_libraries():
            reader.ReadImageInformation()
        size = _checked_size(reader, path.name, layers)
        value_bytes = sitk.Image([1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()
        if not can_hold(path, beside, prod(size) * reader.GetNumberOfComponents() * value_bytes):
            raise refusal("file-unreadable", file=path.name)
        if len(size) == 4:
            reader.SetExtractSize([*size[:3], 0])
        claims = header_claims(path)
        with quiet_libraries() as heard:
            image = reader.Execute()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise refusal("not-orthogonal", file=path.name) from None
        raise refusal("file-unreadable", file=path.name) from None
    except MemoryError:
        raise refusal("file-unreadable", file=path.name) from None
    array = image_array(image)
    if not is_intact(path, array, beside):
        raise refusal("file-unreadable", file=path.name)
    # Keys that are not valid text cannot be queried.
    keys = [key for key in image.GetMetaDataKeys() if _text(key) == key]
    metadata = {key: _text(image.GetMetaData(key)) for key in keys}
    geometry = _geometry(image, path.name, claims)
    claims.check(geometry, path.name)
    findings = [] if claims.says_orientation else [finding("orientation-assumed")]
    if claims.intercept:
        array = array - np.float32(claims.intercept)
        findings.append(finding("scale-zero", intercept=f"{claims.intercept:g}"))
    for warning in heard.warnings:
        if "deprecated" not in warning:
            said = warning.replace(str(path), "the file").replace(path.name, "the file")
            findings.append(finding("reader-warning", said=said.rstrip(".")))
    return StoredImage(array, geometry, metadata, tuple(findings), claims.extension)


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8", "replace")


def _checked_size(reader: Any, name: str, layers: bool) -> tuple[int, ...]:
    size = tuple(int(n) for n in reader.GetSize())
    if not (len(size) == 3 or (len(size) == 4 and size[3] == 1)):
        raise refusal("dimensions", file=name, dimensions=f"{len(size)} dimensions")
    components = int(reader.GetNumberOfComponents())
    if components > 1 and not layers:
        raise refusal("dimensions", file=name, dimensions=f"{components} values per voxel")
    voxels = 1
    for n in size:
        voxels *= n
    if voxels * components > LARGEST_VOXELS:
        raise refusal("too-large", file=name, size=" x ".join(map(str, size)), limit=LARGEST_VOXELS)
    return size


def check_spacing(spacing_mm: Sequence[float], name: str) -> None:
    """Refuse voxel spacings (x, y, z, mm) that no clinical CT has: another unit, or damaged."""
    smallest, largest = min(spacing_mm), max(spacing_mm)
    if not (np.all(np.isfinite(spacing_mm)) and smallest >= SMALLEST_SPACING_MM and largest <= LARGEST_SPACING_MM):
        raise refusal("spacing-implausible", file=name, spacing=" x ".join(f"{s:.6g}" for s in spacing_mm))


def _geometry(image: Any, name: str, claims: HeaderClaims) -> ImageGeometry:
    spacing = [s * claims.unit_mm for s in image.GetSpacing()]
    origin = [o * claims.unit_mm for o in image.GetOrigin()]
    direction = np.asarray(image.GetDirection()).reshape(3, 3)
    check_spacing(spacing, name)
    if not np.all(np.isfinite([*origin, *direction.ravel()])):
        raise refusal("header-damaged", file=name)
    if not np.allclose(direction.T @ direction, np.eye(3), atol=RIGHT_ANGLE_TOLERANCE):
        raise refusal("not-orthogonal", file=name)
    x, y, z = image.GetSize()
    return ImageGeometry(
        shape=(z, y, x),
        spacing_mm=tuple(round_spacing(s) for s in spacing),  # type: ignore[arg-type]
        origin_mm=tuple(float(o) for o in origin),  # type: ignore[arg-type]
        direction=clean_direction(direction),
    )


def clean_direction(direction: NDArray) -> tuple[tuple[float, float, float], ...]:
    """Return direction cosines (3, 3) as rows, those within ``COSINE_NOISE`` of 0, 1 or -1 set to it."""
    nearest = np.rint(direction)
    clean = np.where(np.abs(direction - nearest) <= COSINE_NOISE, nearest, direction) + 0.0
    return tuple((float(r[0]), float(r[1]), float(r[2])) for r in clean)
