"""A torso that was moved and turned is laid over the first again; what is another patient is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.registration import _judged, register
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso

PARAMETERS = {"z_range_mm": (70.0, 230.0), "slice_increment_mm": 3.0}
# On voxels of 3 mm the places of lesions are found to a fraction of one.
TOLERANCE_MM = 1.0


def torso(**changes: object) -> Torso:
    return make_torso(TorsoParameters.small(**PARAMETERS, **changes))


def places(made: Torso) -> np.ndarray:
    rows = made.truth["calcium"]["lesions"]
    return np.array([r["center_lps_mm"] for r in rows if r["in_image"] and r["territory"] not in ("AA", "DA")])


@pytest.fixture(scope="module")
def first() -> Torso:
    return torso()


@pytest.mark.parametrize(("turn", "shift"), [((0.0, 0.0, 0.0), (0, 0, 0)), ((3.0, -2.0, 6.0), (15, -12, 30))])
def test_a_scan_of_the_same_patient_is_laid_over_the_first(
    first: Torso, turn: tuple[float, float, float], shift: tuple[float, float, float]
) -> None:
    # Other noise and other vessels of the lung, as at another visit.
    second = torso(rotation_degrees=turn, seed=5)
    geometry = second.image.geometry
    image = replace(second.image, geometry=replace(geometry, origin_mm=tuple(np.add(geometry.origin_mm, shift))))
    parts: list[float] = []
    found = register(first.image, image, places(first), progress=parts.append)
    assert found.problem is None
    in_second = places(first) @ found.matrix[:3, :3].T + found.matrix[:3, 3]
    assert np.abs(in_second - (places(second) + shift)).max() < TOLERANCE_MM
    assert found.to_first(in_second) == pytest.approx(places(first))
    assert parts == sorted(parts)
    assert parts[-1] <= 1
    angle = np.linalg.norm(turn)
    assert found.turned_degrees == pytest.approx(angle, abs=1.0)


def test_the_same_scans_give_the_same_digits(first: Torso) -> None:
    second = torso(rotation_degrees=(0.0, 2.0, 0.0), seed=5)
    one, two = (register(first.image, second.image, places(first)).matrix for _ in range(2))
    assert np.array_equal(one, two)


def test_what_does_not_look_alike_or_does_not_overlap_is_said(first: Torso) -> None:
    geometry = first.image.geometry
    noise = np.random.default_rng(0).normal(0, 60, geometry.shape).astype(np.int16)
    assert "do not look alike" in (register(first.image, CTImage(noise, geometry), places(first)).problem or "")
    mirrored = CTImage(np.ascontiguousarray(first.image.hu[:, ::-1]), geometry)
    assert register(first.image, mirrored, places(first)).problem is not None
    far = replace(first.image, geometry=replace(geometry, origin_mm=(900.0, 0.0, 0.0)))
    assert "does not hold" in (register(first.image, far, places(first)).problem or "")
    flat = CTImage(np.zeros((20, 40, 40), dtype=np.int16), ImageGeometry((20, 40, 40), (2.0, 2.0, 3.0), (0, -60, 130)))
    assert register(first.image, flat, places(first)).problem is not None


def judged(values: np.ndarray, laid: np.ndarray) -> str | None:
    """Return why two arrays that lie on each other as they are would not be believed."""
    images = [SimpleITK.GetImageFromArray(array.astype(np.float32)) for array in (values, laid)]
    return _judged(images[0], images[1], SimpleITK.Euler3DTransform(), np.zeros(3)).problem


def test_a_transform_is_believed_from_a_correlation_of_0_8_and_an_overlap_of_0_6() -> None:
    # Three patterns of +1 and -1 whose products sum to 0: r of one and sqrt(1 - r2) of another correlate by r.
    one, other = (np.broadcast_to(pattern, (10, 10, 10)) for pattern in np.ix_((1, -1) * 5, (1, -1) * 5)[:2])
    for r, problem in ((0.81, None), (0.79, "look alike")):
        said = judged(one, r * one + (1 - r * r) ** 0.5 * other)
        assert (said is None) if problem is None else problem in (said or "")
    # Six of ten slices are in both, then five.
    assert judged(one, one[:6]) is None
    assert "lies in both" in (judged(one, one[:5]) or "")


def test_whoever_is_told_of_the_progress_can_stop_it(first: Torso) -> None:
    def stop(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        register(first.image, first.image, places(first), progress=stop)
