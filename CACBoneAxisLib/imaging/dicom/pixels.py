"""Read the pixels of DICOM slices in HU, directly if uncompressed, otherwise decoded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - as its users write it
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.attenuation import FULL_SCALE_HU
from CACBoneAxisLib.imaging.dicom.frames import encapsulated_frames, frames_by_pydicom, lone_frame
from CACBoneAxisLib.imaging.dicom.layout import PixelLayout
from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.dicom.transfersyntax import GDCM_SYNTAXES, PLAIN_SYNTAXES
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.hounsfield import INT16, WHOLE_NUMBER_TOLERANCE_HU
from CACBoneAxisLib.imaging.imagefile import image_array
from CACBoneAxisLib.imaging.integrity import combined_sha256, content_sha256
from CACBoneAxisLib.imaging.quiet import quiet_libraries

Progress = Callable[[str, float], None]
# Reading, hashing and decoding release the GIL, so threads use all cores.
WORKERS = min(4, os.cpu_count() or 1)
# Larger files are hashed in chunks instead of being held in memory.
LARGEST_HELD_BYTES = 1 << 26
# Replaces padding that is brighter than any tissue.
OUTSIDE_HU = -1024


class Pixels:
    """The volume of a stack of slices, filled slice by slice: int16, or float32 once a value has a fraction.

    Parameters
    ----------
    shape : (slices, rows, columns)
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.array: NDArray = np.empty(shape, dtype=np.int16)
        self.padded = 0

    def put(self, index: int, plane: NDArray, padded: int) -> None:
        """Set a slice; ``padded`` accumulates the number of padding voxels."""
        if plane.dtype != np.int16 and self.array.dtype == np.int16:
            self.array = self.array.astype(np.float32)
        if plane.base is not self.array:
            self.array[index] = plane
        self.padded += padded


def read_classic(slices: Sequence[SliceHeader], progress: Progress | None = None) -> tuple[Pixels, str]:
    """Read one file per slice; return the volume and the SHA-256 of the sorted file hashes.

    Raises
    ------
    UnusableInputError
        ``file-unreadable`` naming the damaged file; ``syntax-unsupported``; ``not-hu``.
    """
    pixels = Pixels((len(slices), slices[0].rows, slices[0].columns))
    # Each thread reuses a reader and a file buffer.
    tools: list[tuple[Any, bytearray]] = []

    def one(numbered: tuple[int, SliceHeader]) -> tuple[NDArray, int, str]:
        reader, memory = tools.pop() if tools else (_gdcm_reader(), bytearray())
        index, header = numbered
        try:
            return _classic_slice(header, reader, memory, pixels.array[index])
        finally:
            tools.append((reader, memory))

    digests = []
    with _workers() as pool:
        for index, (plane, padded, digest) in enumerate(pool(one, enumerate(slices))):
            if progress is not None and index % 10 == 0:
                progress("Reading slices", index / len(slices))
            pixels.put(index, plane, padded)
            digests.append(digest)
    return pixels, combined_sha256(digests)


def read_enhanced(slices: Sequence[SliceHeader], progress: Progress | None = None) -> tuple[Pixels, str]:
    """Read the frames of enhanced files, each with its own rescale; otherwise as `read_classic`."""
    pixels = Pixels((len(slices), slices[0].rows, slices[0].columns))
    paths = sorted({one.path for one in slices})
    with ThreadPoolExecutor(1) as hashing, _workers() as pool:
        digest = hashing.submit(content_sha256, paths)
        done = 0
        for path in paths:
            places = {one.frame: (index, one) for index, one in enumerate(slices) if one.path == path}
            frames = sorted(places)
            stored: Iterator[NDArray] = _stored_frames([places[frame][1] for frame in frames], pool)
            for frame, values in zip(frames, stored, strict=True):
                if progress is not None and done % 10 == 0:
                    progress("Reading slices", done / len(slices))
                index, header = places[frame]
                pixels.put(index, *hounsfield_of(values, header))
                done += 1
        return pixels, digest.result()


@contextmanager
def _workers() -> Iterator[Callable[..., Iterator[Any]]]:
    """Yield a threaded map; tasks not started when the block ends early are dropped."""
    pool = ThreadPoolExecutor(WORKERS)

    def ordered(task: Callable[[Any], Any], items: Any) -> Iterator[Any]:
        waiting: list[Any] = []
        for item in items:
            waiting.append(pool.submit(task, item))
            # A few frames are decoded ahead; more would hold a second volume in memory.
            if len(waiting) > 4 * WORKERS:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()

    try:
        yield ordered
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def is_plain(layout: PixelLayout | None) -> bool:
    """Return whether the pixels are stored uncompressed and contiguous."""
    return (
        layout is not None
        and layout.syntax in PLAIN_SYNTAXES
        and layout.start is not None
        and layout.length is not None
        and layout.bits_allocated in (8, 16, 32)
        and layout.high_bit == layout.bits_stored - 1 < layout.bits_allocated
        and not (layout.big_endian and layout.bits_allocated == 8)
    )


def _classic_slice(header: SliceHeader, reader: Any, memory: bytearray, out: NDArray) -> tuple[NDArray, int, str]:
    """Return a slice in HU (in ``out`` where it fits), its number of padding voxels, and the file's SHA-256."""
    path, layout = header.path, header.layout
    size = path.stat().st_size
    content: memoryview | None = None
    if size > LARGEST_HELD_BYTES:
        digest = content_sha256([path])
    else:
        if size > len(memory):
            memory.extend(bytes(size - len(memory)))
        with path.open("rb") as stream:
            content = memoryview(memory)[: stream.readinto(memoryview(memory)[:size])]
        digest = hashlib.sha256(content).hexdigest()
    if layout is not None and is_plain(layout):
        plane, padded = hounsfield_of(_plain_frame(content, header, layout), header, out)
        return plane, padded, digest
    if layout is not None and layout.start is not None and layout.length is None and layout.syntax in GDCM_SYNTAXES:
        # Decode the compressed frame alone: GDCM would apply the rescale and invert MONOCHROME1.
        (stored,) = (_lone(frame, header, layout, reader) for frame in encapsulated_frames(header, layout, content))
    elif layout is not None and (layout.inverted or layout.syntax not in GDCM_SYNTAXES):
        stored = _of_shape(frames_by_pydicom(header, layout.syntax), header)
    else:
        # GDCM has applied the rescale already.
        plane, padded = _without_padding(_of_shape(_decoded(path, reader, header.called), header), header)
        return compact(plane, header), padded, digest
    plane, padded = hounsfield_of(stored, header)
    return plane, padded, digest


def _lone(frame: bytes, header: SliceHeader, layout: PixelLayout, reader: Any) -> NDArray:
    """Return the stored values of one compressed frame."""
    with lone_frame(frame, header, layout) as path:
        return _of_shape(_decoded(path, reader, header.called), header)


def _of_shape(frames: NDArray, header: SliceHeader) -> NDArray:
    """Return the only frame if it has the size given in the header."""
    if frames.shape != (1, header.rows, header.columns):
        raise refusal("file-unreadable", file=header.called)
    plane: NDArray = frames[0]
    return plane


def _stored_frames(slices: Sequence[SliceHeader], pool: Callable[..., Iterator[Any]]) -> Iterator[NDArray]:
    """Yield the stored values of one file's frames in file order."""
    layout = slices[0].layout
    if layout is None or slices[-1].frame >= layout.frames:
        raise refusal("file-unreadable", file=slices[0].called)
    if is_plain(layout):
        for one in slices:
            yield _plain_frame(None, one, layout)
    elif layout.start is None or layout.length is not None or layout.syntax not in GDCM_SYNTAXES:
        # Deflated, or a scheme that GDCM does not know.
        frames = frames_by_pydicom(slices[0], layout.syntax)
        for one in slices:
            yield _of_shape(frames[one.frame : one.frame + 1], one)
    else:
        wanted = {one.frame for one in slices}

        def decode(frame: bytes) -> NDArray:
            return _lone(frame, slices[0], layout, _gdcm_reader())

        frames_ = enumerate(encapsulated_frames(slices[0], layout))
        yield from pool(decode, (frame for number, frame in frames_ if number in wanted))


def _plain_frame(content: memoryview | None, header: SliceHeader, layout: PixelLayout) -> NDArray:
    """Return the stored values of an uncompressed frame (rows, columns)."""
    start, length = layout.start or 0, layout.length or 0
    count = header.rows * header.columns
    bytes_each = layout.bits_allocated // 8
    kind = np.dtype(f"{'>' if layout.big_endian else '<'}{'i' if layout.signed else 'u'}{bytes_each}")
    offset = header.frame * count * bytes_each
    if offset + count * bytes_each > length:
        raise refusal("file-unreadable", file=header.called)
    if content is None:
        with header.path.open("rb") as stream:
            stream.seek(start + offset)
            data: Any = stream.read(count * bytes_each)
        offset = 0
    else:
        data, offset = content, start + offset
    if len(data) < offset + count * bytes_each:
        raise refusal("file-unreadable", file=header.called)
    values = np.frombuffer(data, kind, count, offset).reshape(header.rows, header.columns)
    unused = layout.bits_allocated - layout.bits_stored
    if unused:
        # Unused bits (overlays, sign copies) are not part of the value.
        values = (values << unused) >> unused
    return values.astype(kind.newbyteorder("="), copy=False)


def hounsfield_of(stored: NDArray, header: SliceHeader, out: NDArray | None = None) -> tuple[NDArray, int]:
    """Return stored values (rows, columns) as HU, int16 or float32, and how many voxels are padding.

    Written into ``out`` where it is int16 and the values fit.
    HU = slope x stored + intercept, PS3.3 C.11.1.1.2 of the DICOM standard. Padding brighter than
    12 bits reach is no tissue and becomes -1024; darker padding stays what the scanner wrote.
    """
    slope, intercept = header.slope or 1.0, header.intercept or 0.0
    if not (slope.is_integer() and intercept.is_integer() and max(abs(slope), abs(intercept)) < 2**31):
        values, padded = _without_padding(stored * slope + intercept, header)
        return compact(values, header), padded
    if slope == 1 and stored.dtype in (np.int16, np.uint16):
        low, high = int(stored.min()) + int(intercept), int(stored.max()) + int(intercept)
        if low >= INT16.min and high <= FULL_SCALE_HU:
            # Arithmetic modulo 65536 is exact for results within int16.
            shift = np.uint16(int(intercept) % 65536)
            if out is None or out.dtype != np.int16:
                return (stored.view(np.uint16) + shift).view(np.int16), 0
            np.add(stored.view(np.uint16), shift, out=out.view(np.uint16))
            return out, 0
    values, padded = _without_padding(stored.astype(np.int64) * int(slope) + int(intercept), header)
    return compact(values, header), padded


def _without_padding(values: NDArray, header: SliceHeader) -> tuple[NDArray, int]:
    padding = header.layout.padding if header.layout is not None else None
    if padding is None:
        return values, 0
    ends = sorted(end * (header.slope or 1.0) + (header.intercept or 0.0) for end in padding)
    if ends[0] <= FULL_SCALE_HU:
        return values, 0
    is_padding = (values >= ends[0]) & (values <= ends[1])
    count = int(np.count_nonzero(is_padding))
    return (np.where(is_padding, values.dtype.type(OUTSIDE_HU), values), count) if count else (values, 0)


def compact(values: NDArray, header: SliceHeader) -> NDArray:
    """Return HU as int16 where they are whole numbers, else as float32."""
    if values.dtype == np.int16:
        return values
    if not values.max() <= INT16.max:  # NaN too
        raise refusal("not-hu", file=header.called, why=f"a value is {values.max():g}")
    if values.min() < INT16.min:
        # Padding outside the scan field may be rescaled below what int16 holds.
        values = np.maximum(values, values.dtype.type(INT16.min))
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int16)
    whole = np.rint(values)
    if np.all(np.abs(values - whole) <= WHOLE_NUMBER_TOLERANCE_HU):
        return whole.astype(np.int16)
    return values.astype(np.float32)


def _gdcm_reader() -> Any:
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    return reader


def _decoded(path: Path, reader: Any, name: str) -> NDArray:
    """Decode a file with GDCM (frames, rows, columns), rescaled as the file says."""
    reader.SetFileName(str(path))
    try:
        with quiet_libraries():
            image = reader.Execute()
    except (RuntimeError, MemoryError):
        raise refusal("file-unreadable", file=name) from None
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise refusal("file-unreadable", file=name)
    array = image_array(image)
    return array.reshape(-1, *array.shape[-2:])
