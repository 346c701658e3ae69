from __future__ import annotations

import hashlib

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

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
