from __future__ import annotations

import gc

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.imagefile import clean_direction, format_name, read_stored


def write(path, array, spacing=(0.5, 0.6, 3.0), **kwargs):
    image = sitk.GetImageFromArray(array, **kwargs)
    image.SetSpacing(spacing[: image.GetDimension()])
    sitk.WriteImage(image, str(path))
    return path


def code_of(path) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read_stored(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)
    return caught.value.code


def test_the_voxels_outlive_the_reader(small_hu, tmp_path):
    array = read_stored(write(tmp_path / "a.nrrd", small_hu)).array
    gc.collect()
    _ = [np.ones(10_000) for _ in range(100)]
    assert np.array_equal(array, small_hu)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0, 0] = 1


def test_two_four_and_more_dimensions_are_refused(small_hu, tmp_path):
    assert code_of(write(tmp_path / "flat.nrrd", small_hu[0])) == "dimensions"
    colour = np.stack([small_hu] * 3, axis=-1)
    assert code_of(write(tmp_path / "colour.nrrd", colour, isVector=True)) == "dimensions"
    series = sitk.JoinSeries([sitk.GetImageFromArray(small_hu)] * 2)
    sitk.WriteImage(series, str(tmp_path / "time.nii.gz"))
    assert code_of(tmp_path / "time.nii.gz") == "dimensions"


def test_a_fourth_dimension_of_one_is_none(small_hu, tmp_path):
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(small_hu)]), str(tmp_path / "one.nrrd"))
    assert np.array_equal(read_stored(tmp_path / "one.nrrd").array, small_hu)


def header(path, sizes="8 10 12", directions="(1,0,0) (0,1,0) (0,0,1)", space="left-posterior-superior", data=b""):
    lines = ["NRRD0005", "type: short", "dimension: 3", f"sizes: {sizes}", "endian: little", "encoding: raw"]
    lines += [f"space: {space}", f"space directions: {directions}"] if space else []
    path.write_bytes("\n".join([*lines, "", ""]).encode() + data)
    return path


def test_a_header_that_asks_for_too_much_is_refused_before_memory_is_taken(tmp_path):
    assert code_of(header(tmp_path / "a.nrrd", "100000 100000 100000")) == "too-large"


def test_sheared_and_absurd_grids_are_refused(small_hu, tmp_path):
    data = small_hu.tobytes()
    assert code_of(header(tmp_path / "a.nrrd", "12 10 8", "(1,0,0) (0,1,0) (0,0.25,1)", data=data)) == "not-orthogonal"
    assert code_of(header(tmp_path / "b.nrrd", "12 10 8", "(1,0,0) (0,1,0) (0,0,500)", data=data)) == (
        "spacing-implausible"
    )


def test_a_file_that_does_not_say_how_it_lies_is_remarked(small_hu, tmp_path):
    path = tmp_path / "a.nrrd"
    lines = ["NRRD0005", "type: short", "dimension: 3", "sizes: 12 10 8", "spacings: 1 1 3", "endian: little"]
    path.write_bytes("\n".join([*lines, "encoding: raw", "", ""]).encode() + small_hu.tobytes())
    assert [f.code for f in read_stored(path).findings] == ["orientation-assumed"]
    path = header(tmp_path / "b.nrrd", "12 10 8", data=small_hu.tobytes())
    assert read_stored(path).findings == ()


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz", "a.mha", "a.png", "a.xyz", "a"])
def test_what_is_no_image_is_one_sentence(tmp_path, name, capfd):
    path = tmp_path / name
    path.write_text("hello")
    assert code_of(path) == "file-unreadable"
    assert capfd.readouterr().err == ""
    path.write_bytes(b"")
    assert code_of(path) == "file-unreadable"


def test_a_missing_file_is_named(tmp_path):
    assert code_of(tmp_path / "absent.nrrd") == "file-missing"


def test_noise_of_single_precision_is_taken_off_the_directions():
    noisy = np.eye(3)[[1, 0, 2]] + np.array([[1e-7, -3e-8, 0], [0, 2e-7, -1e-7], [0, 0, -1e-8]])
    assert clean_direction(noisy) == ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    oblique = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    assert clean_direction(oblique) == tuple(map(tuple, oblique.tolist()))


def test_formats_have_names(tmp_path):
    assert [format_name(tmp_path / n) for n in ("a.nii.gz", "A.NRRD", "b.seg.nrrd", "c.mhd", "d.vtk")] == [
        "NIfTI",
        "NRRD",
        "NRRD",
        "MetaImage",
        "VTK",
    ]


def test_a_compressed_file_beside_an_uncompressed_one_of_its_name_is_refused(tmp_path):
    for name, value in (("c.nii.gz", 2), ("c.nii", 1)):
        image = sitk.GetImageFromArray(np.full((3, 4, 5), value, dtype=np.int16))
        sitk.WriteImage(image, str(tmp_path / name))
    assert set(np.unique(read_stored(tmp_path / "c.nii").array)) == {1}
    with pytest.raises(UnusableInputError, match=r"c\.nii\.gz lies beside"):
        read_stored(tmp_path / "c.nii.gz")
    (tmp_path / "c.nii").unlink()
    assert set(np.unique(read_stored(tmp_path / "c.nii.gz").array)) == {2}
