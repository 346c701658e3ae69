"""Heights of bodies found from a point, against the torso's shape, squeezed by known parts, and against real labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from squeezed_body import squeezed, true_heights

from CACBoneAxisLib.bone.bodies import body_frame, vertebral_body
from CACBoneAxisLib.bone.endplateheights import found_heights
from CACBoneAxisLib.bone.heights import PLACES, six_points
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.locate import locate_vertebra
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

# Half of what separates the mildest grade from none in a body of 25 mm (docs/bone.md), and how far apart a label of
# 3 mm slices and the endplates in them may lie.
TOLERANCE_MM, LABEL_MM = 2.5, 2.5


@pytest.fixture(scope="module")
def torso():
    made = make_torso(TorsoParameters.spine(rods=False, z_range_mm=(-84.0, 40.0), slice_increment_mm=1.0))
    middle = next(row["center_lps_mm"] for row in made.truth["bone"]["vertebrae"] if row["level"] == "L1")
    return made.image, np.array(middle)


def heights_of(image, middle, off=(3.0, 2.0, 1.0)):
    found = locate_vertebra(image, "L1", middle + off)
    assert found.frame is not None, [f.message for f in found.findings]
    return found_heights(image, found.frame)


@pytest.mark.parametrize(
    ("parts", "slices", "deformity", "grades"),
    [
        ((1.0, 1.0, 1.0), 1, None, {0}),
        ((1.0, 1.0, 1.0), 3, None, {0}),
        ((0.7, 0.85, 1.0), 1, "wedge", {1, 2}),
        ((0.7, 0.85, 1.0), 3, "wedge", {1, 2}),
        ((0.55, 0.78, 1.0), 2, "wedge", {2, 3}),
        ((1.0, 0.7, 1.0), 2, "biconcave", {1, 2}),
        ((0.7, 0.7, 0.7), 2, None, {0}),
    ],
)
def test_the_heights_are_those_of_the_body_and_the_grade_is_within_one(torso, parts, slices, deformity, grades):
    found = heights_of(squeezed(*torso, parts, slices), torso[1])
    assert (found.anterior_mm, found.middle_mm, found.posterior_mm) == pytest.approx(
        true_heights(parts), abs=TOLERANCE_MM
    )
    assert found.grade in grades
    assert found.to_mapping()["deformity"] == deformity


def test_slices_over_3_mm_give_none(torso):
    thick = squeezed(*torso, (1.0, 1.0, 1.0), 4)
    found = locate_vertebra(thick, "L1", torso[1])
    assert found.frame is not None
    assert found_heights(thick, found.frame) is None


def test_an_endplate_that_cannot_be_seen_gives_none(torso):
    image, middle = torso
    frame = locate_vertebra(image, "L1", middle).frame
    even = np.full_like(image.hu, 60) + np.random.default_rng(2).normal(0, 10, image.hu.shape).astype(np.int16)
    assert found_heights(replace(image, hu=even), frame) is None
    # In front the upper endplate is gone, as where a fracture is filled with what is as soft as the disc.
    hu = image.hu.copy()
    i, j, k = np.rint(image.geometry.to_index(middle)).astype(int)
    hu[k + 2 :, : j - 3, i - 20 : i + 20] = 70
    assert found_heights(replace(image, hu=hu), frame) is None
    cut = replace(image, hu=image.hu[: k + 8], geometry=replace(image.geometry, shape=image.hu[: k + 8].shape))
    assert found_heights(cut, frame) is None
    # 9 mm beyond the endplate are enough.
    less = replace(image, hu=image.hu[: k + 22], geometry=replace(image.geometry, shape=image.hu[: k + 22].shape))
    heights = [found_heights(scan, frame) for scan in (less, image)]
    assert heights[0].anterior_mm == pytest.approx(heights[1].anterior_mm, abs=1.0)
    far = replace(frame, center_mm=frame.center_mm + 1000)
    assert found_heights(image, far) is None


def test_the_heights_from_a_point_are_those_of_the_labels_of_the_abdominal_scan(shared_data):
    image = read_ct(shared_data / "spine" / "ct.nii.gz")
    labels = read_labels(shared_data / "spine" / "vertebral_bodies.nii.gz").labels
    for number in (20, 21, 22, 23):
        box = label_boxes(labels)[number]
        offset = (box[0].start, box[1].start, box[2].start)
        body, _ = vertebral_body(labels[box] == number, image.geometry.spacing_mm)
        frame = body_frame(body, offset, image.geometry)
        label = six_points(body, offset, image.geometry, frame)
        found = heights_of(image, frame.center_mm, frame.axes @ [0, -3, 0])
        for place in PLACES:
            apart = getattr(found, f"{place}_mm") - getattr(label, f"{place}_mm")
            assert abs(apart) < LABEL_MM, (number, place)
