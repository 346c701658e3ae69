"""Headers that name other files, and headers that claim more than their files can hold."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.detached import can_hold, data_files
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.load import read_ct


@pytest.fixture
def pair(tmp_path, small_hu):
    """A folder with both kinds of detached headers, and a file that they must not reach beside it."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name in ("a.nhdr", "b.mhd"):
        sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(folder / name))
    (tmp_path / "secret.raw").write_bytes((folder / "a.raw").read_bytes())
    return folder


def refused(path) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read_ct(path)
    return caught.value.code


def test_the_file_beside_the_header_is_its_data(pair):
    assert data_files(pair / "a.nhdr") == [pair / "a.raw"]
    assert data_files(pair / "b.mhd") == [pair / "b.raw"]


def test_a_file_with_its_voxels_names_no_other(pair, small_hu):
    for name in ("c.nrrd", "c.mha", "c.nii"):
        sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(pair / name))
        assert data_files(pair / name) == []


@pytest.mark.parametrize("target", ["../secret.raw", "{absolute}"])
@pytest.mark.parametrize(("name", "data"), [("a.nhdr", "a.raw"), ("b.mhd", "b.raw")])
def test_a_header_that_leads_out_of_its_folder_is_refused(pair, name, data, target):
    target = target.format(absolute=pair.parent / "secret.raw")
    (pair / name).write_text((pair / name).read_text().replace(data, target))
    assert refused(pair / name) == "outside-folder"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.nhdr", "data file: a.raw", "data file: LIST\n../secret.raw"),
        ("b.mhd", "ElementDataFile = b.raw", "ElementDataFile = LIST\n../secret.raw"),
        ("a.nhdr", "data file: a.raw", "data file: ../secret%d.raw 1 8 1"),
        ("b.mhd", "ElementDataFile = b.raw", "ElementDataFile = ../secret%02d.raw 1 8 1"),
    ],
)
def test_lists_and_patterns_of_files_are_looked_at_too(pair, name, old, new):
    text = (pair / name).read_text()
    assert old in text
    (pair / name).write_text(text.replace(old, new))
    assert refused(pair / name) == "outside-folder"


@pytest.mark.parametrize("given", ["e.hdr", "e.img"])
def test_the_half_of_a_pair_that_is_linked_from_elsewhere_is_refused(pair, small_hu, given):
    sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(pair / "e.hdr"))
    assert read_ct(pair / given).geometry.shape == small_hu.shape
    other = pair / ("e.img" if given == "e.hdr" else "e.hdr")
    other.rename(pair.parent / "elsewhere")
    try:
        other.symlink_to(pair.parent / "elsewhere")
    except OSError:
        pytest.skip("links cannot be made here")
    assert refused(pair / given) == "outside-folder"


@pytest.mark.parametrize(
    ("name", "before"),
    [("a.nhdr", b"data file:"), ("b.mhd", b"ElementDataFile")],
)
def test_a_header_cannot_hide_the_file_that_it_names(pair, name, before):
    path = pair / name
    content = path.read_bytes()
    head, field, rest = content.partition(before)
    long = b"# " + b"x" * 1000 + b"\n" if name == "a.nhdr" else b"Comment = " + b"x" * 1000 + b"\n"
    path.write_bytes(head + long * 1100 + field + rest)
    assert refused(path) == "file-unreadable"
    # What one reader takes for the end of a line, or for a sign, another does not.
    outside = {"a.nhdr": b"data file: ../secret.raw", "b.mhd": b"ElementDataFile : ../secret.raw"}[name]
    for hidden in (b"# x\r" + field + rest.split(b"\n")[0] + b"\n" + outside + b"\n", outside + b"\n"):
        path.write_bytes(head + hidden)
        assert refused(path) in ("outside-folder", "file-unreadable")


def test_a_linked_data_file_that_lies_elsewhere_is_refused(pair):
    (pair / "a.raw").unlink()
    try:
        (pair / "a.raw").symlink_to(pair.parent / "secret.raw")
    except OSError:
        pytest.skip("links cannot be made here")
    assert refused(pair / "a.nhdr") == "outside-folder"


@pytest.mark.parametrize("size", ["60000 60000 2", "60000 60000 60000", "20000 20000 4", "2000000000 1 1"])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_a_nrrd_that_claims_more_than_it_holds_is_refused_before_memory_is_asked_for(tmp_path, size, encoding):
    header = f"NRRD0004\ntype: short\ndimension: 3\nsizes: {size}\nendian: little\nencoding: {encoding}\n"
    header += "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n\n"
    data = b"\0" * 1000
    (tmp_path / "a.nrrd").write_bytes(header.encode() + (gzip.compress(data) if encoding == "gzip" else data))
    assert refused(tmp_path / "a.nrrd") in ("too-large", "file-unreadable")
    assert peak_growth_mib(tmp_path / "a.nrrd") < 50


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("size", [(30000, 30000, 2), (20000, 20000, 4)])
def test_a_nifti_that_claims_more_than_it_holds_is_refused_before_memory_is_asked_for(tmp_path, small_hu, name, size):
    sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(tmp_path / "small.nii"))
    content = bytearray((tmp_path / "small.nii").read_bytes())
    content[42:48] = struct.pack("<3h", *size)
    content = bytes(content)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert refused(tmp_path / name) in ("too-large", "file-unreadable")
    assert peak_growth_mib(tmp_path / name) < 50


def test_what_compression_can_do_is_allowed(tmp_path):
    flat = np.full((60, 512, 512), -1000, dtype=np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(flat), str(tmp_path / "a.nrrd"), useCompression=True)
    assert can_hold(tmp_path / "a.nrrd", [], flat.nbytes)
    # Without compression the largest that a rescale makes of a byte is eight.
    (tmp_path / "b.nii").write_bytes(b"\0" * 1000)
    assert can_hold(tmp_path / "b.nii", [], 8000)
    assert not can_hold(tmp_path / "b.nii", [], 8001)


def peak_growth_mib(path) -> float:
    """How far refusing a file raises what this process holds in memory at its peak, MiB (Linux)."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnusableInputError):
        read_ct(path)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
