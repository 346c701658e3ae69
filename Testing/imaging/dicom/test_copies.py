from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from CACBoneAxisLib.imaging.dicom.copies import without_copies
from CACBoneAxisLib.imaging.dicom.files import scan_files


@pytest.fixture
def folder(tmp_path, dicom_writer, small_hu, small_geometry):
    dicom_writer.write_series(tmp_path / "s", small_hu, small_geometry)
    return tmp_path / "s"


def slices_of(folder):
    (group,) = scan_files(folder).groups.values()
    return [one for _, own in group for one in own]


def test_the_same_instance_is_a_copy_whatever_its_file(folder):
    shutil.copy(folder / "IM0003.dcm", folder / "again.dcm")
    kept, dropped = without_copies(slices_of(folder))
    assert (len(kept), dropped) == (8, 1)


def test_the_same_pixels_at_the_same_place_are_a_copy_under_another_instance(folder, dicom_writer, small_hu):
    pydicom = pytest.importorskip("pydicom")
    dataset = pydicom.dcmread(folder / "IM0003.dcm")
    dataset.SOPInstanceUID = "1.2.3.4"
    dicom_writer.save(dataset, folder / "resent.dcm")
    assert without_copies(slices_of(folder))[1] == 1
    # One value differs, and it is another image.
    pixels = dataset.pixel_array.copy()
    pixels[0, 0] ^= 1
    dataset.PixelData = pixels.tobytes()
    dicom_writer.save(dataset, folder / "resent.dcm")
    assert without_copies(slices_of(folder))[1] == 0


def test_the_same_pixels_at_another_place_or_phase_are_no_copy(folder):
    slices = slices_of(folder)
    x, y, z = slices[0].position_mm
    moved = replace(slices[0], instance_uid="1.2.3.4", position_mm=(x, y, z + 1.0))
    shutil.copy(slices[0].path, folder / "phase")
    other = replace(slices[0], path=folder / "phase", instance_uid="1.2.3.5", traits=("75", *slices[0].traits[1:]))
    assert without_copies([*slices, moved, other])[1] == 0


def test_frames_of_one_file_are_no_copies_of_each_other(folder):
    one = slices_of(folder)[0]
    assert without_copies([one, replace(one, frame=1)])[1] == 0
