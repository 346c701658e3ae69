"""Check the claims of an image file's header: lengths, axes, scale, and contradictions among them.

ITK silently picks one of several claims, and a default where there is none. Here the header is
read again: redundant fields must agree, and missing ones are not assumed.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import RAS_LPS, ImageGeometry
from CACBoneAxisLib.imaging.headerfields import HEADER_BYTES, METAIMAGE_SUFFIXES, NRRD_SUFFIXES, header_fields

# NIfTI-1 and Analyze; ITK reads no NIfTI-2.
HEADER_LENGTH = 348
# Relative tolerance of a length given twice: single precision keeps seven digits, converters round to five.
SAME_LENGTH = 1e-4
# Two placements of one grid may be so far apart at a corner: of a voxel, and of the grid's diagonal, because a
# quaternion in single precision turns by up to 3e-4.
SAME_VOXEL, SAME_TURN = 0.5, 5e-4
UNITS_MM = {
    **dict.fromkeys(("", "mm", "millimeter", "millimetre", "millimeters", "millimetres"), 1.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometre", "micrometers"), 1e-3),
    **dict.fromkeys(("cm", "centimeter", "centimetre", "centimeters"), 10.0),
    **dict.fromkeys(("m", "meter", "metre", "meters"), 1000.0),
}
NIFTI_SUFFIXES = (".nii", ".nii.gz", ".hdr", ".img", ".img.gz", ".nia")
SAYING_SUFFIXES = (".h5", ".hdf5", ".mnc", ".mgh", ".mgz")
# Of a MetaImage: fields with one whole number and their defaults, and those with one for each dimension or pair.
COUNTS = {"NDims": "", "ElementNumberOfChannels": "1", "HeaderSize": "0"}
MATRICES = ("TransformMatrix", "Rotation", "Orientation")
LENGTHS = ("DimSize", "ElementSpacing", "ElementSize", "Offset", "Position", "Origin", "CenterOfRotation")
MOST_DIMENSIONS, MOST_CHANNELS = 5, 4096
NIFTI_UNITS_MM = {1: 1000.0, 2: 1.0, 3: 1e-3}


@dataclass(frozen=True, eq=False)
class HeaderClaims:
    """Header claims beyond what ITK reports.

    Parameters
    ----------
    unit_mm : factor from ITK's lengths to mm
    says_orientation : False where the axis directions are only a default
    intercept : added by ITK to every value although the header says nothing is scaled
    affine : from indices (x, y, z, 1) to LPS mm according to the header; None where only ITK reads it
    extension : text of the header extensions
    """

    unit_mm: float = 1.0
    says_orientation: bool = True
    intercept: float = 0.0
    affine: NDArray[np.float64] | None = None
    extension: str = ""

    def check(self, geometry: ImageGeometry, name: str) -> None:
        """Refuse a file that ITK places differently from its header."""
        if self.affine is not None and _apart(self.affine, geometry.index_to_lps, geometry.shape[::-1]):
            raise refusal("header-disagrees", file=name, claims="its header and the way the reader takes it")


def check_header(path: Path) -> None:
    """Refuse a header that ITK must not see: it takes gigabytes for it, or ends the process.

    Raises
    ------
    UnusableInputError
        ``file-unreadable``, ``header-disagrees``.
    """
    if path.name.lower().endswith(NIFTI_SUFFIXES):
        head, _ = _nifti_head(path)
        if head and _NiftiHeader(head).voxels_at is None:
            claims = "the place of the first voxel and the file's length"
            raise refusal("header-disagrees", file=path.name, claims=claims)
    elif path.suffix.lower() in METAIMAGE_SUFFIXES and (header := header_fields(path)) is not None:
        _check_counts(path, header.fields)


def header_claims(path: Path) -> HeaderClaims:
    """Read and check the claims of an image file's header.

    Raises
    ------
    UnusableInputError
        ``header-disagrees`` where two claims differ, ``spacing-missing`` where the voxels' size is not said,
        ``spacing-implausible``, ``not-orthogonal``.
    """
    suffix = path.name.lower()
    if suffix.endswith(NIFTI_SUFFIXES):
        return _nifti(path)
    header = header_fields(path)
    if header is not None:
        return (_nrrd if suffix.endswith(NRRD_SUFFIXES) else _metaimage)(path, header.fields)
    return HeaderClaims(says_orientation=suffix.endswith(SAYING_SUFFIXES))


def _nifti(path: Path) -> HeaderClaims:
    head, compressed = _nifti_head(path)
    if not head:
        return HeaderClaims(says_orientation=False)
    values = _NiftiHeader(head)
    if not values.is_nifti:
        if values.orient not in (0, 32):
            raise refusal("header-disagrees", file=path.name, claims="its Analyze header's orientation and the default")
        return HeaderClaims(says_orientation=False)
    spacing = values.spacing
    if not all(isfinite(s) and s > 0 for s in spacing):
        raise refusal("spacing-implausible", file=path.name, spacing=_words(spacing))
    if path.name.lower().endswith((".nii", ".nii.gz")):
        # A plain file is as long as its header says; of a compressed one the length is counted when it is read.
        first = values.voxels_at or 0
        if first < HEADER_LENGTH + 4 or (not compressed and path.stat().st_size > first + values.voxel_bytes):
            raise refusal(
                "header-disagrees", file=path.name, claims="the place of the first voxel and the file's length"
            )
    found = [values.sform] if values.sform is not None else []
    if values.sform is not None:
        norms = np.linalg.norm(values.sform[:3, :3], axis=0)
        if not np.allclose(norms, spacing, rtol=SAME_LENGTH, atol=0):
            claims = f"pixdim ({_words(spacing)} mm) and sform ({_words(norms)} mm)"
            raise refusal("header-disagrees", file=path.name, claims=claims)
    if values.qform is not None:
        found.append(values.qform)
    if len(found) == 2 and _apart(found[0], found[1], values.size):
        raise refusal("header-disagrees", file=path.name, claims="sform and qform")
    slope, intercept = values.scale
    unscaled = slope == 0 or not isfinite(slope)
    affine = None
    if found:
        affine = np.diag([*[NIFTI_UNITS_MM.get(values.unit, 1.0)] * 3, 1.0]) @ found[0]
        affine[:3] = RAS_LPS[:3, :3] @ affine[:3]
    extension = head[HEADER_LENGTH + 4 : values.voxels_at]
    return HeaderClaims(
        says_orientation=bool(found),
        intercept=intercept if unscaled and isfinite(intercept) else 0.0,
        affine=affine,
        extension=extension.decode("utf-8", "replace"),
    )


def _nifti_head(path: Path) -> tuple[bytes, bool]:
    """Return the NIfTI header, empty if unreadable, and whether the file is compressed."""
    if path.name.lower().endswith((".img", ".img.gz")):
        stem = path.name[: path.name.lower().rindex(".img")]
        beside = [path.with_name(stem + end) for end in (".hdr", ".hdr.gz")]
        path = next((one for one in beside if one.is_file()), path)
    with path.open("rb") as stream:
        start = stream.read(2)
        stream.seek(0)
        content: Any = gzip.GzipFile(fileobj=stream) if start == b"\x1f\x8b" else stream
        try:
            head = content.read(HEADER_BYTES)
        except (OSError, EOFError, zlib.error):
            return b"", True
    return head if len(head) >= HEADER_LENGTH else b"", content is not stream


class _NiftiHeader:
    """The fields of a NIfTI-1 or Analyze header, in either byte order."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._order = "<" if struct.unpack_from("<i", head)[0] == HEADER_LENGTH else ">"
        self.is_nifti = head[344:347] in (b"n+1", b"ni1")
        self.orient = head[252]
        pixdim = self._get("8f", 76)
        sizes = self._get("8h", 40)
        self.size = tuple(int(n) for n in sizes[1:4])
        self.spacing = pixdim[1:4]
        self.unit = int(self._get("b", 123)[0]) & 7
        self.scale = self._get("2f", 112)
        at = self._get("f", 108)[0]
        self.voxel_bytes = prod(max(n, 1) for n in sizes[1:]) * int(self._get("h", 72)[0]) // 8
        self.voxels_at = int(at) if isfinite(at) and 0 <= at < HEADER_BYTES and at == int(at) else None
        codes = self._get("2h", 252)
        self.qform = _from_quaternion(self._get("6f", 256), pixdim) if codes[0] > 0 else None
        self.sform = None
        if codes[1] > 0:
            self.sform = np.vstack([np.reshape(self._get("12f", 280), (3, 4)), [0.0, 0.0, 0.0, 1.0]])

    def _get(self, code: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack_from(self._order + code, self._head, offset)


def _from_quaternion(values: Sequence[float], pixdim: Sequence[float]) -> NDArray[np.float64]:
    """Return the affine of a qform: quaternion b, c, d, offsets, and spacings with their handedness (NIfTI-1)."""
    b, c, d = values[:3]
    a = sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    affine = np.eye(4)
    if not np.isfinite(pixdim[1:4]).all():
        return affine
    affine[:3, :3] = turn * np.array([pixdim[1], pixdim[2], pixdim[3] * (-1.0 if pixdim[0] < 0 else 1.0)])
    affine[:3, 3] = values[3:6]
    return affine


def _apart(first: NDArray[np.float64], second: NDArray[np.float64], size: Sequence[int]) -> bool:
    """Return whether two affines place a grid corner apart by more than rounding."""
    last = np.maximum(np.asarray(size, dtype=float) - 1, 0)
    corners = np.stack(np.meshgrid(*[(0.0, n) for n in last]), -1).reshape(-1, 3)
    points = [corners @ affine[:3, :3].T + affine[:3, 3] for affine in (first, second)]
    diagonal = float(np.linalg.norm(points[0].max(axis=0) - points[0].min(axis=0)))
    voxel = float(np.linalg.norm(first[:3, :3], axis=0).min())
    limit = min(SAME_VOXEL * voxel, max(0.1 * voxel, SAME_TURN * diagonal))
    far = np.abs(points[0] - points[1]).max()
    lengths, others = (np.linalg.norm(affine[:3, :3], axis=0) for affine in (first, second))
    return not (far <= limit and np.allclose(lengths, others, rtol=SAME_LENGTH, atol=0))


def _nrrd(path: Path, fields: Mapping[str, str]) -> HeaderClaims:
    directions = fields.get("space directions")
    if directions is not None:
        told = [part for part in re.findall(r"\([^)]*\)|none", directions) if part != "none"]
    else:
        told = [part for part in fields.get("spacings", "").split() if part.lower() != "nan"]
    if len(told) < 3:
        raise refusal("spacing-missing", file=path.name)
    if "nan" in fields.get("space origin", "").lower() or "nan" in "".join(told).lower():
        raise refusal("header-damaged", file=path.name)
    stated = fields.get("space units" if directions is not None else "units", "")
    unit = _one_unit([words[0] or words[1] for words in re.findall(r'"([^"]*)"|(\S+)', stated)], path.name)
    said = re.match(r"(?i)(left|right|lps|las|ras)", fields.get("space", ""))
    return HeaderClaims(unit_mm=unit, says_orientation=said is not None and directions is not None)


def _metaimage(path: Path, fields: Mapping[str, str]) -> HeaderClaims:
    if "ElementSpacing" not in fields and "ElementSize" not in fields:
        raise refusal("spacing-missing", file=path.name)
    for names in (
        ("ElementSpacing", "ElementSize"),
        MATRICES,
        ("Offset", "Position", "Origin"),
    ):
        said = {name: _numbers(fields[name]) for name in names if name in fields}
        first, *others = said.values() if said else [()]
        if any(len(other) != len(first) or not np.allclose(other, first, rtol=SAME_LENGTH) for other in others):
            raise refusal("header-disagrees", file=path.name, claims=" and ".join(said))
    slope, offset = (_numbers(fields.get(f"ElementToIntensityFunction{name}", "")) for name in ("Slope", "Offset"))
    if slope not in ((), (1.0,)) or offset not in ((), (0.0,)):
        raise refusal("header-disagrees", file=path.name, claims="its stored values and ElementToIntensityFunction")
    turn = next((fields[n] for n in MATRICES if n in fields), None)
    letters = fields.get("AnatomicalOrientation", "").strip().upper()
    letters = letters if re.fullmatch("[RLAPIS]{3}", letters) else ""
    matrix = np.eye(3) if turn is None else np.array(_numbers(turn) or [np.nan])
    if matrix.size != 9 or not np.isfinite(matrix).all():
        raise refusal("header-damaged", file=path.name)
    if letters and letters != _letters(matrix.reshape(3, 3)):
        claims = f"TransformMatrix{'' if turn else ' (not there)'} and AnatomicalOrientation"
        raise refusal("header-disagrees", file=path.name, claims=claims)
    unit = _one_unit([fields.get("DistanceUnits", "")], path.name)
    return HeaderClaims(unit_mm=unit, says_orientation=turn is not None or bool(letters))


def _check_counts(path: Path, fields: Mapping[str, str]) -> None:
    """Refuse numbers of dimensions, voxels or channels that there cannot be, and lists of another length."""
    counts = [_numbers(fields.get(name, otherwise)) for name, otherwise in COUNTS.items()]
    size = _numbers(fields.get("DimSize", ""))
    whole = (
        all(len(one) == 1 for one in counts) and size and all(n.is_integer() for one in (*counts, size) for n in one)
    )
    if not whole or not (2 <= counts[0][0] <= MOST_DIMENSIONS and 1 <= counts[1][0] <= MOST_CHANNELS):
        raise refusal("file-unreadable", file=path.name)
    dimensions = int(counts[0][0])
    lengths = dict.fromkeys(LENGTHS, dimensions) | dict.fromkeys(MATRICES, dimensions**2)
    wrong = [name for name, count in lengths.items() if name in fields and len(_numbers(fields[name])) != count]
    if wrong or min(size) < 1 or counts[2][0] < -1:
        raise refusal("file-unreadable", file=path.name)


def _letters(rows: NDArray[np.float64]) -> str:
    """Return the MetaImage orientation letters (R, L, A, P, I, S) of axes given as rows."""
    sides = ("RL", "AP", "IS")
    axes = [int(np.argmax(np.abs(row))) for row in rows]
    return "".join(sides[axis][int(row[axis] < 0)] for row, axis in zip(rows, axes, strict=True))


def _one_unit(words: Sequence[str], name: str) -> float:
    """Return the mm per unit of a header's axes; 1 where no unit is named."""
    units = {UNITS_MM.get(word.strip().lower()) for word in words if word.strip() not in ("", "???", "?")}
    if len(units) > 1 or None in units:
        raise refusal("length-unit", file=name)
    return next((unit for unit in units if unit is not None), 1.0)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split())
    except ValueError:
        return ()


def _words(lengths: Sequence[float] | NDArray[np.floating]) -> str:
    return " x ".join(f"{length:.6g}" for length in lengths)


def label_names(extension: str) -> Mapping[int, str]:
    """Parse label names by number from a Caret XML extension, as written by TotalSegmentator."""
    pattern = r'<Label\b[^>]*\bKey="(\d+)"[^>]*>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))\s*</Label>'
    return {int(n): (quoted or bare).strip() for n, quoted, bare in re.findall(pattern, extension, re.DOTALL)}
