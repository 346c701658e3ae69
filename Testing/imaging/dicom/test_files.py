from __future__ import annotations

import pytest

from CACBoneAxisLib.imaging.dicom.series import find_series
from CACBoneAxisLib.imaging.dicom.slices import is_dicom
from CACBoneAxisLib.imaging.findings import UnusableInputError


@pytest.fixture
def folder(tmp_path, dicom_writer, small_hu, small_geometry):
    dicom_writer.write_series(tmp_path / "study", small_hu, small_geometry)
    return tmp_path / "study"


def test_dicom_is_known_by_its_first_bytes(folder, tmp_path):
    assert is_dicom(folder / "IM0001.dcm")
    whole = (folder / "IM0001.dcm").read_bytes()
    (tmp_path / "old").write_bytes(b"\x08\0\x05\0" + whole[200:])
    assert is_dicom(tmp_path / "old")
    for name, content in {"empty": b"", "text": b"hello" * 100, "short": b"DICM"}.items():
        (tmp_path / name).write_bytes(content)
        assert not is_dicom(tmp_path / name)
    assert not is_dicom(tmp_path / "absent")


def test_every_slice_knows_its_place_and_scale(folder, small_geometry):
    found = find_series(folder)
    (series,) = found.series
    assert (len(series.slices), found.damaged, series.series_number, series.description) == (8, 0, 1, "CaScore 3.0")
    one = next(s for s in series.slices if s.path.name == "IM0003.dcm")
    assert one.position_mm == pytest.approx(tuple(small_geometry.to_lps([0, 0, 2])), abs=1e-9)
    # Along a row first: Pixel Spacing has it the other way round.
    assert one.spacing_mm == small_geometry.spacing_mm[:2]
    assert (one.rows, one.columns, one.slope, one.intercept) == (10, 12, 1.0, -1024.0)
    assert series.header.KVP == 120


def test_what_a_folder_has_instead_is_said(tmp_path, dicom_writer, small_hu, small_geometry):
    mr = {"Modality": "MR"}
    dicom_writer.write_series(tmp_path / "s", small_hu, small_geometry, header=mr)
    capture = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}
    dicom_writer.write_series(tmp_path / "s", small_hu, small_geometry, header=capture, skip=range(1, 8), prefix="SC")
    with pytest.raises(UnusableInputError) as caught:
        find_series(tmp_path / "s")
    assert str(caught.value) == (
        "s holds no CT images (there is: 8 x MR object, screen capture or other derived object)."
    )


def test_a_header_that_ends_before_its_size_is_refused_by_name(folder):
    whole = (folder / "IM0003.dcm").read_bytes()
    place = whole.index(b"\x28\0\x10\0US")
    (folder / "IM0003.dcm").write_bytes(whole[:place])
    with pytest.raises(UnusableInputError, match=r"^file 3 of 8 cannot be read as an image\.$"):
        find_series(folder)


@pytest.mark.parametrize(
    ("image_type", "is_slice"),
    [
        (["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"], True),
        (["DERIVED", "PRIMARY", "AXIAL", "LOW DOSE"], True),
        (["ORIGINAL", "PRIMARY", "LOCALIZER", "CT_SOM5 TOP"], False),
        (["ORIGINAL", "SECONDARY", "SCOUT_LAT"], False),
        (["DERIVED", "SECONDARY", "OTHER", "DOSE_INFO"], False),
        (["DERIVED", "SECONDARY", "SCREEN SAVE"], False),
    ],
)
def test_slices_are_told_from_localizers_and_dose_sheets(
    tmp_path, dicom_writer, small_hu, small_geometry, image_type, is_slice
):
    dicom_writer.write_series(tmp_path / "s", small_hu, small_geometry, header={"ImageType": image_type})
    if is_slice:
        assert len(find_series(tmp_path / "s").series) == 1
    else:
        with pytest.raises(UnusableInputError, match=r"8 x (localizer|dose sheet|screen capture)"):
            find_series(tmp_path / "s")
