"""Images of one series taken apart, or left together, by where they lie and what tells them apart."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader, slice_headers
from CACBoneAxisLib.imaging.dicom.split import split
from CACBoneAxisLib.imaging.dicom.traits import TRAITS


def image(height: float, number: int, **traits: str) -> SliceHeader:
    return SliceHeader(
        Path(f"{number}.dcm"), 0, f"1.2.{number}", 4, 4, (0.0, 0.0, height), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0),
        (0.5, 0.5), 1.0, 0.0, instance_number=number, traits=tuple(traits.get(t.replace(" ", "_"), "") for t in TRAITS),
    )  # fmt: skip


def parts(images) -> list[tuple[str, int]]:
    return [(label, len(part)) for label, part in split(images)]


def test_one_stack_has_no_label():
    assert parts([image(3.0 * n, n) for n in range(5)]) == [("", 5)]


@pytest.mark.parametrize("trait", [name.replace(" ", "_") for name in TRAITS])
def test_each_trait_takes_two_volumes_apart(trait):
    images = [image(3.0 * n, n + 10 * which, **{trait: value}) for which, value in enumerate("AB") for n in range(5)]
    assert [count for _, count in parts(images)] == [5, 5]
    assert all(label for label, _ in parts(images))


def test_interleaved_acquisitions_that_overlap_are_two_volumes():
    images = [image(3.0 * n + which, 2 * n + which, acquisition=str(which)) for n in range(5) for which in (0, 1)]
    assert parts(images) == [("acquisition 0", 5), ("acquisition 1", 5)]


def test_a_trigger_time_of_every_slice_takes_nothing_apart():
    images = [image(3.0 * n, n + 10 * which, trigger_time=str(n + 10 * which)) for which in (0, 1) for n in range(5)]
    assert parts(images) == [("pass 1", 5), ("pass 2", 5)]


def test_passes_in_either_direction_are_seen():
    down = [image(-3.0 * n, n + 10 * which) for which in (0, 1, 2) for n in range(4)]
    assert parts(down) == [("pass 1", 4), ("pass 2", 4), ("pass 3", 4)]


def test_what_nothing_takes_apart_stays_as_it_is():
    assert parts([image(0.0, n) for n in range(4)]) == [("", 4)]
    assert parts([image(h, n) for n, h in enumerate([0.0, 3.0, 9.0, 12.0])]) == [("", 4)]


def test_a_folder_without_any_order_ends_soon():
    generator = np.random.default_rng(1)
    names = [name.replace(" ", "_") for name in TRAITS]
    images = [
        image(float(generator.integers(40)), n, **{name: str(generator.integers(3)) for name in names})
        for n in range(300)
    ]
    start = time.perf_counter()
    split(images)
    # It takes a second or two; without a bound on what is tried it would take hours.
    assert time.perf_counter() - start < 60


def test_a_kernel_said_once_for_all_frames_is_the_kernel_of_each():
    def item(**elements) -> Dataset:
        found = Dataset()
        for keyword, value in elements.items():
            setattr(found, keyword, value)
        return found

    shared = item(UnassignedSharedConvertedAttributesSequence=[item(ConvolutionKernel="Br36")])
    header = item(PerFrameFunctionalGroupsSequence=[item(), item()], SharedFunctionalGroupsSequence=[shared])
    kernels = [one.traits[list(TRAITS).index("kernel")] for one in slice_headers(header, Path("a.dcm"), None)]
    assert kernels == ["Br36", "Br36"]


def test_frames_that_go_up_twice_are_two_volumes_and_frames_in_any_one_order_are_one():
    def header(heights) -> Dataset:
        frames = []
        for height in heights:
            place, own = Dataset(), Dataset()
            place.ImagePositionPatient, own.PlanePositionSequence = [0, 0, height], [place]
            frames.append(own)
        plane, shared, result = Dataset(), Dataset(), Dataset()
        plane.ImageOrientationPatient, plane.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.5, 0.5]
        shared.PlaneOrientationSequence = shared.PixelMeasuresSequence = [plane]
        result.Rows = result.Columns = 4
        result.SharedFunctionalGroupsSequence, result.PerFrameFunctionalGroupsSequence = [shared], frames
        return result

    up = [3.0 * n for n in range(6)]
    beside = [height + 1.5 for height in up]
    every = sorted(up + beside)
    for heights, expected in (
        (up + beside, [up, beside]),
        (up + beside[::-1], [up, beside]),
        (every, [every]),
        (every[::-1], [every]),
    ):
        found = split(slice_headers(header(heights), Path("a.dcm"), None))
        assert sorted(sorted(one.position_mm[2] for one in part) for _, part in found) == expected
