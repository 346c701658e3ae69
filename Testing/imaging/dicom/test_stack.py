from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.dicom.stack import increment_mm, stack_slices
from CACBoneAxisLib.imaging.findings import UnusableInputError


def slices_at(heights, sideways=None) -> list[SliceHeader]:
    """Axial slices at these heights (mm), each with its own instance and file."""
    sideways = sideways or [0.0] * len(heights)
    return [
        SliceHeader(Path(f"{n}.dcm"), 0, str(n), 4, 4, (0.0, y, h), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5), 1, 0)
        for n, (h, y) in enumerate(zip(heights, sideways, strict=True))
    ]


def code_of(slices) -> str:
    with pytest.raises(UnusableInputError) as caught:
        stack_slices(slices, "folder")
    assert "\n" not in str(caught.value)
    return caught.value.code


def test_the_increment_comes_from_the_first_and_the_last_position():
    # 0.70 and 0.71 alternate: (last - first) / (n - 1) = 2.82 / 4.
    stack = stack_slices(slices_at([0.0, 0.71, 1.41, 2.12, 2.82]), "folder")
    assert stack.geometry.slice_increment_mm == pytest.approx(0.705, abs=1e-9)


def test_slices_are_ordered_along_their_normal():
    stack = stack_slices(slices_at([6.0, 0.0, 3.0]), "folder")
    assert [s.position_mm[2] for s in stack.slices] == [0.0, 3.0, 6.0]
    assert stack.geometry.origin_mm == (0.0, 0.0, 0.0)


def test_a_missing_slice_is_named_by_its_neighbours():
    with pytest.raises(UnusableInputError, match="between 6 and 12 mm there are 6 mm instead of 3 mm"):
        stack_slices(slices_at([0.0, 3.0, 6.0, 12.0, 15.0]), "folder")


@pytest.mark.parametrize("heights", [[0, 5, 15], [0, 10, 15], [0, 3, 6, 9, 21]])
def test_a_gap_of_whole_increments_is_a_missing_slice(heights):
    assert code_of(slices_at([float(h) for h in heights])) == "missing-slice"


@pytest.mark.parametrize("heights", [[0, 3, 6, 9.5], [0, 3, 6, 10.5], [0, 1, 2, 3, 6, 9, 12.7], [0, 3, 6.07, 9.07]])
def test_other_gaps_are_uneven(heights):
    assert code_of(slices_at([float(h) for h in heights])) == "uneven-increments"


@pytest.mark.parametrize("heights", [[0, 0.63, 1.25, 1.88, 2.5], [0, 3.02, 6.0, 9.02]])
def test_rounded_positions_are_even(heights):
    assert stack_slices(slices_at([float(h) for h in heights]), "folder").geometry.shape[0] == len(heights)


def test_two_images_at_one_place_are_refused():
    assert code_of(slices_at([0.0, 3.0, 3.0, 6.0])) == "duplicate-positions"


def test_one_slice_is_no_volume():
    assert code_of(slices_at([4.0])) == "single-slice"


def test_a_tilted_gantry_shears_the_stack():
    # tan(14 degrees) x 5 mm = 1.2466 mm a slice.
    with pytest.raises(UnusableInputError, match=r"14\.0 degrees") as caught:
        stack_slices(slices_at([0.0, 5.0, 10.0], [0.0, 1.24664, 2.49328]), "folder")
    assert caught.value.code == "gantry-tilt"


def test_a_drift_below_half_a_pixel_and_half_a_degree_is_none():
    assert stack_slices(slices_at([0.0, 30.0, 60.0], [0.0, 0.1, 0.2]), "folder").geometry.shape[0] == 3
    assert code_of(slices_at([0.0, 30.0, 60.0], [0.0, 0.15, 0.3])) == "gantry-tilt"


def test_slices_that_jump_sideways_or_differ_are_mixed():
    assert code_of(slices_at([0.0, 3.0, 6.0], [0.0, 2.0, 0.0])) == "mixed-orientations"
    slices = slices_at([0.0, 3.0, 6.0])
    assert code_of([*slices[:2], replace(slices[2], rows=5)]) == "mixed-orientations"
    assert code_of([*slices[:2], replace(slices[2], spacing_mm=(0.5, 0.6))]) == "mixed-orientations"
    assert code_of([*slices[:2], replace(slices[2], column=(0.0, 0.6, 0.8))]) == "mixed-orientations"


def test_slices_without_a_place_are_refused():
    slices = slices_at([0.0, 3.0])
    assert code_of([slices[0], replace(slices[1], position_mm=None)]) == "no-position"
    assert code_of([slices[0], replace(slices[1], row=None, column=None)]) == "no-position"
    assert code_of([replace(s, row=(0.0, 0.0, 0.0)) for s in slices]) == "no-position"
    assert code_of([]) == "no-position"


def test_slices_oblique_to_the_patient_are_a_volume():
    angle = np.radians(20)
    column = (0.0, float(np.cos(angle)), float(np.sin(angle)))
    normal = np.array([0.0, -np.sin(angle), np.cos(angle)])
    slices = [
        replace(s, column=column, position_mm=tuple(n * 2.0 * normal)) for n, s in enumerate(slices_at([0.0] * 4))
    ]
    stack = stack_slices(slices, "folder")
    assert stack.geometry.slice_increment_mm == pytest.approx(2.0, abs=1e-9)
    assert stack.geometry.slice_tilt_degrees == pytest.approx(20.0, abs=1e-9)


def test_the_list_of_series_shows_the_usual_distance():
    assert increment_mm(slices_at([0.0, 3.0, 3.0, 6.0, 12.0])) == 3.0
    assert increment_mm(slices_at([0.0])) is None
