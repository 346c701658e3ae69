from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from CACBoneAxisLib.imaging.dicom.elements import first, image_type, kernel, number, numbers, text


def a_header(**elements) -> Dataset:
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return header


def test_absent_elements_are_nothing():
    for source in (None, Dataset()):
        assert text(source, "Manufacturer") == ""
        assert number(source, "KVP") is None
        assert numbers(source, "PixelSpacing", 2) is None
    assert (first(Dataset(), "SharedFunctionalGroupsSequence"), image_type(Dataset()), kernel(Dataset())) == (
        None,
        (),
        None,
    )


def test_text_is_one_line_without_control_characters():
    assert text(a_header(SeriesDescription="Ca\nScore \x1b[31m 3 "), "SeriesDescription") == "Ca Score [31m 3"
    assert text(a_header(ConvolutionKernel=["Br38f", "3"]), "ConvolutionKernel") == "Br38f 3"


@pytest.mark.parametrize(("count", "expected"), [(2, (0.5, 0.6)), (3, None), (1, None)])
def test_numbers_come_in_the_count_that_is_asked_for(count, expected):
    assert numbers(a_header(PixelSpacing=["0.5", "0.6"]), "PixelSpacing", count) == expected


def test_numbers_of_other_types_are_numbers():
    assert number(a_header(Rows=512), "Rows") == 512.0
    assert number(a_header(NominalPercentageOfCardiacPhase=70.5), "NominalPercentageOfCardiacPhase") == 70.5


def test_text_that_is_no_number_is_nothing():
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    header = Dataset()
    for tag, value in {0x00180060: b"1e999 ", 0x00180050: b"abc ", 0x00281053: b"1.5\0"}.items():
        header[tag] = RawDataElement(Tag(tag), "DS", len(value), value, 0, False, True)
    assert (number(header, "KVP"), number(header, "SliceThickness")) == (None, None)
    assert number(header, "RescaleSlope") == 1.5


def test_the_kernel_is_also_found_in_the_groups_of_an_enhanced_header():
    group = a_header(CTReconstructionSequence=[a_header(ConvolutionKernel="FC12")])
    assert kernel(a_header(SharedFunctionalGroupsSequence=[group])) == "FC12"
    assert kernel(a_header(PerFrameFunctionalGroupsSequence=[group])) == "FC12"


def test_a_persons_name_is_one_text():
    assert text(a_header(PatientName="Doe^Jane"), "PatientName") == "Doe^Jane"
