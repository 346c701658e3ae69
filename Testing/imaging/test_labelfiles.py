"""Labels from single files, folders of masks, several masks and DICOM segmentations."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.bone.numbering import is_level, level_numbers
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labelfiles import claimed_scheme, read_labels

SHAPE = (10, 12, 14)


def block(z: int, shape=SHAPE) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[z : z + 2, 4:8, 5:9] = 1
    return labels


def written(path, array, origin=(0.0, 0.0, 0.0)):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(path))
    return path


def code_of(paths, *args) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read_labels(paths, *args)
    return caught.value.code


@pytest.fixture
def masks(tmp_path):
    """A folder as TotalSegmentator writes it: a mask of 0 and 1 for each class, empty where it found nothing."""
    folder = tmp_path / "segmentations"
    folder.mkdir()
    written(folder / "vertebrae_L1.nii.gz", block(5))
    written(folder / "vertebrae_L2.nii.gz", block(2))
    written(folder / "vertebrae_T1.nii.gz", np.zeros(SHAPE, np.uint8))
    written(folder / "liver.nii.gz", block(0))
    return folder


def test_a_folder_of_masks_is_one_labelmap_named_by_the_files(masks):
    labels = read_labels(masks, is_level)
    named = {name: labels.labels == n for n, name in labels.names.items()}
    assert named.keys() == {"vertebrae_L1", "vertebrae_L2"}
    assert np.array_equal(named["vertebrae_L1"], block(5) > 0)
    assert np.array_equal(named["vertebrae_L2"], block(2) > 0)
    assert labels.findings == ()


def test_several_masks_are_read_like_their_folder(masks):
    paths = [masks / "vertebrae_L2.nii.gz", masks / "vertebrae_L1.nii.gz"]
    assert sorted(read_labels(paths, is_level).names.values()) == ["vertebrae_L1", "vertebrae_L2"]


def test_one_mask_is_named_by_its_file_and_no_other_single_number_is(masks, tmp_path):
    assert read_labels(masks / "vertebrae_L1.nii.gz", is_level).names == {1: "vertebrae_L1"}
    assert read_labels(written(tmp_path / "scan 7.nii.gz", block(5)), is_level).names is None
    assert read_labels(written(tmp_path / "vertebrae_L1.nii.gz", block(5) * 20), is_level).names is None


@pytest.mark.parametrize("end", ["nii", "nrrd"])
def test_two_files_of_one_class_are_refused_by_place(masks, end):
    written(masks / f"vertebrae_L1.{end}", block(2))
    with pytest.raises(UnusableInputError, match="file 2 of 4 and file 1 have the same name") as caught:
        read_labels(masks, is_level)
    assert caught.value.code == "mask-duplicate"


def test_a_folder_with_one_vertebra_is_known_by_the_files_name_alone_as_the_file_is(masks):
    (masks / "vertebrae_L2.nii.gz").unlink()
    for given in (masks, masks / "vertebrae_L1.nii.gz"):
        assert [f.code for f in level_numbers(read_labels(given, is_level))[1]] == ["levels-named-alone"]


def test_masks_that_overlap_or_lie_elsewhere_are_said_or_refused(masks):
    written(masks / "vertebrae_L3.nii.gz", block(3))
    labels = read_labels(masks, is_level)
    # Of the block of L2 (slices 2 and 3) L3 takes slice 3: 4 x 4 voxels.
    assert [f.code for f in labels.findings] == ["masks-overlap"]
    assert labels.findings[0].message.startswith("16 voxels")
    written(masks / "vertebrae_L4.nii.gz", block(0), (50.0, 0.0, 0.0))
    assert code_of(masks, is_level) == "labels-grid"


def test_a_folder_without_masks_of_what_is_wanted_says_so(tmp_path):
    written(tmp_path / "liver.nii.gz", block(0))
    written(tmp_path / "spleen.nii.gz", block(2))
    assert code_of(tmp_path, is_level) == "masks-none"


def test_several_labelmaps_are_not_merged(masks, tmp_path):
    other = written(tmp_path / "a.nii.gz", block(0) + 2 * block(4))
    assert code_of([masks / "vertebrae_L1.nii.gz", other], is_level) == "mask-values"


def test_a_mask_whose_name_says_nothing_is_called_by_place(masks, tmp_path):
    other = written(tmp_path / "mueller.nii.gz", block(0))
    with pytest.raises(UnusableInputError, match="file 2 of 2") as caught:
        read_labels([masks / "vertebrae_L1.nii.gz", other], is_level)
    assert "mueller" not in str(caught.value)


def test_names_in_a_nifti_header_extension_name_the_labels(tmp_path):
    array = np.moveaxis(block(5) * 31 + block(2) * 30, (0, 1, 2), (2, 1, 0))
    image = nibabel.Nifti1Image(array, np.diag([0.7, 0.8, 2.5, 1.0]))
    xml = "<LabelTable>" + "".join(
        f'<Label Key="{n}" Red="1.0" Alpha="1"><![CDATA[{name}]]></Label>\n'
        for n, name in {31: "vertebrae_L1", 30: "vertebrae_L2", 5: "liver"}.items()
    )
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, f"{xml}</LabelTable>".encode()))
    for name in ("a.nii", "b.nii.gz"):
        nibabel.save(image, tmp_path / name)
        labels = read_labels(tmp_path / name)
        assert labels.names == {31: "vertebrae_L1", 30: "vertebrae_L2"}
        assert labels.named_by == "the names in the header's extension"


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("sub-verse004_seg-vert_msk.nii.gz", "verse"),
        ("TotalSegmentator_v1.nii.gz", "totalsegmentator-v1"),
        ("ct_totalseg.nii.gz", "totalsegmentator"),
        ("step2_output/a.nii.gz", "totalspineseg"),
        ("labels.nii.gz", None),
    ],
)
def test_a_files_name_may_claim_a_numbering(tmp_path, name, scheme):
    assert claimed_scheme(tmp_path / name) == scheme


def test_a_dicom_segmentation_of_another_program_is_read_as_labels(shared_data):
    labels = read_labels(shared_data / "dicom" / "enhanced" / "seg" / "label.seg")
    stored = sitk.ReadImage(str(shared_data / "dicom" / "enhanced" / "nrrd" / "label.nrrd"))
    assert np.count_nonzero(labels.labels) == np.count_nonzero(sitk.GetArrayFromImage(stored))
    assert labels.names
    assert code_of(shared_data / "dicom" / "enhanced" / "image" / "IMG0001.dcm") == "not-segmentation"


def test_bodies_under_one_number_have_no_level(tmp_path):
    assert code_of(written(tmp_path / "vertebrae_body.nii.gz", block(5)), is_level) == "labels-bodies"


def test_a_damaged_dicom_segmentation_is_one_sentence(shared_data, tmp_path):
    whole = (shared_data / "dicom" / "enhanced" / "seg" / "label.seg").read_bytes()
    rng = np.random.default_rng(3)
    for trial in range(40):
        damaged = bytearray(whole[: len(whole) * (trial + 1) // 41] if trial % 2 else whole)
        for place in rng.integers(132, len(damaged), 20) if len(damaged) > 200 else ():
            damaged[place] = rng.integers(256)
        path = tmp_path / "seg.dcm"
        path.write_bytes(damaged)
        try:
            read_labels(path, is_level)
        except UnusableInputError as error:
            assert "\n" not in str(error)
