from __future__ import annotations

import hashlib
from contextlib import suppress

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.imaging.dicom.series import find_series, series_numbers
from CACBoneAxisLib.imaging.dicom.volume import read_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError


def refused(path, series=None) -> tuple[str, str]:
    with pytest.raises(UnusableInputError) as caught:
        read_dicom(path, series)
    return caught.value.code, str(caught.value)


def test_values_grid_and_hash_are_the_files(write, small_hu, small_geometry):
    folder = write()
    volume = read_dicom(folder)
    assert volume.array.dtype == np.int16
    assert np.array_equal(volume.array, small_hu)
    assert volume.geometry == small_geometry
    digests = sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir())
    assert volume.sha256 == hashlib.sha256("\n".join(digests).encode()).hexdigest()
    assert volume.findings == ()
    assert sorted(volume.slices) == [(path, 0) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize(("slope", "intercept"), [(2.0, -1024.0), (1.0, 0.0), (0.5, -1000.0)])
def test_the_rescale_of_the_file_gives_the_hounsfield_units(write, small_hu, slope, intercept):
    hu = small_hu // 2 * 2
    assert np.array_equal(read_dicom(write(hu=hu, slope=slope, intercept=intercept)).array, hu)


def test_a_rescale_with_fractions_gives_fractions(write, small_hu):
    volume = read_dicom(write(slope=1.5, intercept=-1000.25))
    assert volume.array.dtype == np.float32
    stored = np.rint((small_hu + 1000.25) / 1.5)
    # Single precision of values below 2048.
    assert np.allclose(volume.array, stored * 1.5 - 1000.25, atol=2e-4)


def test_padding_below_int16_does_not_wrap(write, small_hu):
    hu = small_hu.astype(np.int32)
    hu[2, 0, 0] = -32768 - 1024
    volume = read_dicom(write(hu=hu))
    assert volume.array.dtype == np.int16
    assert volume.array[2, 0, 0] == -32768
    assert np.array_equal(volume.array[3:], small_hu[3:])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"skip": [3]}, "missing-slice"),
        ({"skip": range(1, 8)}, "single-slice"),
        ({"duplicate": {2: 4}}, "duplicate-positions"),
        ({"shift_mm": {4: 0.8}}, "uneven-increments"),
        ({"tilt_degrees": 12}, "gantry-tilt"),
        ({"slope": None}, "no-rescale"),
        ({"intercept": None}, "no-rescale"),
        ({"header": {"ImagePositionPatient": None}}, "no-position"),
        ({"header": {"Modality": "MR"}}, "no-ct"),
        ({"header": {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}}, "no-ct"),
        ({"header": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}}, "no-ct"),
        ({"header": {"RescaleType": "Z_EFF"}}, "not-hu"),
    ],
)
def test_each_fault_is_its_own_sentence(write, changes, code):
    found, sentence = refused(write(**changes))
    assert found == code
    assert sentence.endswith(".") and "\n" not in sentence and sentence.startswith("study ")


def test_copies_of_files_are_dropped_with_a_note(write, small_hu):
    folder = write()
    (folder / "again.dcm").write_bytes((folder / "IM0003.dcm").read_bytes())
    volume = read_dicom(folder)
    assert np.array_equal(volume.array, small_hu)
    assert [f.code for f in volume.findings] == ["duplicates-dropped"]


def test_what_is_no_slice_is_passed_over(write, small_hu, small_geometry, dicom_writer, tmp_path):
    folder = write("study/series")
    localizer = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesNumber": 99}
    dicom_writer.write_series(folder, small_hu, small_geometry, skip=range(1, 8), prefix="LOC", header=localizer)
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "readme.txt").write_text("hello")
    (folder / "._IM0001.dcm").write_text("resource fork")
    outside = tmp_path / "elsewhere"
    dicom_writer.write_series(outside, small_hu, small_geometry)
    # Windows lets only some users make links.
    with suppress(OSError):
        (folder / "link").symlink_to(outside, target_is_directory=True)
        (folder / "link.dcm").symlink_to(outside / "IM0001.dcm")
    volume = read_dicom(tmp_path / "study")
    assert np.array_equal(volume.array, small_hu)
    # Links that lead out of the folder are not followed, and said.
    left_out = [f for f in volume.findings if f.code != "links-outside"]
    assert [f.message for f in left_out] == [
        "2 files of the folder are not in the volume: file that is not DICOM, localizer."
    ]


def test_several_series_are_listed_and_one_is_chosen(write, small_hu, tmp_path):
    write("study/a", header={"SeriesNumber": 3, "SeriesDescription": "CaScore", "ConvolutionKernel": "Br36"})
    other = small_hu[::-1]
    write("study/b", hu=other, series_uid="1.2.3", header={"SeriesNumber": 7, "SeriesDescription": "Lung\nthin"})
    code, sentence = refused(tmp_path / "study")
    assert code == "several-series"
    lines = [" ".join(line.split()) for line in sentence.splitlines()]
    assert lines == [
        "study holds 2 CT series; choose one with --series:",
        "3 CaScore, 8 slices, increment 2.5 mm, kernel Br36",
        "7 Lung thin, 8 slices, increment 2.5 mm, kernel not stated",
    ]
    for series in (7, "7", "lung thin", "1.2.3"):
        assert np.array_equal(read_dicom(tmp_path / "study", series).array, other)
    assert np.array_equal(read_dicom(tmp_path / "study", 3).array, small_hu)
    code, sentence = refused(tmp_path / "study", 1)
    assert (code, sentence) == ("series-unknown", "study has no series 1; it has: 3 (CaScore), 7 (Lung thin).")


def test_series_without_numbers_of_their_own_are_counted(write, tmp_path):
    write("study/a")
    write("study/b")
    assert series_numbers(find_series(tmp_path / "study").series) == ["1", "2"]


def test_a_truncated_slice_is_named(write):
    folder = write()
    path = folder / "IM0004.dcm"
    path.write_bytes(path.read_bytes()[:-100])
    assert refused(folder) == ("file-unreadable", "file 4 of 8 cannot be read as an image.")


def test_a_file_that_is_empty_is_remarked(write, small_hu):
    folder = write()
    (folder / "IM0009.dcm").write_bytes(b"")
    volume = read_dicom(folder)
    assert [f.code for f in volume.findings] == ["files-damaged"]


def test_a_single_file_stands_for_itself(write):
    assert refused(write() / "IM0001.dcm")[0] == "single-slice"


def test_headers_without_class_and_series_are_read(write, small_hu):
    volume = read_dicom(write(header={"SOPClassUID": None, "SeriesInstanceUID": None, "SOPInstanceUID": None}))
    assert np.array_equal(volume.array, small_hu)


def test_progress_goes_from_nothing_to_all(write):
    told = []
    read_dicom(write(), progress=lambda message, fraction: told.append((message, fraction)))
    assert {message for message, _ in told} == {"Reading headers", "Reading slices"}
    assert all(0 <= fraction < 1 for _, fraction in told)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0], [3, 1, 0, 2, 7, 5, 6, 4]])
def test_an_enhanced_file_is_the_same_volume_in_any_order_of_frames(
    write, small_hu, small_geometry, dicom_writer, tmp_path, order
):
    pydicom = pytest.importorskip("pydicom")
    path = tmp_path / "enhanced.dcm"
    folder = write()
    datasets = [pydicom.dcmread(p) for p in sorted(folder.iterdir())]
    dicom_writer.save(enhanced([datasets[n] for n in order]), path)
    volume = read_dicom(path)
    assert np.array_equal(volume.array, small_hu)
    assert volume.geometry == small_geometry
    assert (volume.acquisition.kvp, volume.acquisition.kernel) == (120.0, "Br36")


def enhanced(slices):
    """The single frames as one enhanced CT, with what they share in the shared groups."""
    from pydicom.dataset import Dataset

    def group(**elements):
        item = Dataset()
        for keyword, value in elements.items():
            setattr(item, keyword, value)
        return item

    result = Dataset()
    first = slices[0]
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "Modality", "Rows", "Columns"):
        setattr(result, keyword, getattr(first, keyword))
    for keyword in ("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit"):
        setattr(result, keyword, getattr(first, keyword))
    result.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    result.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    result.PixelRepresentation = first.PixelRepresentation
    result.NumberOfFrames = len(slices)
    result.SharedFunctionalGroupsSequence = [
        group(
            PixelMeasuresSequence=[group(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)],
            PlaneOrientationSequence=[group(ImageOrientationPatient=first.ImageOrientationPatient)],
            PixelValueTransformationSequence=[
                group(RescaleSlope=first.RescaleSlope, RescaleIntercept=first.RescaleIntercept, RescaleType="HU")
            ],
            CTXRayDetailsSequence=[group(KVP=120.0)],
            CTReconstructionSequence=[group(ConvolutionKernel="Br36")],
        )
    ]
    result.PerFrameFunctionalGroupsSequence = [
        group(PlanePositionSequence=[group(ImagePositionPatient=one.ImagePositionPatient)]) for one in slices
    ]
    result.PixelData = b"".join(one.PixelData for one in slices)
    result["PixelData"].VR = "OW"
    return result


def vanished(folder, path, how, dicom_writer):
    """Damage one slice of a folder so that it is no slice of the stack any more."""
    dataset = pydicom.dcmread(path)
    content = path.read_bytes()
    if how == "orientation":
        dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    elif how == "spacing":
        dataset.PixelSpacing = [9, 9]
    elif how == "size":
        dataset.Rows, dataset.PixelData = 5, dataset.PixelData[: 5 * 12 * 2]
    elif how == "no position":
        del dataset.ImagePositionPatient
    elif how == "no modality":
        del dataset.Modality
    elif how == "no modality and no class":
        del dataset.Modality, dataset.SOPClassUID
    elif how == "other modality":
        dataset.Modality = "MUSTERMANN"
    if how.startswith("cut"):
        path.write_bytes(content[: int(how.split()[1])])
    elif how == "zeros":
        path.write_bytes(bytes(len(content)))
    elif how == "text":
        path.write_bytes(b"hello" * 100)
    else:
        dicom_writer.save(dataset, path)


HOWS = ["orientation", "spacing", "size", "no position", "no modality", "no modality and no class", "other modality"]
HOWS += ["cut 3", "cut 140", "cut 400", "cut 700", "cut 1000", "zeros", "text"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("suffix", [".dcm", ""])
def test_no_slice_vanishes_without_a_warning(write, dicom_writer, how, suffix):
    folder = write()
    paths = sorted(folder.iterdir())
    if not suffix:
        paths = [path.rename(path.with_suffix("")) for path in paths]
    (folder / "notes.txt").write_text("hello")
    vanished(folder, paths[-1], how, dicom_writer)
    try:
        volume = read_dicom(folder)
    except UnusableInputError:
        return
    if len(volume.array) == len(paths):
        return
    warned = [f for f in volume.findings if f.severity == "warning"]
    assert [f.code for f in warned] in (["slices-left-out"], ["files-damaged"], ["slices-unplaced"])
    counted = [f for f in volume.findings if "left-out" in f.code or f.code in ("files-damaged", "slices-unplaced")]
    assert "MUSTERMANN" not in " ".join(f.message for f in volume.findings)
    # Every file once: the slices, and what a finding counts.
    assert len(volume.slices) + sum(int(f.message.split()[0]) for f in counted) == len(paths) + 1


def test_images_of_other_series_and_copies_are_accounted_for(write, small_hu, tmp_path):
    folder = write("study/a", header={"SeriesNumber": 1})
    write("study/b", hu=small_hu[:5], header={"SeriesNumber": 2})
    (folder / "copy.dcm").write_bytes((folder / "IM0001.dcm").read_bytes())
    findings = {f.code: f.message for f in read_dicom(tmp_path / "study", 1).findings}
    assert "5 x image of another series or part" in findings["files-left-out"]
    assert findings["duplicates-dropped"].startswith("1 files")


@pytest.mark.parametrize(("rows", "columns"), [(10, 11), (9, 12), (10, 13), (11, 12), (5, 12), (12, 10)])
def test_rows_and_columns_that_do_not_make_the_pixels_are_refused(write, rows, columns, small_hu, dicom_writer):
    folder = write()
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Rows, dataset.Columns = rows, columns
        dicom_writer.save(dataset, path)
    if rows * columns == 120:
        # Turned by ninety degrees: no length tells.
        assert read_dicom(folder).array.shape[1:] == (rows, columns)
        return
    with pytest.raises(UnusableInputError) as caught:
        read_dicom(folder)
    # Fewer bytes than are claimed are a file cut short.
    assert caught.value.code == ("file-unreadable" if rows * columns > 120 else "header-disagrees")


def test_a_classic_file_with_several_frames_is_refused(write, dicom_writer):
    folder = write()
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.NumberOfFrames, dataset.PixelData = 2, dataset.PixelData * 2
        dicom_writer.save(dataset, path)
    with pytest.raises(UnusableInputError):
        read_dicom(folder)
