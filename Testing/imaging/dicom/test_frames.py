"""Compressed frames: where they lie, and decoders beside GDCM."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.imaging.dicom.frames import DELIMITER, ITEM, encapsulated_frames, fragments_fit, frames_by_pydicom
from CACBoneAxisLib.imaging.dicom.slices import scan_header, slice_headers
from CACBoneAxisLib.imaging.dicom.volume import read_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError

# 8 x 8 values, number n being 37 n modulo 2300, as lossless HTJ2K.
HTJ2K = base64.b64decode(
    b"/0//UQApQAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCI"
    b"kJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAHQAAf+TwAAmE/oFB3QAAADAABLAABNAABKA"
    b"RgGHdACE+gMHdADxAMd0AMAAE0AAE8AAEoAk7gBBVAAyVecAo1QAHQBj1ADAACqgABVwAAmACILEDKAEcIJ2AE46cdLiwEIB7LYA"
    b"9/HgcFQA/9k="
)


def item(content: bytes) -> bytes:
    return ITEM + len(content).to_bytes(4, "little") + content


@pytest.mark.parametrize(
    ("fragments", "whole"),
    [
        (item(b"") + item(b"abcd") + DELIMITER + b"\0\0\0\0", True),
        (item(b"") + item(b"abcd") + item(b"ef") + DELIMITER + b"\0\0\0\0", True),
        # Some writers leave the delimiter out.
        (item(b"") + item(b"abcd"), True),
        (item(b"") + item(b"abcd")[:-1], False),
        (item(b"") + ITEM + b"\xff\xff\xff\x7f" + b"abcd", False),
        (item(b"") + DELIMITER, False),
        (b"", False),
        (item(b"") + item(b"abcd") + b"garbage", False),
    ],
)
def test_fragments_are_whole_or_not(fragments, whole):
    assert fragments_fit(b"head" + fragments, 4) is whole


def test_frames_come_in_their_order_and_number(tmp_path, dicom_writer, dicom_variants, small_hu, small_geometry):
    folder = tmp_path / "s"
    dicom_writer.write_series(folder, small_hu, small_geometry, header={"PixelRepresentation": 0})
    slices = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    dicom_variants.save_as(dicom_variants.enhanced(slices), tmp_path / "e.dcm", "RLE")
    header, layout = scan_header(tmp_path / "e.dcm")
    frames = list(encapsulated_frames(slice_headers(header, tmp_path / "e.dcm", layout)[0], layout))
    expected = [dicom_variants.rle(np.frombuffer(one.PixelData, "<u2").reshape(10, 12)) for one in slices]
    assert [frame.rstrip(b"\0") for frame in frames] == [frame.rstrip(b"\0") for frame in expected]


def ht_series(folder, dicom_writer, dicom_variants, small_geometry, monkeypatch):
    stored = (np.arange(64).reshape(8, 8) * 37 % 2300).astype(np.int16)
    hu = np.stack([stored - 1024] * 2)
    dicom_writer.write_series(folder, hu, small_geometry, header={"PixelRepresentation": 0})
    monkeypatch.setitem(dicom_variants.SYNTAXES, "JPEG 2000", "1.2.840.10008.1.2.4.201")
    monkeypatch.setattr(dicom_variants, "jpeg_2000", lambda frame: HTJ2K)
    for path in folder.iterdir():
        dicom_variants.recode(path, "JPEG 2000")
    return hu


def test_htj2k_is_decoded_where_a_decoder_is_installed(
    tmp_path, dicom_writer, dicom_variants, small_geometry, monkeypatch
):
    pytest.importorskip("openjpeg", reason="pylibjpeg-openjpeg is not installed")
    hu = ht_series(tmp_path / "s", dicom_writer, dicom_variants, small_geometry, monkeypatch)
    assert np.array_equal(read_dicom(tmp_path / "s").array, hu)


def test_htj2k_is_named_where_none_is(tmp_path, monkeypatch):
    def nothing(*_: object, **__: object) -> None:
        raise RuntimeError("no decoder")

    monkeypatch.setattr(pydicom, "dcmread", nothing)
    # pydicom 2 has no name for it yet.
    with pytest.raises(UnusableInputError, match=r"High-Throughput JPEG 2000|1\.2\.840") as caught:
        frames_by_pydicom(SimpleNamespace(path=tmp_path / "IM0001.dcm", called="file 1"), "1.2.840.10008.1.2.4.201")
    assert caught.value.code == "syntax-unsupported"
