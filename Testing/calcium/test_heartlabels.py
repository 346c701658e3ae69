"""Which label of a segmentation is what: by name, by TotalSegmentator's number, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.calcium.heartlabels import HeartLabels, heart_labels, part_of
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.labels import LabelImage

GEOMETRY = ImageGeometry((4, 40, 40), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))


def image_of(*numbers: int, names: dict[int, str] | None = None) -> LabelImage:
    labels = np.zeros(GEOMETRY.shape, dtype=np.uint8)
    for k, number in enumerate(numbers):
        labels[:, 2 * k : 2 * k + 2] = number
    return LabelImage(labels, GEOMETRY, names, "seg.nii.gz")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("heart", "heart"),
        ("heart_atrium_left", "LA"),
        ("Left ventricle of heart", "LV"),
        ("heart_myocardium", "LV"),
        ("Right Atrium", "RA"),
        ("heart_ventricle_right", "RV"),
        ("atrial_appendage_left", "heart"),
        ("aorta", "aorta"),
        ("Descending aorta", "aorta"),
        ("vertebrae_T12", "bone"),
        ("rib_left_5", "bone"),
        ("sternum", "bone"),
        ("pulmonary_vein", None),
        ("lung_upper_lobe_left", None),
        ("ribosome", None),
        ("", None),
    ],
)
def test_a_segments_name(name: str, part: str | None) -> None:
    assert part_of(name) == part


def test_names_decide_before_numbers() -> None:
    found, said = heart_labels(image_of(51, 2, names={51: "vertebrae_L1", 2: "heart"}), asked=False)
    assert found is not None
    assert dict(found.parts) == {"bone": (51,), "heart": (2,)}
    assert not said


def test_totalsegmentators_numbers_are_taken_and_that_is_said() -> None:
    found, said = heart_labels(image_of(51, 52, 31, 116, 10), asked=False)
    assert found is not None
    assert set(found.parts["bone"]) == {31, 116}
    assert (found.parts["heart"], found.parts["aorta"]) == ((51,), (52,))
    assert [f.code for f in said] == ["heart-numbers-assumed"]
    chambers, _ = heart_labels(image_of(1, 2, 3, 4, 5, 6, 7), asked=True)
    assert chambers is not None
    assert chambers.has_chambers
    assert set(chambers.parts["LV"]) == {1, 3}


def test_a_file_of_vertebrae_without_a_heart_is_no_heart_and_one_given_as_the_heart_is_refused() -> None:
    assert heart_labels(image_of(31, 32), asked=False) == (None, ())
    assert heart_labels(image_of(1), asked=False) == (None, ())
    # A single label without a name may be anything.
    for number in (1, 51):
        with pytest.raises(UnusableInputError, match="may be anything"):
            heart_labels(image_of(number), asked=True)
    alone, said = heart_labels(image_of(1, names={1: "heart"}), asked=True)
    assert alone is not None
    assert (dict(alone.parts), said) == ({"heart": (1,)}, ())
    with pytest.raises(UnusableInputError, match="names no heart"):
        heart_labels(image_of(31, 32), asked=True)
    with pytest.raises(UnusableInputError, match="names no heart"):
        heart_labels(image_of(), asked=True)


def test_the_descending_aorta_is_the_piece_farthest_back_and_as_wide_as_a_disc_of_its_area() -> None:
    labels = np.zeros(GEOMETRY.shape, dtype=np.uint8)
    y, x = np.mgrid[:40, :40]
    for z in (1, 3):
        labels[z][(y - 30) ** 2 + (x - 25) ** 2 <= 36] = 6
        labels[z][(y - 10) ** 2 + (x - 15) ** 2 <= 64] = 6
    course = HeartLabels(labels, {"aorta": (6,)}, "a").descending_aorta(GEOMETRY)
    assert course is not None
    # A slice without a label lies between its neighbours.
    for row in course:
        assert row == pytest.approx((30, 25, 6), abs=0.2)
    assert HeartLabels(labels, {"heart": (6,)}, "a").descending_aorta(GEOMETRY) is None


def test_distances_are_those_to_the_nearest_labelled_voxel() -> None:
    labels = np.zeros(GEOMETRY.shape, dtype=np.uint8)
    labels[0, 4, 4], labels[0, 4, 20], labels[2, 30, 4], labels[0, 38, 38] = 1, 2, 3, 4
    found = HeartLabels(labels, {"LA": (1,), "LV": (2,), "RA": (3,), "RV": (4,)}, "a")
    assert found.distances_mm(GEOMETRY, np.array([0, 4, 8])) == pytest.approx(
        {"LA": 4.0, "LV": 12.0, "RA": np.sqrt(16 + 26**2 + 16), "RV": np.sqrt(34**2 + 30**2)}
    )
