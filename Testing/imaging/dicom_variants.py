"""The same series in other forms: transfer syntaxes, enhanced CT, directories."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 - as its users write it
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, generate_uid

SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_CONVERTED_CT = "1.2.840.10008.5.1.4.1.1.2.2"


def recode(path: Path, name: str) -> None:
    """Write a file of 16-bit pixels again, in another transfer syntax."""
    save_as(pydicom.dcmread(path), path, name)


def save_as(dataset: Any, path: Path, name: str) -> None:
    """Write a dataset with uncompressed little endian pixels in a transfer syntax."""
    frames = _frames(dataset)
    # Made anew, because pydicom does not change the byte order of what it has read.
    elements = {element.tag: element for element in dataset}
    dataset = FileDataset(str(path), elements, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", generate_uid())
    dataset.file_meta.TransferSyntaxUID = UID(SYNTAXES[name])
    if name == "big endian":
        dataset.PixelData = frames.byteswap().tobytes()
    encoder = {"RLE": rle, "JPEG lossless": jpeg_lossless, "JPEG 2000": jpeg_2000}.get(name)
    if encoder is not None:
        dataset.PixelData = encapsulate([encoder(frame) for frame in frames])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    little, implicit = name != "big endian", name == "implicit"
    if pydicom.__version_info__[0] == "2":
        dataset.is_little_endian, dataset.is_implicit_VR = little, implicit
        dataset.save_as(path, write_like_original=False)
    else:
        pydicom.dcmwrite(path, dataset, enforce_file_format=True, little_endian=little, implicit_vr=implicit)


def _frames(dataset: Any) -> np.ndarray:
    kind = "<i2" if dataset.PixelRepresentation else "<u2"
    return np.frombuffer(dataset.PixelData, kind).reshape(-1, dataset.Rows, dataset.Columns)


def rle(frame: np.ndarray) -> bytes:
    """Return the two bytes of 16-bit values as segments of literal runs (PS3.5 annex G)."""
    segments = []
    for plane in (frame.view(np.uint16) >> 8, frame.view(np.uint16) & 255):
        packed = b""
        for row in plane.astype(np.uint8):
            for start in range(0, row.size, 128):
                run = row[start : start + 128].tobytes()
                packed += bytes([len(run) - 1]) + run
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets = [64, 64 + len(segments[0])]
    return np.array([2, *offsets, *[0] * 13], "<u4").tobytes() + b"".join(segments)


def jpeg_2000(frame: np.ndarray) -> bytes:
    """Return a lossless codestream of unsigned values."""
    stream = io.BytesIO()
    Image.fromarray(frame.astype(np.uint16)).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
    return stream.getvalue()


def jpeg_lossless(frame: np.ndarray) -> bytes:
    """Return what GDCM makes of a frame."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dcm"
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(path))
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.Execute(sitk.GetImageFromArray(frame[None].astype(np.uint16)))
        dataset = pydicom.dcmread(path)
        assert dataset.file_meta.TransferSyntaxUID == SYNTAXES["JPEG lossless"]
        data = dataset.PixelData
    # Behind the empty table of offsets: the one item.
    length = int.from_bytes(data[12:16], "little")
    return data[16 : 16 + length]


def group(**elements: Any) -> Dataset:
    """An item with these elements."""
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def enhanced(
    slices: Sequence[Any],
    *,
    rescale: Sequence[tuple[float, float]] | None = None,
    of_frame: Sequence[Mapping[str, Any]] | None = None,
    legacy: bool = False,
) -> Dataset:
    """Return single frames as one enhanced CT, with what they share in the shared groups.

    rescale: slope and intercept of each frame, else shared; of_frame: more functional groups of
    each frame; legacy: what has no group of its own stands in the converted attributes.
    """
    first = slices[0]
    result = Dataset()
    for keyword in (
        *("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "Modality", "Rows", "Columns"),
        *("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit"),
        *("PixelRepresentation", "SeriesNumber", "SeriesDescription", "PatientName", "PatientID"),
    ):
        setattr(result, keyword, getattr(first, keyword))
    result.SOPClassUID = LEGACY_CONVERTED_CT if legacy else ENHANCED_CT
    result.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if legacy else "VOLUME", "NONE"]
    result.NumberOfFrames = len(slices)
    shared = group(
        PixelMeasuresSequence=[group(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)],
        PlaneOrientationSequence=[group(ImageOrientationPatient=first.ImageOrientationPatient)],
    )
    if rescale is None:
        shared.PixelValueTransformationSequence = Items([_rescale(first.RescaleSlope, first.RescaleIntercept)])
    if legacy:
        converted = group(KVP="120", ConvolutionKernel="Br36")
        shared.UnassignedSharedConvertedAttributesSequence = Items([converted])
    else:
        shared.CTXRayDetailsSequence = Items([group(KVP=120.0)])
        shared.CTReconstructionSequence = Items([group(ConvolutionKernel="Br36")])
    result.SharedFunctionalGroupsSequence = Items([shared])
    frames = []
    for number, one in enumerate(slices):
        own = group(PlanePositionSequence=[group(ImagePositionPatient=one.ImagePositionPatient)])
        if rescale is not None:
            own.PixelValueTransformationSequence = Items([_rescale(*rescale[number])])
        for keyword, item in (of_frame[number] if of_frame is not None else {}).items():
            setattr(own, keyword, Items([item]))
        frames.append(own)
    result.PerFrameFunctionalGroupsSequence = Items(frames)
    result.PixelData = b"".join(one.PixelData for one in slices)
    result["PixelData"].VR = "OW"
    return result


def _rescale(slope: float, intercept: float) -> Dataset:
    return group(RescaleSlope=f"{slope:g}", RescaleIntercept=f"{intercept:g}", RescaleType="HU")


def write_directory(folder: Path, names: Sequence[Sequence[str]]) -> Path:
    """Write a DICOMDIR that lists these files (each as the parts of its path)."""
    records = [group(DirectoryRecordType="IMAGE", ReferencedFileID=list(parts)) for parts in names]
    dataset = FileDataset("DICOMDIR", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = UID(SYNTAXES["explicit"])
    dataset.FileSetID = "TEST"
    dataset.DirectoryRecordSequence = Items(records)
    path = folder / "DICOMDIR"
    if pydicom.__version_info__[0] == "2":
        dataset.is_little_endian, dataset.is_implicit_VR = True, False
        dataset.save_as(path, write_like_original=False)
    else:
        dataset.save_as(path, enforce_file_format=False, little_endian=True, implicit_vr=False)
    return path
