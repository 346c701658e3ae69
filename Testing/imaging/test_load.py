from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.detached import content_files
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.load import read_ct


def refused(path, **kwargs) -> tuple[str, str]:
    with pytest.raises(UnusableInputError) as caught:
        read_ct(path, **kwargs)
    return caught.value.code, str(caught.value)


def test_a_file_becomes_a_ct_in_axial_order(small_hu, tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(tmp_path / "ct.nii.gz"))
    told = []
    image = read_ct(str(tmp_path / "ct.nii.gz"), progress=lambda message, fraction: told.append(fraction))
    assert np.array_equal(image.hu, small_hu)
    assert (image.source.name, image.source.format) == ("ct.nii.gz", "NIfTI")
    assert not image.hu.flags.writeable
    assert told == [0.0, 1.0]


def test_a_folder_becomes_a_ct_without_the_patients_name(small_hu, small_geometry, tmp_path, dicom_writer):
    dicom_writer.write_series(tmp_path / "folder", small_hu, small_geometry, header={"PatientSex": "F"})
    image = read_ct(tmp_path / "folder")
    assert np.array_equal(image.hu, small_hu)
    assert image.geometry == small_geometry
    assert (image.source.name, image.source.format) == ("folder", "DICOM")
    assert (image.acquisition.kvp, image.acquisition.sex, image.acquisition.age_years) == (120.0, "F", 64.0)
    kept = json.dumps([asdict(image.acquisition), asdict(image.source), str(image.findings)])
    assert not any(word in kept for word in ("Doe", "SECRET", "19600229"))


def test_the_other_file_of_a_detached_header_is_part_of_the_content(small_hu, tmp_path):
    for name, data in (("a.nhdr", "a.raw"), ("b.mhd", "b.raw")):
        sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(tmp_path / name))
        assert content_files(tmp_path / name) == [tmp_path / name, tmp_path / data]
        before = read_ct(tmp_path / name)
        assert np.array_equal(before.hu, small_hu)
        changed = bytearray((tmp_path / data).read_bytes())
        changed[0] ^= 1
        (tmp_path / data).write_bytes(changed)
        assert read_ct(tmp_path / name).source.sha256 != before.source.sha256


def test_a_single_slice_is_refused_however_it_is_stored(small_hu, tmp_path):
    image = sitk.GetImageFromArray(small_hu[:1])
    for number, order in enumerate([(0, 1, 2), (2, 0, 1), (0, 2, 1)]):
        sitk.WriteImage(sitk.PermuteAxes(image, order), str(tmp_path / f"{number}.nrrd"))
        assert refused(tmp_path / f"{number}.nrrd")[0] == "single-slice"


def test_what_cannot_be_used_is_one_sentence(tmp_path, small_hu):
    (tmp_path / "a.dcm").write_text("hello")
    (tmp_path / "empty").mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(small_hu), str(tmp_path / "a.nrrd"))
    assert refused(tmp_path / "absent") == ("file-missing", "absent does not exist.")
    assert refused(tmp_path / "a.dcm") == ("file-unreadable", "a.dcm cannot be read as an image.")
    assert refused(tmp_path / "empty") == ("no-ct", "empty holds no CT images.")
    assert refused(tmp_path / "a.nrrd", series=2)[0] == "series-unknown"


@pytest.mark.parametrize(
    ("name", "shape", "spacing"),
    [
        ("chest/ct.nrrd", (61, 512, 512), (0.6269531, 0.6269531, 5.0)),
        ("qrm_cci/qrm_cci_crop.nrrd", (24, 240, 210), (0.488, 0.488, 3.0)),
        ("spine/ct.nii.gz", (112, 101, 122), (3.0, 3.0, 3.0)),
        ("dicom/contrast_series", (20, 512, 512), (0.9765625, 0.9765625, 2.0)),
    ],
)
def test_real_scans_are_read(shared_data, name, shape, spacing):
    image = read_ct(shared_data / name)
    assert (image.hu.shape, image.geometry.spacing_mm, image.hu.dtype) == (shape, spacing, np.int16)
    assert image.findings == ()


def test_a_real_series_has_the_values_and_places_that_simpleitk_gives(shared_data):
    folder = shared_data / "dicom" / "contrast_series"
    reader = sitk.ImageSeriesReader()
    # Their names count from the head down.
    reader.SetFileNames([str(p) for p in sorted(folder.iterdir(), reverse=True)])
    expected = reader.Execute()
    places = {round(sitk.ReadImage(str(p)).GetOrigin()[2], 3): p for p in folder.iterdir()}
    image = read_ct(folder)
    for index, slice_hu in enumerate(image.hu):
        height = round(float(image.geometry.to_lps([0, 0, index])[2]), 3)
        assert np.array_equal(slice_hu, sitk.GetArrayFromImage(sitk.ReadImage(str(places[height])))[0])
    assert expected.GetSize() == image.hu.shape[::-1]
    acquisition = image.acquisition
    assert (acquisition.kvp, acquisition.kernel, acquisition.contrast) == (120.0, "Br38f 3", True)
    assert (acquisition.sex, acquisition.age_years, acquisition.ecg_gated) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("spine/vertebral_bodies.nii.gz", "not-hu"),
        ("dicom/geometry/gantrytilting_001", "gantry-tilt"),
        ("dicom/geometry/sliceincrement_001", "missing-slice"),
        ("dicom/geometry/notavolume_001", "duplicate-positions"),
        ("dicom/geometry", "several-series"),
        ("dicom/transfer_syntaxes", "several-series"),
        ("dicom/enhanced/image", "not-hu"),
        ("dicom/enhanced/multiframe", "not-hu"),
        ("dicom/enhanced/multiframe/mf.dcm", "not-hu"),
        ("dicom/enhanced/seg", "no-ct"),
        ("dicom/enhanced/seg/label.seg", "no-ct"),
        ("dicom/enhanced/nrrd", "folder-holds"),
        ("spine", "folder-holds"),
        ("dicom/transfer_syntaxes/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm", "not-hu"),
        ("dicom/transfer_syntaxes/CT1_J2KR", "single-slice"),
    ],
)
def test_real_files_that_are_no_usable_ct_are_refused(shared_data, name, code, capfd):
    assert refused(shared_data / name)[0] == code
    assert capfd.readouterr().err == ""


SYNTAXES = ["Big", "Deflated", "JPEG2000", "JPEGLS", "JPEGProcess14", "RLE"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_lossless_transfer_syntax_decodes_to_the_same_values(shared_data, tmp_path, syntax):
    """Two copies of the slice, one moved by 5 mm, make a volume of two equal slices."""
    import pydicom

    (path,) = (shared_data / "dicom" / "transfer_syntaxes").glob(f"CTImage.dcm_{syntax}*")
    dataset = pydicom.dcmread(path)
    for number in (0, 1):
        dataset.ImagePositionPatient[2] = 5.0 * number
        dataset.SOPInstanceUID = f"1.2.{number + 1}"
        if pydicom.__version_info__[0] == "2":
            dataset.save_as(tmp_path / f"{number}.dcm", write_like_original=True)
        else:
            dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=False)
    image = read_ct(tmp_path)
    assert np.array_equal(image.hu[0], image.hu[1])
    # The hash of what GDCM gives for the big endian file without compression, seen as int16.
    assert int(image.hu[0].min()) == -3024 and int(image.hu[0].max()) == 1378
    assert int(image.hu[0].astype(np.int64).sum()) == reference_sum(shared_data)


def reference_sum(shared_data) -> int:
    """Sum of HU of the uncompressed slice, from its bytes: stored values times 1 minus 1024."""
    import pydicom

    (path,) = (shared_data / "dicom" / "transfer_syntaxes").glob("CTImage.dcm_Big*")
    stored = np.frombuffer(pydicom.dcmread(path).PixelData, ">i2").astype(np.int64)
    return int((stored - 1024).sum())
