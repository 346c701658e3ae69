from __future__ import annotations

import gzip
import hashlib
import re
import zlib

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.detached import content_files, data_files
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.imagefile import read_stored
from CACBoneAxisLib.imaging.integrity import content_sha256, is_intact

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha"]


def written(path, hu, compressed):
    sitk.WriteImage(sitk.GetImageFromArray(hu), str(path), compressed)
    return path


@pytest.fixture
def noisy() -> np.ndarray:
    """Enough noise that compressed data fill most of the file."""
    return np.random.default_rng(11).integers(-1000, 1000, (10, 40, 50)).astype(np.int16)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_files_are_whole(tmp_path, noisy, suffix, compressed):
    assert np.array_equal(read_stored(written(tmp_path / f"a{suffix}", noisy, compressed)).array, noisy)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.99])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_files_are_refused(tmp_path, noisy, suffix, compressed, part, capfd):
    path = written(tmp_path / f"a{suffix}", noisy, compressed)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(UnusableInputError) as caught:
        read_stored(path)
    assert caught.value.code == "file-unreadable"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_flipped_bit_in_compressed_data_is_noticed(tmp_path, noisy, suffix):
    path = written(tmp_path / f"a{suffix}", noisy, True)
    content = bytearray(path.read_bytes())
    for place in np.linspace(0.2, 0.95, 12):
        damaged = content.copy()
        damaged[int(len(content) * place)] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(UnusableInputError):
            read_stored(path)


def test_a_rescaled_nifti_is_found_whole_the_long_way(tmp_path, noisy):
    image = sitk.GetImageFromArray(noisy)
    path = tmp_path / "a.nii.gz"
    sitk.WriteImage(image, str(path))
    assert is_intact(path, np.ascontiguousarray(noisy + 1))


def test_the_hash_of_a_file_is_its_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert content_sha256([tmp_path / "a"]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_of_several_files_does_not_depend_on_names_or_order(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"xyz")
    digests = sorted(hashlib.sha256(c).hexdigest() for c in (b"abc", b"xyz"))
    expected = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    assert content_sha256([tmp_path / "b", tmp_path / "a"]) == expected


def repacked(path, change):
    """Change the voxels' bytes of a compressed file and give it the checksum of the changed ones."""
    content = path.read_bytes()
    if path.name.endswith(".nii.gz"):
        path.write_bytes(gzip.compress(change(gzip.decompress(content))))
    elif path.suffix == ".nrrd":
        place = content.index(b"\n\n") + 2
        path.write_bytes(content[:place] + gzip.compress(change(gzip.decompress(content[place:]))))
    else:
        head, field, rest = content.partition(b"ElementDataFile = LOCAL\n")
        packed = zlib.compress(change(zlib.decompress(rest)))
        head = re.sub(rb"CompressedDataSize = \d+", b"CompressedDataSize = %d" % len(packed), head)
        path.write_bytes(head + field + packed)
    return path


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    "change", [lambda b: b[: len(b) // 2], lambda b: b[:-2], lambda b: b + b"\0\0", lambda b: b + b[-4000:]]
)
def test_an_intact_stream_of_the_wrong_length_is_refused(tmp_path, noisy, suffix, big_endian, change):
    path = written(tmp_path / f"a{suffix}", noisy, True)
    if big_endian:
        content = path.read_bytes()
        if suffix == ".nii.gz":
            pytest.skip("the header would have to be turned too")
        marks = (b"endian: little", b"endian: big") if suffix == ".nrrd" else (b"OrderMSB = False", b"OrderMSB = True")
        assert marks[0] in content
        path.write_bytes(content.replace(*marks))
        read_stored(path)
    with pytest.raises(UnusableInputError) as caught:
        read_stored(repacked(path, change))
    assert caught.value.code in ("file-unreadable", "header-disagrees")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_stream_packed_anew_is_read(tmp_path, noisy, suffix):
    path = repacked(written(tmp_path / f"a{suffix}", noisy, True), lambda b: b)
    assert np.array_equal(read_stored(path).array, noisy)


@pytest.mark.parametrize("off", [-20000, -200, 200])
def test_a_metaimage_with_the_wrong_size_of_its_stream_is_refused_or_read_as_it_is(tmp_path, noisy, off):
    path = written(tmp_path / "a.mha", noisy, True)
    content = path.read_bytes()
    size = int(re.search(rb"CompressedDataSize = (\d+)", content)[1])
    path.write_bytes(content.replace(b"DataSize = %d" % size, b"DataSize = %d" % (size + off)))
    try:
        array = read_stored(path).array
    except UnusableInputError:
        return
    assert np.array_equal(array, noisy)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii"])
def test_a_plain_file_with_more_voxels_than_its_header_says_is_refused(tmp_path, noisy, suffix):
    path = written(tmp_path / f"a{suffix}", noisy, False)
    path.write_bytes(path.read_bytes() + bytes(4000))
    with pytest.raises(UnusableInputError):
        read_stored(path)


@pytest.fixture
def detached(tmp_path, noisy):
    """Headers of each format with the voxels in a file of their own, plain and compressed."""
    for name, compressed in (("a.nhdr", False), ("b.nhdr", True), ("c.mhd", False), ("d.mhd", True), ("e.hdr", False)):
        written(tmp_path / name, noisy, compressed)
    content = (tmp_path / "e.img").read_bytes()
    (tmp_path / "f.hdr").write_bytes((tmp_path / "e.hdr").read_bytes())
    (tmp_path / "f.img.gz").write_bytes(gzip.compress(content))
    return {
        header.name: data_files(header) for header in sorted(tmp_path.glob("*.*h*d*r")) + sorted(tmp_path.glob("*.mhd"))
    }


def test_the_checksum_and_length_of_detached_voxels_are_looked_at(tmp_path, noisy, detached):
    assert len(detached) == 6 and all(len(files) == 1 for files in detached.values())
    for name, (voxels,) in detached.items():
        assert np.array_equal(read_stored(tmp_path / name).array, noisy), name
        content = voxels.read_bytes()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 0x10
        wrong = [content[: len(content) // 2], content + bytes(4000)]
        packed = voxels.suffix in (".gz", ".zraw")
        for changed in [*wrong[: 1 if packed else 2], *([bytes(flipped)] if packed else [])]:
            voxels.write_bytes(changed)
            with pytest.raises(UnusableInputError):
                read_stored(tmp_path / name)
        voxels.write_bytes(content)


def test_the_hash_of_a_pair_is_of_both_files_whichever_is_given(tmp_path, detached):
    before = [content_sha256(content_files(tmp_path / name)) for name in ("e.hdr", "e.img")]
    assert before[0] == before[1]
    (tmp_path / "e.img").write_bytes((tmp_path / "e.img").read_bytes()[::-1])
    assert content_sha256(content_files(tmp_path / "e.hdr")) != before[0]
