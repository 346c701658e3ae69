from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.labels import LabelImage, write_labels

CT = ImageGeometry((10, 12, 14), (0.7, 0.8, 2.5), (-20.0, 5.0, 100.0))


def labels_in(shape=(10, 12, 14)) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[3:6, 4:8, 5:9] = 20
    labels[6:8, 4:8, 5:9] = 21
    return labels


def image_of(array, geometry=CT, **kwargs) -> sitk.Image:
    image = sitk.GetImageFromArray(array, **kwargs)
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    return image


def test_a_labelmap_of_any_order_lies_on_the_ct(tmp_path):
    for order, flips in product(permutations(range(3)), product([False, True], repeat=3)):
        stored = sitk.Flip(sitk.PermuteAxes(image_of(labels_in()), order), flips, False)
        sitk.WriteImage(stored, str(tmp_path / "l.nii.gz"))
        read = read_labels(tmp_path / "l.nii.gz")
        assert np.array_equal(read.on_grid_of(CT).labels, labels_in())
        assert read.on_grid_of(CT).geometry == CT
    assert (read.names, read.name, len(read.sha256)) == (None, "l.nii.gz", 64)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64, np.uint16])
def test_labels_stored_in_other_types_are_the_same(tmp_path, dtype):
    sitk.WriteImage(image_of(labels_in().astype(dtype)), str(tmp_path / "l.nrrd"))
    read = read_labels(tmp_path / "l.nrrd")
    assert np.issubdtype(read.labels.dtype, np.unsignedinteger)
    assert np.array_equal(read.labels, labels_in())


def segmentation(path, array, segments, origin, **kwargs):
    image = image_of(array, ImageGeometry(array.shape[:3], CT.spacing_mm, origin), **kwargs)
    for number, (name, value, layer) in enumerate(segments):
        for key, text in {"ID": f"S{number}", "Name": name, "LabelValue": value, "Layer": layer}.items():
            image.SetMetaData(f"Segment{number}_{key}", str(text))
    sitk.WriteImage(image, str(path), True)
    return path


def test_a_cropped_segmentation_is_padded_to_the_ct(tmp_path):
    cropped = labels_in()[3:8, 4:8, 5:9]
    origin = CT.to_lps([5, 4, 3])
    path = segmentation(tmp_path / "a.seg.nrrd", cropped, [("vertebrae_L1", 20, 0), ("T12", 21, 0)], origin)
    read = read_labels(path)
    assert read.names == {20: "vertebrae_L1", 21: "T12"}
    assert read.labels.shape == (5, 4, 4)
    placed = read.on_grid_of(CT)
    assert np.array_equal(placed.labels, labels_in())
    assert (placed.names, placed.name) == (read.names, "a.seg.nrrd")


def test_overlapping_segments_in_layers_get_numbers_of_their_own(tmp_path):
    first, second = np.zeros((2, 10, 12, 14), np.uint8)
    first[3:6], first[6:8] = 1, 2
    second[7:9] = 1
    segments = [("L1", 1, 0), ("T12", 2, 0), ("T11", 1, 1)]
    path = segmentation(tmp_path / "a.seg.nrrd", np.stack([first, second], -1), segments, CT.origin_mm, isVector=True)
    read = read_labels(path)
    assert read.names == {1: "L1", 2: "T12", 3: "T11"}
    # Slice 7 belongs to both T12 and T11: the later segment has it.
    assert read.labels[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 3, 3, 0]


def test_what_lies_outside_is_cut_only_where_it_is_empty():
    labels = np.zeros((14, 12, 14), np.uint8)
    labels[3:6] = 20
    larger = ImageGeometry(labels.shape, CT.spacing_mm, tuple(CT.to_lps([0, 0, -2]).tolist()))
    placed = LabelImage(labels, larger, None, "l").on_grid_of(CT)
    assert placed.labels[:, 0, 0].tolist() == [0, 20, 20, 20, 0, 0, 0, 0, 0, 0]
    labels[0] = 1
    with pytest.raises(UnusableInputError, match="168 of its labelled voxels lie outside the CT"):
        LabelImage(labels, larger, None, "l").on_grid_of(CT)


def moved(offset_xyz) -> ImageGeometry:
    return ImageGeometry(CT.shape, CT.spacing_mm, tuple(CT.to_lps(offset_xyz).tolist()))


@pytest.mark.parametrize(
    "geometry",
    [
        moved([0.5, 0, 0]),
        moved([0, 0.2, 0]),
        moved([0, 0, 0.3]),
        ImageGeometry(CT.shape, (0.7, 0.8, 2.4), CT.origin_mm),
        ImageGeometry(CT.shape, CT.spacing_mm, CT.origin_mm, ((1, 0, 0), (0, 0.9998, -0.02), (0, 0.02, 0.9998))),
        moved([500, 0, 0]),
    ],
    ids=["half a voxel", "a fifth", "along z", "other increment", "turned", "far away"],
)
def test_another_grid_is_refused_and_never_resampled(geometry):
    with pytest.raises(UnusableInputError, match=r"^l is not on the CT's grid: .+\.$") as caught:
        LabelImage(labels_in(), geometry, None, "l").on_grid_of(CT)
    assert caught.value.code == "labels-grid"


def test_the_last_digits_of_a_format_do_not_matter():
    geometry = moved([1e-4, -1e-4, 1e-4])
    assert np.array_equal(LabelImage(labels_in(), geometry, None, "l").on_grid_of(CT).labels, labels_in())


@pytest.mark.parametrize("array", [labels_in().astype(np.float32) / 3, labels_in().astype(np.int16) - 1])
def test_what_is_no_labelmap_is_refused(tmp_path, array):
    sitk.WriteImage(image_of(array), str(tmp_path / "l.nrrd"))
    with pytest.raises(UnusableInputError) as caught:
        read_labels(tmp_path / "l.nrrd")
    assert caught.value.code == "labels-values"


def test_the_published_vertebrae_lie_on_their_ct(shared_data):
    from CACBoneAxisLib.imaging.load import read_ct

    image = read_ct(shared_data / "spine" / "ct.nii.gz")
    labels = read_labels(shared_data / "spine" / "vertebral_bodies.nii.gz").on_grid_of(image.geometry)
    assert sorted(np.unique(labels.labels).tolist()) == [0, 19, 20, 21, 22, 23, 24]


def test_written_labels_are_read_with_their_names_and_place(tmp_path):
    write_labels(tmp_path / "spine.seg.nrrd", LabelImage(labels_in(), CT, {20: "L1", 21: "T12"}))
    read = read_labels(tmp_path / "spine.seg.nrrd")
    assert np.array_equal(read.on_grid_of(CT).labels, labels_in())
    assert (read.names, read.geometry) == ({20: "L1", 21: "T12"}, CT)


def test_a_segment_that_its_reader_left_out_is_read_with_the_reason(tmp_path):
    names = {20: "vertebrae_L1", 21: "T12"}
    labels = LabelImage(labels_in(), CT, names, excluded={21: "old fracture |\n of its upper plate"})
    write_labels(tmp_path / "a.seg.nrrd", labels)
    read = read_labels(tmp_path / "a.seg.nrrd")
    assert read.excluded == {21: "old fracture / of its upper plate"}
    assert read.on_grid_of(CT).excluded == read.excluded


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ("CACBoneAxis.Excluded:fracture|TerminologyEntry:a~b^c|", "fracture"),
        ("TerminologyEntry:a~b^c|CACBoneAxis.Excluded:|", "no reason given"),
        ("TerminologyEntry:CACBoneAxis.Excluded|", None),
        ("", None),
    ],
)
def test_tags_are_read_as_slicer_writes_them(tmp_path, tags, reason):
    """``key:value|`` for each, as vtkMRMLSegmentationStorageNode::GetSegmentTagsAsString joins them."""
    image = image_of(labels_in())
    for key, text in {"ID": "S", "Name": "L1", "LabelValue": "20", "Layer": "0", "Tags": tags}.items():
        image.SetMetaData(f"Segment0_{key}", text)
    sitk.WriteImage(image, str(tmp_path / "a.seg.nrrd"), True)
    assert read_labels(tmp_path / "a.seg.nrrd").excluded == ({} if reason is None else {20: reason})
