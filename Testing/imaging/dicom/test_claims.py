"""What DICOM headers claim, against places and values: kept, said, taken apart or refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom.series import find_series, series_numbers
from CACBoneAxisLib.imaging.dicom.survey import studies_in, survey
from CACBoneAxisLib.imaging.dicom.volume import facts_of_files, read_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError

SLICES, SIZE, INCREMENT_MM = 16, 24, 2.5


@pytest.fixture
def tissue() -> np.ndarray:
    """A block of soft tissue in air with a bright rod through all slices."""
    generator = np.random.default_rng(3)
    hu = generator.normal(-1000, 10, (SLICES, SIZE, SIZE))
    hu[:, 4:-4, 4:-4] = generator.normal(40, 10, (SLICES, SIZE - 8, SIZE - 8))
    hu[:, 10:13, 10:13] = 300
    return np.maximum(hu, -1024).round().astype(np.int16)


@pytest.fixture
def write(tmp_path, dicom_writer, tissue, small_geometry):
    numbers = count(1)

    def write_into(name="study", hu=tissue, offset_mm=0.0, number=None, **changes):
        x, y, z = small_geometry.origin_mm
        geometry = replace(
            small_geometry, shape=hu.shape, spacing_mm=(0.7, 0.7, INCREMENT_MM), origin_mm=(x, y, z + offset_mm)
        )
        header = {
            "SOPInstanceUID": lambda k: f"1.2.3.{k + 1}",
            "StudyInstanceUID": "1.2.1",
            **changes.pop("header", {}),
        }
        uid = changes.pop("series_uid", "1.2.2")
        prefix = f"N{number if number is not None else next(numbers):03d}_"
        dicom_writer.write_series(
            tmp_path / name, hu, geometry, series_uid=uid, prefix=prefix, header=header, **changes
        )
        return tmp_path / name

    return write_into


def refused(path, series=None) -> tuple[str, str]:
    with pytest.raises(UnusableInputError) as caught:
        read_dicom(path, series)
    return caught.value.code, str(caught.value)


def codes(volume) -> list[str]:
    return [one.code for one in volume.findings]


def test_one_uid_with_other_values_is_refused_by_place_and_with_the_same_values_a_copy(write, tissue):
    folder = write()
    write()
    assert codes(read_dicom(folder)) == ["duplicates-dropped"]
    changed = tissue.copy()
    changed[5, 0, 0] += 1
    write(hu=changed)
    code, sentence = refused(folder)
    assert code == "instances-differ"
    # The files in the order of their names: 16, then 16 copies, then the third set, whose sixth differs.
    assert sentence.startswith("file 6 of 48 and file 38 of 48 have the same SOP Instance UID")


def test_the_same_values_stored_otherwise_are_a_copy(write, tissue, dicom_variants):
    folder = write(header={"PixelRepresentation": 0})
    expected = read_dicom(folder).array
    # Other slope and intercept, and compressed: the same HU.
    write(hu=tissue, slope=1.0, intercept=-2048.0, header={"PixelRepresentation": 0})
    for path in list(folder.glob("N001*"))[:4]:
        shutil.copy(path, folder / f"rle_{path.name}")
        dicom_variants.recode(folder / f"rle_{path.name}", "RLE")
    volume = read_dicom(folder)
    assert codes(volume) == ["duplicates-dropped"]
    assert np.array_equal(volume.array, expected)


def test_other_places_under_one_uid_are_a_volume_with_a_warning(write):
    assert codes(read_dicom(write(header={"SOPInstanceUID": "1.2.3"}))) == ["instances-shared"]


def test_a_lossy_copy_is_a_series_of_its_own_and_not_the_one_that_is_read(write, tissue):
    folder = write()
    write(hu=tissue + 1, header={"LossyImageCompression": "01"})
    assert [one.part for one in find_series(folder).series] == ["lossy compression", "no lossy compression"]
    assert refused(folder)[0] == "several-series"
    assert np.array_equal(read_dicom(folder, "1.2").array, tissue)


@pytest.mark.parametrize(
    ("element", "value", "contradicts"),
    [
        ("PatientID", "OTHER", True),
        ("PatientName", "Roe^Richard", True),
        ("PatientBirthDate", "19610101", True),
        ("PatientSex", "M", True),
        ("PatientName", "DOE^JANE^^DR", False),
        ("PatientID", None, False),
        ("PatientSex", "O", False),
    ],
)
def test_two_patients_in_one_series_are_refused_and_a_missing_name_is_none(write, element, value, contradicts):
    header = {
        "PatientSex": "F",
        element: lambda k: value if k > 7 else "F" if element == "PatientSex" else KNOWN[element],
    }
    folder = write(header=header)
    if contradicts:
        code, sentence = refused(folder)
        assert code == "patients-mixed"
        assert "file 1 of 16 and file 9 of 16" in sentence and str(value) not in sentence
    else:
        assert codes(read_dicom(folder)) == []


KNOWN = {"PatientID": "SECRET-4711", "PatientName": "Doe^Jane", "PatientBirthDate": "19600229"}


def test_two_patients_under_one_study_uid_are_two_examinations(write):
    folder = write()
    write(series_uid="1.2.9", header={"PatientID": "OTHER"})
    found = find_series(folder)
    assert studies_in(found.series) == 2
    assert survey(folder).picked == {"calcium": None, "bone": None}


TELLS = {
    "phase": ({"NominalPercentageOfCardiacPhase": 75.0}, {"NominalPercentageOfCardiacPhase": 40.0}, "phase 40 %"),
    "kernel": ({"ConvolutionKernel": "B35f"}, {"ConvolutionKernel": "B70f"}, "kernel B35f"),
    "voltage": ({"KVP": "80"}, {"KVP": "140"}, "tube voltage 140 kVp"),
    "contrast": ({}, {"ContrastBolusAgent": "OMNIPAQUE"}, "contrast agent OMNIPAQUE"),
    "time": ({"AcquisitionTime": "101010"}, {"AcquisitionTime": "111010.5"}, "stack 1 of 2"),
    "content": ({"ContentTime": "101010"}, {"ContentTime": "101055"}, "stack 1 of 2"),
    "uid": ({}, {"SOPInstanceUID": lambda k: f"1.2.9.{k + 1}"}, "stack 1 of 2"),
    "number": ({}, {"InstanceNumber": lambda k: 101 + k}, "stack 1 of 2"),
    "numbers again": ({}, {}, "stack 1 of 2"),
    "numbers back": ({}, {"InstanceNumber": lambda k: 16 - k}, "stack 1 of 2"),
    "files": ({"InstanceNumber": lambda k: 2 * k + 1}, {"InstanceNumber": lambda k: 2 * k + 2}, "stack 1 of 2"),
}


@pytest.mark.parametrize("name", TELLS)
def test_two_scans_half_an_increment_apart_are_two_volumes(write, tissue, name):
    one, two, label = TELLS[name]
    # UIDs whose roots do not tell, unless they are what is tested.
    uids = {} if name == "uid" else {"SOPInstanceUID": lambda k: f"1.2.{k}.1"}
    more = {} if name == "uid" else {"SOPInstanceUID": lambda k: f"1.2.{k}.2"}
    folder = write(header={**uids, **one})
    write(hu=tissue + 100, offset_mm=INCREMENT_MM / 2, header={**more, **two})
    found = find_series(folder).series
    assert [len(part.slices) for part in found] == [SLICES, SLICES]
    assert sorted(part.part for part in found)[0] == label
    arrays = [read_dicom(folder, number) for number in series_numbers(found)]
    assert {volume.geometry.spacing_mm[2] for volume in arrays} == {INCREMENT_MM}
    assert sorted(int(volume.array.max()) for volume in arrays) == [int(tissue.max()), int(tissue.max()) + 100]


def test_three_scans_between_each_other_are_three(write):
    folder = write(header={"TemporalPositionIdentifier": "1"})
    for n in (1, 2):
        uid = {"SOPInstanceUID": lambda k, n=n: f"1.2.{n}.{k}", "TemporalPositionIdentifier": str(n + 1)}
        write(offset_mm=n * INCREMENT_MM / 3, header=uid)
    assert [len(part.slices) for part in find_series(folder).series] == [SLICES] * 3


def test_values_tell_two_scans_where_no_header_does_and_either_can_be_chosen(write, tissue):
    hu = np.repeat(tissue, 2, axis=0)
    hu[1::2, 5:9, 5:9] += 250
    folder = write(hu=hu, slope=1.0)
    code, sentence = refused(folder)
    assert code == "volumes-interleaved" and "--series" in sentence
    first, second = read_dicom(folder, "1.1"), read_dicom(folder, "1.2")
    assert np.array_equal(first.array, hu[::2]) and np.array_equal(second.array, hu[1::2])
    assert first.geometry.spacing_mm[2] == 2 * INCREMENT_MM
    # The same overlap without a difference is one volume.
    assert codes(read_dicom(write("same", hu=np.repeat(tissue, 2, axis=0)))) == []


def test_noise_of_every_second_slice_tells_two_kernels(write, tissue):
    generator = np.random.default_rng(5)
    hu = np.repeat(tissue, 2, axis=0).astype(float)
    hu[1::2] += generator.normal(0, 40, hu[1::2].shape)
    assert refused(write(hu=np.maximum(hu, -1024).round().astype(np.int16)))[0] == "volumes-interleaved"


MIXED = {
    "tube voltage": ({"KVP": lambda k: "80" if k < 8 else "120"}, "kvp", "80 kVp in 8 slices, 120 kVp in 8 slices"),
    "kernel": ({"ConvolutionKernel": lambda k: "B70f" if k < 4 else "B35f"}, "kernel", "B35f in 12 slices"),
    "contrast agent": ({"ContrastBolusAgent": lambda k: "OMNIPAQUE" if k < 8 else None}, "contrast", "given in 8"),
    "table height": ({"TableHeight": lambda k: "150" if k < 8 else "180.5"}, "table_height_mm", "180.5 mm in 8 slices"),
    "ECG gating": (
        {"CardiacSynchronizationTechnique": lambda k: "PROSPECTIVE" if k < 8 else "NONE"}, "ecg_gated", "NONE in 8"
    ),
    "scanner": ({"Manufacturer": lambda k: "A" if k < 8 else "B"}, "manufacturer", "A in 8 slices, B in 8 slices"),
    "phase": ({"NominalPercentageOfCardiacPhase": lambda k: 75.0 if k < 8 else 40.0}, None, "75 % in 8 slices"),
    "exposure": ({"Exposure": lambda k: "90" if k < 8 else "30"}, None, "90 mAs in 8 slices"),
    "acquisition date": (
        {"AcquisitionDate": lambda k: "20260101" if k < 8 else "20260102"}, None, "20260101 in 8 slices, 20260102 in 8"
    ),
    "protocol": ({"ProtocolName": lambda k: "Abdomen" if k < 3 else "Chest"}, None, "Chest in 13 slices, Abdomen in 3"),
    "description": ({"SeriesDescription": lambda k: "Portal" if k < 8 else "Native"}, None, "Native in 8 slices"),
    "body part": ({"BodyPartExamined": lambda k: "ABDOMEN" if k < 8 else "CHEST"}, None, "ABDOMEN in 8 slices"),
    "acquisition time": ({"AcquisitionTime": lambda k: "101010" if k < 8 else "102010"}, None, "10 minutes apart"),
}  # fmt: skip


@pytest.mark.parametrize("what", MIXED)
def test_what_changes_within_a_stack_is_said_and_not_known(write, tissue, what):
    header, fact, words = MIXED[what]
    volume = read_dicom(write(header=header))
    assert np.array_equal(volume.array, tissue)
    assert codes(volume) == ["scan-mixed"]
    assert what in volume.findings[0].message and words in volume.findings[0].message
    assert fact is None or getattr(volume.acquisition, fact) is None


@pytest.mark.parametrize(("intercept", "slope"), [("0", "1"), ("-1024", "0.5"), ("-924", "1")])
def test_another_rescale_in_some_slices_is_refused(write, intercept, slope):
    def of(usual, other):
        return lambda k: other if k in (5, 6) else usual

    folder = write(header={"RescaleIntercept": of("-1024", intercept), "RescaleSlope": of("1", slope)})
    code, sentence = refused(folder)
    assert code == "rescale-differs" and "2 of 16 slices" in sentence


def test_a_small_shift_of_some_slices_is_said(write):
    volume = read_dicom(write(header={"RescaleIntercept": lambda k: "-1000" if k == 5 else "-1024"}))
    assert codes(volume) == ["scan-mixed"]
    assert (
        "rescale intercept changes" in volume.findings[0].message and "-1000 in 1 slice" in volume.findings[0].message
    )


def test_two_series_that_abut_are_told_by_their_numbers_and_stay_whole(write, tissue):
    folder = write()
    write(offset_mm=SLICES * INCREMENT_MM, header={"SOPInstanceUID": lambda k: f"1.2.4.{k}"})
    volume = read_dicom(folder)
    assert np.array_equal(volume.array, np.concatenate([tissue, tissue]))
    assert codes(volume) == ["scan-mixed"] and "16 of them occur again" in volume.findings[0].message


def test_what_follows_the_patient_or_is_rounded_is_no_change(write):
    header = {
        "Exposure": lambda k: str(90 + k),
        "TableHeight": lambda k: f"{150 + 0.1 * (k % 3):.1f}",
        "AcquisitionNumber": lambda k: str(1 + k // 4),
        "AcquisitionTime": lambda k: f"1010{10 + k}.25",
        "NominalPercentageOfCardiacPhase": lambda k: 74.0 + k % 3,
        "ContrastBolusAgent": lambda k: "Omnipaque 300" if k < 8 else "Omnipaque 350",
    }
    volume = read_dicom(write(header=header))
    assert codes(volume) == []
    assert volume.acquisition.contrast is True


def test_changes_are_said_of_enhanced_frames_too(write, tmp_path, dicom_variants, tissue):
    folder = write(header={"PixelRepresentation": 0})
    frames = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]

    def save(values):
        of_frame = [{"CTXRayDetailsSequence": dicom_variants.group(KVP=float(value))} for value in values]
        made = dicom_variants.enhanced(frames, of_frame=of_frame)
        del made.SharedFunctionalGroupsSequence[0].CTXRayDetailsSequence
        dicom_variants.save_as(made, tmp_path / "e.dcm", "explicit")
        return tmp_path / "e.dcm"

    volume = read_dicom(save([80] * 8 + [120] * 8))
    assert codes(volume) == ["scan-mixed"] and volume.acquisition.kvp is None
    assert np.array_equal(volume.array, tissue)
    assert [len(one.slices) for one in find_series(save([80, 140] * 8)).series] == [8, 8]


def test_a_series_uid_for_each_slice_is_one_volume_and_said(write, tissue):
    header = {"SeriesInstanceUID": lambda k: f"1.2.2.{k}", "FrameOfReferenceUID": "1.2.5"}
    volume = read_dicom(write(header=header))
    assert codes(volume) == ["series-joined"]
    assert np.array_equal(volume.array, tissue)
    # Of two studies they stay apart.
    header["StudyInstanceUID"] = lambda k: f"1.2.1.{k % 2}"
    assert len(find_series(write("two", header=header)).series) == 2
    header["StudyInstanceUID"] = lambda k: f"1.2.1.{k}"
    assert len(find_series(write("many", header=header)).series) == SLICES


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("syntax", ["explicit", "RLE", "JPEG 2000", "JPEG lossless", "big endian", "deflated"])
def test_monochrome1_changes_no_value(write, tissue, dicom_variants, syntax, bits):
    stored = {
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PhotometricInterpretation": "MONOCHROME1",
    }
    folder = write(header=stored)
    for path in folder.iterdir():
        dicom_variants.recode(path, syntax)
    assert np.array_equal(read_dicom(folder).array, tissue)


def test_a_directory_leads_to_files_whose_names_changed_and_names_those_that_are_gone(write, dicom_variants, tissue):
    folder = write(number=1)
    names = sorted(path.name for path in folder.iterdir())
    listed = [[name.removesuffix(".dcm").upper()] for name in names]
    volume = read_dicom(dicom_variants.write_directory(folder, listed))
    assert np.array_equal(volume.array, tissue) and codes(volume) == []
    (folder / names[-1]).unlink()
    for place in (folder / "DICOMDIR", folder):
        volume = read_dicom(place)
        assert codes(volume) == ["files-missing"] and volume.findings[0].message.startswith("1 files")
        assert np.array_equal(volume.array, tissue[:-1])


def written_with(folder, keyword, text):
    """Writes an element's characters as they are, whatever DICOM allows there."""
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        marker = "9" * len(text)
        dataset.add_new(keyword, "LO", marker)
        content = path.read_bytes()
        element = dataset[keyword]
        old = pydicom.dcmread(path)[keyword]
        tag = int(old.tag).to_bytes(4, "big")
        head = bytes([tag[1], tag[0], tag[3], tag[2]])
        at = content.index(head + old.VR.encode())
        length = int.from_bytes(content[at + 6 : at + 8], "little")
        padded = (text + " " * (len(text) % 2)).encode()
        new = head + old.VR.encode() + len(padded).to_bytes(2, "little") + padded
        path.write_bytes(content[:at] + new + content[at + 8 + length :])
        assert element.value == marker


@pytest.mark.parametrize(
    ("keyword", "text", "named"),
    [
        ("PixelSpacing", "0,7\\0,7", None),
        ("RescaleIntercept", "-1024,0", None),
        ("RescaleSlope", "1,0", None),
        ("RescaleIntercept", "-1,024", "Rescale Intercept"),
        ("PixelSpacing", "0.7", "Pixel Spacing"),
        ("PixelSpacing", "0.7mm\\0.7mm", "Pixel Spacing"),
        ("ImageOrientationPatient", "1\\0\\0\\0\\1", "Image Orientation"),
        ("RescaleSlope", "1_0", "Rescale Slope"),
        ("RescaleSlope", "nan", "Rescale Slope"),
    ],
)
def test_decimals_are_read_or_the_element_is_named(write, tissue, keyword, text, named):
    folder = write()
    written_with(folder, keyword, text)
    if named is None:
        volume = read_dicom(folder)
        assert np.array_equal(volume.array, tissue) and volume.geometry.spacing_mm[:2] == (0.7, 0.7)
    else:
        assert named in refused(folder)[1]


def test_an_unreadable_voltage_is_named_and_unknown(write):
    folder = write()
    written_with(folder, "KVP", "120 kV")
    volume = read_dicom(folder)
    assert codes(volume) == ["elements-unreadable"] and "KVP (0018,0060)" in volume.findings[0].message
    assert volume.acquisition.kvp is None


def test_headers_of_a_volume_that_was_loaded_elsewhere_are_held_against_each_other(write):
    paths = tuple(sorted(write(header={"KVP": lambda k: "80" if k < 8 else "120"}).iterdir()))
    acquisition, said = facts_of_files(paths)
    assert acquisition.kvp is None and [one.code for one in said] == ["scan-mixed"]
    assert facts_of_files(paths[8:])[0].kvp == 120
    paths = tuple(sorted(write("two", header={"PatientID": lambda k: "ab"[k // 8]}).iterdir()))
    with pytest.raises(UnusableInputError) as caught:
        facts_of_files(paths)
    assert caught.value.code == "patients-mixed"
    assert facts_of_files((paths[0].with_name("gone"),)) == (Acquisition(), ())
