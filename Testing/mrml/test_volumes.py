"""Volume nodes as CT images."""

from __future__ import annotations

import json
from itertools import permutations, product

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.acquisition import Acquisition  # noqa: E402
from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.volumes import (  # noqa: E402
    ACQUISITION_ATTRIBUTE,
    acquisition_of,
    image_from_volume,
    keep_acquisition,
)

SPACING_XYZ = (0.7, 0.8, 2.5)
ORIGIN_LPS = (-31.5, 12.25, -140.0)


@pytest.fixture
def patient() -> np.ndarray:
    """A patient whose voxels all differ: 4 slices of 5 rows of 6 columns, (z, y, x)."""
    return np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) * 12 - 1000


def matrix_to_ras() -> np.ndarray:
    """The axial patient's matrix from (x, y, z) to RAS, by hand."""
    to_lps = np.diag([*SPACING_XYZ, 1.0])
    to_lps[:3, 3] = ORIGIN_LPS
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ to_lps


def stored(patient: np.ndarray, order: tuple[int, ...], signs: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The same patient stored with its axes in another order and direction: array (k, j, i) and IJK to RAS."""
    xyz = patient.transpose(2, 1, 0)
    matrix = np.eye(4)
    to_axial = np.zeros((4, 4))
    to_axial[3, 3] = 1
    for new, (old, sign) in enumerate(zip(order, signs, strict=True)):
        to_axial[old, new] = sign
        to_axial[old, 3] = xyz.shape[old] - 1 if sign < 0 else 0
    matrix = matrix_to_ras() @ to_axial
    array = xyz[tuple(slice(None, None, signs[order.index(a)]) for a in range(3))].transpose(order)
    return np.ascontiguousarray(array.transpose(2, 1, 0)), matrix


ORDERS = [(o, s) for o in permutations(range(3)) for s in product((1, -1), repeat=3)]


@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_the_same_patient_comes_out_of_each_of_the_48_axis_orders(scene, patient, order, signs):
    array, matrix = stored(patient, order, signs)
    image = image_from_volume(slicer.util.addVolumeFromArray(array, matrix, "CT"))
    assert np.array_equal(image.hu, patient)
    assert image.geometry.spacing_mm == SPACING_XYZ
    assert np.allclose(image.geometry.index_to_lps[:3, 3], ORIGIN_LPS, atol=1e-9)
    assert np.allclose(image.geometry.direction, np.eye(3), atol=1e-12)


def test_the_voxels_are_not_copied(scene, patient):
    volume = slicer.util.addVolumeFromArray(patient, matrix_to_ras(), "CT")
    assert np.shares_memory(image_from_volume(volume).hu, slicer.util.arrayFromVolume(volume))


def test_a_transform_is_refused_until_it_is_hardened(scene, patient):
    volume = slicer.util.addVolumeFromArray(patient, matrix_to_ras(), "CT")
    move = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Move")
    volume.SetAndObserveTransformNodeID(move.GetID())
    # The identity moves nothing.
    assert np.allclose(image_from_volume(volume).geometry.origin_mm, ORIGIN_LPS)
    shift = np.eye(4)
    shift[:3, 3] = (10, 20, 30)
    move.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    with pytest.raises(UnusableInputError, match="CT stands under the transform Move: harden it first"):
        image_from_volume(volume)
    volume.HardenTransform()
    image = image_from_volume(volume)
    assert np.array_equal(image.hu, patient)
    # RAS (10, 20, 30) is LPS (-10, -20, 30).
    assert np.allclose(image.geometry.origin_mm, np.add(ORIGIN_LPS, (-10, -20, 30)))


def test_a_transform_that_stretches_is_refused_by_name(scene, patient):
    volume = slicer.util.addVolumeFromArray(patient, matrix_to_ras(), "CT")
    stretch = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Stretch")
    stretch.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.1, 1, 1, 1])))
    volume.SetAndObserveTransformNodeID(stretch.GetID())
    with pytest.raises(UnusableInputError, match="Stretch"):
        image_from_volume(volume)


@pytest.mark.parametrize(("degrees", "words"), [(14.0, "tilted by 14.0 degrees"), (0.6, "0.6 degrees"), (0.4, None)])
def test_slices_sheared_by_a_tilted_gantry_are_refused_as_from_their_files(scene, database, degrees, words):
    # Slicer loads such a series with axes that are not at right angles: x and y lie in the slices,
    # z goes straight up, and the length of z is no slice increment.
    volume = database("axial").volume
    tilt = np.radians(degrees)
    sheared = matrix_to_ras()
    sheared[:3, 1] = SPACING_XYZ[1] * np.array([0, -np.cos(tilt), -np.sin(tilt)])
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(sheared))
    if words is None:
        assert image_from_volume(volume).geometry.spacing_mm == SPACING_XYZ
        return
    with pytest.raises(UnusableInputError, match=words):
        image_from_volume(volume)
    volume.RemoveAttribute("DICOM.instanceUIDs")
    with pytest.raises(UnusableInputError, match="not at right angles"):
        image_from_volume(volume)


def test_a_series_that_slicer_straightens_is_refused_with_what_to_load_instead(scene, database):
    # Slicer's DICOM reader puts a grid transform over slices that are no regular grid; any other
    # bending transform was put there by a person, who is told to harden it.
    volume = database("axial").volume
    bend = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "CT acquisition transform")
    volume.SetAndObserveTransformNodeID(bend.GetID())
    with pytest.raises(UnusableInputError, match="load a reconstruction with even slices"):
        image_from_volume(volume)
    volume.RemoveAttribute("DICOM.instanceUIDs")
    with pytest.raises(UnusableInputError, match="harden it first"):
        image_from_volume(volume)


def test_a_label_volume_is_not_taken_for_a_ct(scene, patient):
    labels = slicer.util.addVolumeFromArray(patient, matrix_to_ras(), "Labels", "vtkMRMLLabelMapVolumeNode")
    with pytest.raises(UnusableInputError, match="label volume"):
        image_from_volume(labels)


def test_a_volume_without_voxels_and_no_volume_at_all_are_refused(scene):
    with pytest.raises(UnusableInputError, match="empty"):
        image_from_volume(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"))
    with pytest.raises(UnusableInputError, match="CT volume"):
        image_from_volume(None)


@pytest.fixture
def dicom_volume(scene, patient, tmp_path, monkeypatch):
    """Return a maker of a volume in a DICOM database: of its two slices the file of the first is gone."""
    pydicom = pytest.importorskip("pydicom")

    def make(**elements):
        header = pydicom.Dataset()
        header.SOPClassUID, header.SOPInstanceUID = pydicom.uid.CTImageStorage, "1.2.4"
        for name, value in elements.items():
            setattr(header, name, value)
        header.file_meta = pydicom.dataset.FileMetaDataset()
        header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        header.save_as(tmp_path / "1.2.4", enforce_file_format=True)
        database = type("Database", (), {"fileForInstance": lambda self, uid: str(tmp_path / uid)})()
        monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
        volume = slicer.util.addVolumeFromArray(patient, matrix_to_ras(), "CT")
        volume.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
        return volume

    return make


def test_what_the_dicom_database_knows_is_read(dicom_volume):
    known = acquisition_of(dicom_volume(KVP="100", ConvolutionKernel="Qr36", PatientSex="F"))
    assert (known.kvp, known.kernel, known.sex, known.modality) == (100.0, "Qr36", "F", "CT")


def test_without_the_attribute_the_database_or_the_files_nothing_is_known(dicom_volume, monkeypatch, tmp_path):
    volume = dicom_volume(KVP="100")
    (tmp_path / "1.2.4").write_bytes(b"no DICOM")
    assert acquisition_of(volume).kvp is None
    (tmp_path / "1.2.4").unlink()
    assert acquisition_of(volume).kvp is None
    monkeypatch.setattr(slicer, "dicomDatabase", None)
    assert acquisition_of(volume).kvp is None
    volume.RemoveAttribute("DICOM.instanceUIDs")
    assert acquisition_of(volume).kvp is None


def test_a_volume_of_another_modality_is_refused_by_name(dicom_volume):
    with pytest.raises(UnusableInputError, match="says MR, not CT"):
        image_from_volume(dicom_volume(Modality="MR"))


def test_facts_that_only_a_newer_version_knows_are_named_kept_and_not_used(scene, small_ct):
    volume = add_volume(small_ct, scene)
    volume.SetAttribute(ACQUISITION_ATTRIBUTE, '{"kvp": 100.0, "image_type": ["ORIGINAL"], "tin_filter_mm": 0.6}')
    image = image_from_volume(volume)
    assert image.acquisition == Acquisition(kvp=100.0, image_type=("ORIGINAL",))
    assert [f.code for f in image.findings if f.code == "acquisition-newer"] == ["acquisition-newer"]
    assert "tin_filter_mm" in next(f.message for f in image.findings)
    keep_acquisition(volume, image.acquisition)
    assert json.loads(volume.GetAttribute(ACQUISITION_ATTRIBUTE))["tin_filter_mm"] == 0.6


@pytest.mark.parametrize("text", ["{", "[]", '{"kvp": "x"}', '{"kvp": 1e400}', '{"contrast": 3}', "[" * 3000])
def test_damaged_facts_about_the_scan_are_refused_in_a_sentence(scene, small_ct, text):
    volume = add_volume(small_ct, scene)
    volume.SetAttribute(ACQUISITION_ATTRIBUTE, text)
    with pytest.raises(UnusableInputError, match="The scene is damaged"):
        image_from_volume(volume)
