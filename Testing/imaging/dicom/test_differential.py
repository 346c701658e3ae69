"""One scan in the forms that writers give it reads as one array, and no change of a header alters it in silence."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - as its users write it
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.suitability import assess

SLICES, SIZE = 14, 32
SYNTAXES = ("explicit", "implicit", "big endian", "deflated", "RLE", "JPEG 2000", "JPEG lossless")


def a_body() -> np.ndarray:
    """Soft tissue in air with calcium of 12 pixels at 350 HU in two slices; even values, as a slope of 2 needs."""
    generator = np.random.default_rng(8)
    hu = generator.normal(-1000, 8, (SLICES, SIZE, SIZE))
    hu[:, 4:-4, 4:-4] = generator.normal(40, 8, (SLICES, SIZE - 8, SIZE - 8))
    hu[6:8, 10:13, 10:14] = 350
    return (np.clip(hu, -1024, 1000) // 2 * 2).astype(np.int16)


BODY = a_body()


@pytest.fixture
def write(dicom_writer, small_geometry):
    def write_into(folder, **changes):
        geometry = replace(small_geometry, shape=BODY.shape, spacing_mm=(0.7, 0.7, 3.0))
        header = {
            "StudyInstanceUID": "1.2.1",
            "SOPInstanceUID": lambda k: f"1.2.3.{k + 1}",
            **changes.pop("header", {}),
        }
        return dicom_writer.write_series(folder, BODY, geometry, series_uid="1.2.2", header=header, **changes)

    return write_into


RESCALES = [(1.0, -1024.0), (2.0, -1024.0), (0.5, -1024.0), (-1.0, 1000.0)]


@pytest.mark.parametrize(("photometric", "bits"), product(("MONOCHROME1", "MONOCHROME2"), (12, 16)))
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(("slope", "intercept"), RESCALES)
def test_classic_files_give_the_same_values(
    write, tmp_path, dicom_variants, syntax, photometric, bits, slope, intercept
):
    stored = {
        "PhotometricInterpretation": photometric,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
    }
    for path in write(tmp_path / "s", slope=slope, intercept=intercept, header=stored):
        dicom_variants.recode(path, syntax)
    image = read_ct(tmp_path / "s")
    assert np.array_equal(image.hu, BODY)
    assert image.findings == ()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_enhanced_files_give_them_too(write, tmp_path, dicom_variants, syntax, photometric):
    paths = write(tmp_path / "s", header={"PixelRepresentation": 0, "PhotometricInterpretation": photometric})
    made = dicom_variants.enhanced([pydicom.dcmread(path) for path in paths])
    dicom_variants.save_as(made, tmp_path / "e.dcm", syntax)
    assert np.array_equal(read_ct(tmp_path / "e.dcm").hu, BODY)


def test_what_simpleitk_writes_gives_them_too(write, tmp_path):
    write(tmp_path / "s")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "s")))
    volume = reader.Execute()
    (tmp_path / "w").mkdir()
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(SLICES):
        plane = volume[:, :, k]
        place = volume.TransformIndexToPhysicalPoint((0, 0, k))
        for key, value in {
            "0008|0060": "CT", "0020|000d": "1.2.1", "0020|000e": "1.2.9", "0008|0018": f"1.2.9.{k + 1}",
            "0020|0013": str(k + 1), "0020|0032": "\\".join(f"{v:.6f}" for v in place),
            "0020|0037": "1\\0\\0\\0\\1\\0", "0028|1052": "0", "0028|1053": "1",
        }.items():  # fmt: skip
            plane.SetMetaData(key, value)
        writer.SetFileName(str(tmp_path / "w" / f"{k}.dcm"))
        writer.Execute(plane)
    assert np.array_equal(read_ct(tmp_path / "w").hu, BODY)


NUMBERS = st.sampled_from(["0", "1", "2", "0.5", "-1", "80", "-1000", "1e3", "0,7", "x", ""])
CHANGES = st.sampled_from(
    [
        *("KVP", "RescaleSlope", "RescaleIntercept", "SliceThickness", "TableHeight", "InstanceNumber", "Exposure"),
        *("ConvolutionKernel", "ContrastBolusAgent", "Manufacturer", "PatientID", "PatientSex", "FrameOfReferenceUID"),
        *("RescaleType", "ImageType", "SOPInstanceUID", "AcquisitionTime", "PhotometricInterpretation"),
        *("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "BitsStored", "PixelRepresentation"),
    ]
)
PLACES = st.sampled_from(["one", "upper half", "every second", "all"])
WORDS = st.sampled_from(["A", "B70f", "OMNIPAQUE", "NONE", "1.2.3", "M", "HU", "MONOCHROME1", "101010", "DERIVED"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keyword=CHANGES, where=PLACES, number=NUMBERS, word=WORDS)
def test_a_changed_header_alters_nothing_in_silence(write, tmp_path_factory, keyword, where, number, word):
    chosen = {"one": [5], "upper half": range(7, SLICES), "every second": range(0, SLICES, 2), "all": range(SLICES)}[
        where
    ]
    folder = tmp_path_factory.mktemp("scan")
    paths = write(folder / "s")
    before = read_ct(folder / "s")
    assert before.findings == ()
    with pydicom.config.disable_value_validation():
        for k in chosen:
            dataset = pydicom.dcmread(paths[k])
            element = pydicom.datadict.dictionary_VR(keyword)
            many = {"PixelSpacing": 2, "ImagePositionPatient": 3, "ImageOrientationPatient": 6}.get(keyword, 1)
            value = "\\".join([number] * many) if element in ("DS", "IS") else word
            if element == "US":
                value = 12 if keyword == "BitsStored" else 0
                dataset[keyword].value = value
            else:
                # As characters, whatever the element should hold.
                dataset[keyword] = pydicom.DataElement(keyword, "LO" if element in ("DS", "IS") else element, value)
            dataset.save_as(paths[k])
    try:
        after = read_ct(folder / "s")
    except UnusableInputError:
        return
    same = np.array_equal(after.hu, before.hu) and after.geometry == before.geometry
    # What holds for the whole scan is its header's to say; places and pixel sizes of all slices alike too.
    facts = (
        after.acquisition != before.acquisition if where == "all" else facts_gone(before.acquisition, after.acquisition)
    )
    said = after.findings != () or facts or judged(after) != judged(before)
    assert same or said or (where == "all" and keyword == "PixelSpacing")
    # A part of the slices says something else: it is said. A sex that only some of them state is no contradiction.
    if where != "all" and replace(after.acquisition, sex=None) != replace(before.acquisition, sex=None):
        assert after.findings != ()


def judged(image: CTImage) -> set[str]:
    found = assess(image, image.acquisition)
    return {one.code for part in (found.calcium, found.bone) for one in part.findings}


def facts_gone(before: Acquisition, after: Acquisition) -> bool:
    return before.kvp is not None and after.kvp is None
