"""Locate compressed frames in DICOM files, and decode those that GDCM cannot read from the file."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset

from CACBoneAxisLib.imaging.dicom.layout import PixelLayout
from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.dicom.transfersyntax import DEFLATED, syntax_name
from CACBoneAxisLib.imaging.findings import refusal

ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def fragments_fit(content: bytes, start: int) -> bool:
    """Return whether the fragments from ``start`` are complete, which decoders do not check."""
    place, pieces = start, 0
    while content[place : place + 4] == ITEM:
        place += 8 + int.from_bytes(content[place + 4 : place + 8], "little")
        pieces += 1
    # The first item is the offset table; some writers omit the delimiter.
    at_end = content[place : place + 4] == DELIMITER or place == len(content)
    return pieces >= 2 and at_end and place <= len(content)


def encapsulated_frames(header: SliceHeader, layout: PixelLayout, content: memoryview | None = None) -> Iterator[bytes]:
    """Yield the compressed frames of a slice's file, or of its content, in order.

    Raises
    ------
    UnusableInputError
        ``file-unreadable`` when the fragments are damaged or do not match the number of frames.
    """
    count = 0
    try:
        if content is None:
            with header.path.open("rb") as stream:
                stream.seek(layout.start or 0)
                rest = stream.read()
        else:
            rest = bytes(content[layout.start or 0 :])
        if not fragments_fit(rest, 0):
            raise ValueError("truncated")
        for frame in _frames(rest, layout.frames):
            count += 1
            yield frame
    except Exception:  # pydicom raises whatever the damage leads to
        raise refusal("file-unreadable", file=header.called) from None
    if count != layout.frames:
        raise refusal("file-unreadable", file=header.called)


def _frames(fragments: bytes, count: int) -> Iterator[bytes]:
    from pydicom import encaps

    if hasattr(encaps, "generate_frames"):
        yield from encaps.generate_frames(fragments, number_of_frames=count)
    else:
        yield from encaps.generate_pixel_data_frame(fragments, count)


@contextmanager
def lone_frame(frame: bytes, header: SliceHeader, layout: PixelLayout) -> Iterator[Path]:
    """Yield a temporary file with one compressed frame and nothing else: no patient, no rescale."""
    dataset: Any = FileDataset("frame", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta.TransferSyntaxUID = layout.syntax
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = header.rows, header.columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = (
        layout.bits_allocated,
        layout.bits_stored,
        layout.high_bit,
    )
    dataset.PixelRepresentation = int(layout.signed)
    dataset.PixelData = pydicom.encaps.encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    with tempfile.TemporaryDirectory(prefix="cacboneaxis-") as folder:
        path = Path(folder) / "frame.dcm"
        save_dataset(dataset, path)
        yield path


def save_dataset(dataset: Any, path: Path) -> None:
    """Write an explicit little endian dataset with pydicom 2 or 3."""
    if pydicom.__version_info__[0] == "2":
        dataset.is_little_endian, dataset.is_implicit_VR = True, False
        dataset.save_as(path, write_like_original=False)
    else:
        dataset.save_as(path, enforce_file_format=True)


def frames_by_pydicom(header: SliceHeader, syntax: str) -> NDArray:
    """Decode a file with pydicom and the installed decoders; stored values (frames, rows, columns).

    Raises
    ------
    UnusableInputError
        ``file-unreadable``; ``syntax-unsupported`` with the name of the compression where nothing installed decodes it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = np.asarray(pydicom.dcmread(header.path, force=True).pixel_array)
    except Exception:  # pydicom raises whatever is missing or damaged
        if syntax == DEFLATED:
            raise refusal("file-unreadable", file=header.called) from None
        raise refusal("syntax-unsupported", file=header.called, syntax=syntax_name(syntax)) from None
    return values.reshape(-1, *values.shape[-2:])
