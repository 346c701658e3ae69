"""One series in every form that archives hand over: the same values, the same places, or one sentence."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.imaging.dicom.series import find_series, series_numbers
from CACBoneAxisLib.imaging.dicom.volume import read_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError


@pytest.fixture
def single_frames(write):
    folder = write("single")
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def refused(path, series=None) -> tuple[str, str]:
    with pytest.raises(UnusableInputError) as caught:
        read_dicom(path, series)
    assert "\n" not in str(caught.value) or caught.value.code == "several-series"
    return caught.value.code, str(caught.value)


# JPEG 2000 and JPEG lossless are written of unsigned values.
UNSIGNED = {"PixelRepresentation": 0}
SYNTAXES = ["implicit", "explicit", "big endian", "deflated", "RLE", "JPEG lossless", "JPEG 2000"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_series_is_the_same_in_every_transfer_syntax(write, small_hu, small_geometry, dicom_variants, syntax):
    folder = write(header=UNSIGNED)
    for path in folder.iterdir():
        dicom_variants.recode(path, syntax)
    volume = read_dicom(folder)
    assert np.array_equal(volume.array, small_hu)
    assert volume.geometry == small_geometry
    assert volume.findings == ()


@pytest.mark.parametrize(
    "syntax", ["explicit", "implicit", "big endian", "RLE", "JPEG lossless", "JPEG 2000", "deflated"]
)
@pytest.mark.parametrize("legacy", [False, True])
def test_an_enhanced_file_is_the_same_in_every_transfer_syntax(
    write, small_hu, small_geometry, dicom_variants, tmp_path, syntax, legacy
):
    folder = write(header=UNSIGNED)
    frames = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    shuffled = [frames[n] for n in (3, 1, 0, 2, 7, 5, 6, 4)]
    dicom_variants.save_as(dicom_variants.enhanced(shuffled, legacy=legacy), tmp_path / "enhanced", syntax)
    volume = read_dicom(tmp_path / "enhanced")
    assert np.array_equal(volume.array, small_hu)
    assert volume.geometry == small_geometry
    assert (volume.acquisition.kvp, volume.acquisition.kernel) == (120.0, "Br36")


@pytest.mark.parametrize("syntax", ["explicit", "RLE"])
def test_every_frame_is_rescaled_as_its_own_groups_say(single_frames, dicom_variants, tmp_path, syntax):
    rescale = [(1.0, -1024.0), (2.0, -1000.0), (1.0, 0.0), (0.5, -1024.0)] * 2
    made = dicom_variants.enhanced(single_frames, rescale=rescale)
    dicom_variants.save_as(made, tmp_path / "e.dcm", syntax)
    stored = np.stack([np.frombuffer(one.PixelData, "<i2").reshape(10, 12) for one in single_frames])
    expected = np.stack([plane * slope + intercept for plane, (slope, intercept) in zip(stored, rescale, strict=True)])
    assert np.array_equal(read_dicom(tmp_path / "e.dcm").array, expected)


def test_phases_of_an_enhanced_file_are_told_apart(write, small_hu, single_frames, dicom_variants, tmp_path):
    other = [pydicom.dcmread(path) for path in sorted(write("late", hu=small_hu[::-1]).iterdir())]

    def cardiac(phase):
        return {"CardiacSynchronizationSequence": dicom_variants.group(NominalPercentageOfCardiacPhase=phase)}

    frames = [frame for pair in zip(single_frames, other, strict=True) for frame in pair]
    made = dicom_variants.enhanced(frames, of_frame=[cardiac(40.0), cardiac(75.0)] * 8)
    dicom_variants.save_as(made, tmp_path / "e.dcm", "explicit")
    found = find_series(tmp_path / "e.dcm").series
    assert [one.part for one in found] == ["phase 40 %", "phase 75 %"]
    assert series_numbers(found) == ["1.1", "1.2"]
    assert refused(tmp_path / "e.dcm")[0] == "several-series"
    assert np.array_equal(read_dicom(tmp_path / "e.dcm", "1.1").array, small_hu)
    assert np.array_equal(read_dicom(tmp_path / "e.dcm", "1.2").array, small_hu[::-1])
    assert read_dicom(tmp_path / "e.dcm", "1.2").acquisition.ecg_gated is True


def test_a_frame_too_many_in_the_header_is_refused(single_frames, dicom_variants, tmp_path):
    made = dicom_variants.enhanced(single_frames)
    made.PixelData = made.PixelData[: -2 * 10 * 12]
    dicom_variants.save_as(made, tmp_path / "e.dcm", "explicit")
    assert refused(tmp_path / "e.dcm")[0] == "file-unreadable"
    made = dicom_variants.enhanced(single_frames)
    made.NumberOfFrames = 5
    dicom_variants.save_as(made, tmp_path / "f.dcm", "RLE")
    assert refused(tmp_path / "f.dcm")[0] == "file-unreadable"


@pytest.mark.parametrize(
    ("trait", "values", "parts"),
    [
        ("NominalPercentageOfCardiacPhase", (40.0, 75.0), ["phase 40 %", "phase 75 %"]),
        ("TriggerTime", ("300", "600"), ["trigger time 300 ms", "trigger time 600 ms"]),
        ("ConvolutionKernel", ("Br36", "Bl57"), ["kernel Bl57", "kernel Br36"]),
        ("AcquisitionNumber", (1, 2), ["acquisition 1", "acquisition 2"]),
        ("KVP", ("80", "140"), ["tube voltage 140 kVp", "tube voltage 80 kVp"]),
        ("SliceThickness", ("2.5", "5"), ["thickness 2.5 mm", "thickness 5 mm"]),
        ("SeriesDate", ("20240101", "20240101"), ["pass 1", "pass 2"]),
    ],
)
def test_volumes_in_one_series_are_told_apart(write, small_hu, trait, values, parts):
    write(series_uid="1.2.3", prefix="a", header={trait: values[0]})
    folder = write(
        hu=small_hu[::-1], series_uid="1.2.3", prefix="b", instance_order=range(8, 16), header={trait: values[1]}
    )
    found = find_series(folder).series
    assert [one.part for one in found] == parts
    volumes = [read_dicom(folder, number).array for number in series_numbers(found)]
    assert {volume.tobytes() for volume in volumes} == {small_hu.tobytes(), small_hu[::-1].tobytes()}


def test_two_traits_together_tell_volumes_apart(write, small_hu):
    for n, (phase, kernel) in enumerate([(40.0, "Br36"), (40.0, "Bl57"), (75.0, "Br36"), (75.0, "Bl57")]):
        header = {"NominalPercentageOfCardiacPhase": phase, "ConvolutionKernel": kernel}
        folder = write(hu=np.roll(small_hu, n, axis=2), series_uid="1.2.3", prefix=f"{n}-", header=header)
    found = find_series(folder).series
    assert [one.part for one in found] == [
        "kernel Bl57, phase 40 %",
        "kernel Bl57, phase 75 %",
        "kernel Br36, phase 40 %",
        "kernel Br36, phase 75 %",
    ]


def test_slabs_of_one_volume_stay_one_volume(write, small_hu):
    """Step and shoot: every slab has an acquisition number of its own."""
    write(series_uid="1.2.3", prefix="a", skip=range(4, 8), header={"AcquisitionNumber": 1})
    folder = write(series_uid="1.2.3", prefix="b", skip=range(4), header={"AcquisitionNumber": 2})
    assert np.array_equal(read_dicom(folder).array, small_hu)


def test_a_gap_between_slabs_stays_a_missing_slice(write):
    write(series_uid="1.2.3", prefix="a", skip=range(3, 8), header={"AcquisitionNumber": 1})
    folder = write(series_uid="1.2.3", prefix="b", skip=range(4), header={"AcquisitionNumber": 2})
    assert refused(folder)[0] == "missing-slice"


def test_two_images_at_each_place_that_nothing_tells_apart_are_refused(write, small_hu):
    write(series_uid="1.2.3", prefix="a", instance_order=[0, 2, 4, 6, 8, 10, 12, 14])
    folder = write(hu=small_hu[::-1], series_uid="1.2.3", prefix="b", instance_order=[1, 3, 5, 7, 9, 11, 13, 15])
    assert refused(folder)[0] == "duplicate-positions"


def test_a_scout_in_the_series_is_left_out(write, small_hu, small_geometry, dicom_writer):
    from dataclasses import replace

    folder = write(series_uid="1.2.3")
    lateral = replace(small_geometry, direction=((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    dicom_writer.write_series(folder, small_hu, lateral, series_uid="1.2.3", prefix="S", skip=range(1, 8))
    assert np.array_equal(read_dicom(folder).array, small_hu)
    assert find_series(folder).others["single image of another size or direction"] == 1


def test_a_sheet_without_a_place_is_left_out(write, small_hu):
    nowhere = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "SeriesNumber": 999}
    write("study/a")
    write("study/b", skip=range(1, 8), header=nowhere)
    write("study/c", skip=range(2, 8), header={"SeriesDescription": "Topogram 0.6", "SeriesNumber": 1})
    found = find_series(write("study/a").parent)
    assert len(found.series) == 1
    assert found.others["image without a place in the patient"] == 1
    assert found.others["localizer"] == 2


def test_copies_under_new_instances_are_left_out(write, small_hu):
    write(series_uid="1.2.3", prefix="a")
    volume = read_dicom(write(series_uid="1.2.3", prefix="b"))
    assert np.array_equal(volume.array, small_hu)
    assert [(f.code, f.message[:2]) for f in volume.findings] == [("duplicates-dropped", "8 ")]


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("signed", [0, 1])
def test_bits_beyond_those_stored_are_no_part_of_the_value(write, small_hu, small_geometry, bits, signed):
    hu = np.clip(small_hu, -1024, 1000)
    header = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": signed}
    folder = write(hu=hu, header=header, intercept=0.0 if signed else -1024.0)
    if bits == 12:
        # An overlay in the upper bits, as scanners once wrote.
        for path in folder.iterdir():
            dataset = pydicom.dcmread(path)
            stored = np.frombuffer(dataset.PixelData, "<u2") & 0x0FFF | 0x5000
            dataset.PixelData = stored.astype("<u2").tobytes()
            dataset.save_as(path)
    assert np.array_equal(read_dicom(folder).array, hu)


@pytest.mark.parametrize(
    ("padding", "signed", "intercept", "replaced"),
    [(-2000, 1, 0.0, 0), (63536, 1, 0.0, 0), (30000, 1, 0.0, 5), (65535, 0, -1024.0, 5), (0, 0, -1024.0, 0)],
)
def test_bright_padding_becomes_air_and_dark_padding_stays(write, small_hu, padding, signed, intercept, replaced):
    hu = np.maximum(small_hu, -1000).astype(np.int32)
    stored = padding - 65536 if signed and padding > 32767 else padding
    hu[:, 0, :5] = stored + int(intercept)
    header = {"PixelRepresentation": signed, "PixelPaddingValue": stored}
    if not signed:
        header["PixelRepresentation"] = 0
    volume = read_dicom(write(hu=hu, intercept=intercept, header=header))
    expected = np.where(hu > 3071, -1024, hu) if replaced else hu
    assert np.array_equal(volume.array, expected)
    assert [f.code for f in volume.findings] == (["padding-bright"] if replaced else [])


@pytest.mark.parametrize("slope", [0.5, 2.0, 1.0, -1.0, 0.1])
def test_gdcm_gives_the_same_values_as_reading_directly(write, small_hu, slope):
    import SimpleITK as sitk  # noqa: N813

    folder = write(slope=slope, intercept=-1024.0 if slope > 0 else 1024.0)
    ours = read_dicom(folder).array
    theirs = np.concatenate([sitk.GetArrayFromImage(sitk.ReadImage(str(p))) for p in sorted(folder.iterdir())])
    # Single precision of values below 2048.
    assert np.allclose(ours, theirs, atol=2e-4)


def test_files_without_endings_in_nested_folders_are_found(write, small_hu, tmp_path, dicom_variants):
    folder = write()
    for number, path in enumerate(sorted(folder.iterdir())):
        place = tmp_path / "disc" / f"D{number % 3}" / "X"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / f"{number:08X}")
    (tmp_path / "disc" / "AUTORUN.INF").write_text("[autorun]")
    (tmp_path / "disc" / "empty").write_bytes(b"")
    volume = read_dicom(tmp_path / "disc")
    assert np.array_equal(volume.array, small_hu)
    listed = [(f"D{n % 3}", "X", f"{n:08X}") for n in range(8)]
    directory = dicom_variants.write_directory(tmp_path / "disc", listed)
    assert np.array_equal(read_dicom(directory).array, small_hu)
    assert np.array_equal(read_dicom(tmp_path / "disc").array, small_hu)


@pytest.mark.filterwarnings("ignore:The value length", "ignore:Invalid value")
@pytest.mark.parametrize("parts", [("..", "study", "IM0001.dcm"), ("/etc/passwd",), ("..\\study\\IM0001.dcm",)])
def test_a_directory_that_leads_out_of_its_folder_is_refused(write, tmp_path, dicom_variants, parts):
    write()
    (tmp_path / "disc").mkdir()
    directory = dicom_variants.write_directory(tmp_path / "disc", [parts])
    assert refused(directory) == ("outside-folder", "DICOMDIR names a file outside its own folder; it is not read.")


def test_a_compression_that_nothing_decodes_is_named(write, dicom_variants):
    folder = write(header=UNSIGNED)
    for path in folder.iterdir():
        dicom_variants.recode(path, "JPEG 2000")
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.97"))
    code, sentence = refused(folder)
    assert code == "syntax-unsupported"
    assert sentence.startswith("file 1 of 8 is compressed as ")


def test_lossy_compression_is_said(write, small_hu):
    volume = read_dicom(write(header={"LossyImageCompression": "01"}))
    assert [f.code for f in volume.findings] == ["lossy-compression"]


@pytest.mark.parametrize("cut", [20, 200, -30])
def test_a_truncated_compressed_slice_is_named(write, dicom_variants, cut):
    folder = write(header=UNSIGNED)
    for path in folder.iterdir():
        dicom_variants.recode(path, "JPEG 2000")
    path = folder / "IM0004.dcm"
    content = path.read_bytes()
    path.write_bytes(content[:-cut] if cut > 0 else content[: len(content) // 2 + 400])
    assert refused(folder) == ("file-unreadable", "file 4 of 8 cannot be read as an image.")
