from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom import acquisition, elements, files
from CACBoneAxisLib.imaging.dicom.acquisition import acquisition_from, header_findings


def a_header(**elements) -> Dataset:
    header = Dataset()
    header.Modality = "CT"
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return header


def sequence(**elements) -> list[Dataset]:
    return [a_header(**elements)]


def test_a_header_that_says_nothing_leaves_everything_open():
    assert acquisition_from(Dataset()) == Acquisition(modality="CT")


def test_what_the_header_says_is_taken():
    read = acquisition_from(
        a_header(
            KVP="100",
            ConvolutionKernel=["Qr36d", "3"],
            SliceThickness="3",
            Manufacturer="SIEMENS",
            ManufacturerModelName="Force",
            PatientSex="F",
            PatientAge="063Y",
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        )
    )
    assert (read.kvp, read.kernel, read.slice_thickness_mm) == (100.0, "Qr36d 3", 3.0)
    assert (read.manufacturer, read.model, read.sex, read.age_years) == ("SIEMENS", "Force", "F", 63.0)
    assert read.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")


def test_zero_and_damaged_numbers_are_unknown():
    assert acquisition_from(a_header(KVP="0", SliceThickness="0")) == Acquisition(modality="CT")
    assert acquisition_from(a_header(KVP=None, ConvolutionKernel="")) == Acquisition(modality="CT")


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize(
    ("elements", "years"),
    [
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientAge": "026W"}, 0.5),
        ({"PatientAge": "000Y"}, None),
        ({"PatientAge": "0Y"}, None),
        ({"PatientAge": "999Y"}, None),
        ({"PatientAge": "Y"}, None),
        ({"PatientBirthDate": "19600302", "StudyDate": "20240301"}, 63.0),
        ({"PatientBirthDate": "19600301", "StudyDate": "20240301"}, 64.0),
        ({"PatientBirthDate": "19600229", "AcquisitionDate": "20240228", "StudyDate": "20240301"}, 63.0),
        ({"PatientBirthDate": "20240301", "StudyDate": "20240301"}, None),
        ({"PatientBirthDate": "18000101", "StudyDate": "20240301"}, None),
        ({"PatientBirthDate": "1960", "StudyDate": "20240301"}, None),
        ({"StudyDate": "20240301"}, None),
    ],
)
def test_the_age_is_stated_or_follows_from_the_dates(elements, years):
    assert acquisition_from(a_header(**elements)).age_years == years


@pytest.mark.parametrize(("value", "sex"), [("F", "F"), ("M", "M"), ("O", None), ("", None)])
def test_sex_is_female_male_or_unknown(value, sex):
    assert acquisition_from(a_header(PatientSex=value)).sex == sex


@pytest.mark.parametrize(
    ("elements", "contrast"),
    [
        ({}, None),
        ({"ContrastBolusAgent": ""}, None),
        ({"ContrastBolusAgent": "APPLIED"}, True),
        ({"ContrastBolusAgent": "ISOVUE300/100"}, True),
        ({"ContrastBolusAgent": "none"}, False),
        ({"ContrastBolusAgent": "NO"}, False),
        ({"ContrastBolusVolume": "90"}, True),
        ({"ContrastBolusVolume": "0"}, None),
        ({"ContrastBolusAgent": "Gastrografin", "ContrastBolusRoute": "ORAL"}, None),
        ({"ContrastBolusAgentSequence": sequence()}, None),
        ({"ContrastBolusAgentSequence": sequence(CodeMeaning="Iohexol")}, True),
        ({"ContrastBolusAgentSequence": sequence(CodeMeaning="No contrast")}, False),
        ({"ContrastBolusAgent": "APPLIED", "ContrastBolusVolume": "0"}, True),
        ({"ContrastBolusAgent": "WITHOUT", "ContrastBolusVolume": "80"}, None),
        ({"ContrastBolusAgent": "Omnipaque", "ContrastBolusRoute": "ORAL and IV"}, True),
        ({"SharedFunctionalGroupsSequence": sequence(ContrastBolusUsageSequence=sequence())}, None),
        (
            {
                "SharedFunctionalGroupsSequence": sequence(
                    ContrastBolusUsageSequence=sequence(ContrastBolusAgentAdministered="YES")
                )
            },
            True,
        ),
    ],
)
def test_contrast_is_what_the_header_states(elements, contrast):
    assert acquisition_from(a_header(**elements)).contrast is contrast


@pytest.mark.parametrize(
    ("elements", "gated"),
    [
        ({}, None),
        ({"HeartRate": "0"}, None),
        ({"TriggerTime": "0"}, None),
        ({"HeartRate": "62"}, True),
        ({"NominalPercentageOfCardiacPhase": 70.0}, True),
        ({"TriggerTime": "450"}, True),
        ({"CardiacSynchronizationTechnique": "PROSPECTIVE"}, True),
        ({"CardiacSynchronizationTechnique": "NONE", "HeartRate": "62"}, False),
        ({"SharedFunctionalGroupsSequence": sequence(CardiacSynchronizationSequence=sequence(HeartRate="0"))}, None),
        (
            {
                "PerFrameFunctionalGroupsSequence": sequence(
                    CardiacSynchronizationSequence=sequence(NominalPercentageOfCardiacPhase=75.0)
                )
            },
            True,
        ),
    ],
)
def test_gating_is_believed_only_where_the_header_says_so(elements, gated):
    assert acquisition_from(a_header(**elements)).ecg_gated is gated


def test_an_enhanced_header_says_it_in_its_groups():
    read = acquisition_from(
        a_header(
            SharedFunctionalGroupsSequence=sequence(
                CTXRayDetailsSequence=sequence(KVP=120.0),
                PixelMeasuresSequence=sequence(SliceThickness="2.5"),
                CTReconstructionSequence=sequence(ConvolutionKernel="STANDARD"),
            )
        )
    )
    assert (read.kvp, read.slice_thickness_mm, read.kernel) == (120.0, 2.5, "STANDARD")


def test_nothing_that_identifies_the_patient_is_kept():
    header = a_header(
        PatientName="Doe^Jane",
        PatientID="SECRET",
        PatientBirthDate="19600229",
        StudyDate="20240301",
        AccessionNumber="A1",
    )
    kept = str(asdict(acquisition_from(header)))
    assert not any(word in kept for word in ("Doe", "SECRET", "1960", "2024", "A1"))


@pytest.mark.parametrize("module", [acquisition, elements, files])
def test_every_keyword_in_the_code_is_in_the_dicom_dictionary(module):
    source = Path(module.__file__).read_text(encoding="utf-8")
    keywords = set(re.findall(r'"((?:[A-Z][a-z]+){2,}|KVP|Rows|Columns|[A-Z]\w+Sequence)"', source))
    assert len(keywords) > 4
    assert [keyword for keyword in keywords if tag_for_keyword(keyword) is None] == []


@pytest.mark.filterwarnings("ignore:Invalid value for VR", "ignore:The value length")
@pytest.mark.parametrize(
    ("elements", "years", "code"),
    [
        ({"PatientAge": "063Y"}, 63.0, None),
        ({"PatientAge": "63Y", "PatientBirthDate": "19600229", "StudyDate": "20240301"}, 63.0, None),
        ({"PatientAge": "070Y", "PatientBirthDate": "19600229", "StudyDate": "20240301"}, 70.0, "age-contradicted"),
        ({"PatientAge": "18M"}, 1.5, None),
        ({"PatientAge": "063"}, 63.0, None),
        ({"PatientAge": " 63 Y"}, 63.0, None),
        ({"PatientAge": "000Y", "PatientBirthDate": "19600229", "StudyDate": "20240301"}, 64.0, None),
        ({"PatientAge": "sixty3", "PatientBirthDate": "19600229", "StudyDate": "20240301"}, 64.0, "age-unreadable"),
        ({"PatientAge": "999Y"}, None, "age-unreadable"),
        ({"PatientBirthDate": "19600229", "StudyDate": "20240228"}, 63.0, None),
        ({"PatientBirthDate": "20250101", "StudyDate": "20240301"}, None, None),
        ({}, None, None),
    ],
)
def test_an_age_that_dates_contradict_or_nobody_can_read_is_said(elements, years, code):
    header = a_header(**elements)
    assert acquisition_from(header).age_years == years
    assert [one.code for one in header_findings(header)] == ([] if code is None else [code])


def test_a_frame_adds_its_type_and_calculation_to_the_image_type():
    kind = sequence(FrameType=["DERIVED", "PRIMARY", "VOLUME", "NONE"], VolumeBasedCalculationTechnique="MAX_IP")
    header = a_header(ImageType=["MIXED", "PRIMARY", "VOLUME", "NONE"])
    header.SharedFunctionalGroupsSequence = sequence(CTImageFrameTypeSequence=kind)
    header.PerFrameFunctionalGroupsSequence = sequence()
    assert acquisition_from(header).image_type == ("MIXED", "PRIMARY", "VOLUME", "NONE", "DERIVED", "MAX_IP")
