"""The carina of the torso lies where its airways were made to part; what has no trachea has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CACBoneAxisLib.imaging.airways import find_airways
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct

SPACING_MM = (1.0, 1.0, 2.0)


def chest(*, divides: bool = True, tilt: float = 0.0) -> CTImage:
    """Return soft tissue with a trachea of 16 mm that divides at slice 20 into two bronchi of 12 mm."""
    hu = np.full((60, 120, 160), -1000, dtype=np.int16)
    hu[:, 10:110, 10:150] = 40
    y, x = np.mgrid[:120, :160]
    for z in range(60):
        apart = (20 - z) * 1.2 + 7 if divides and z < 20 else 0.0
        middle = 80 + tilt * (z - 20)
        for side in (-1, 1):
            radius = 6 if apart else 8
            hu[z][(y - 60) ** 2 + (x - middle - side * apart) ** 2 <= radius**2] = -950
    return CTImage(hu, ImageGeometry(hu.shape, SPACING_MM, (0.0, 0.0, 0.0)))


@pytest.mark.parametrize("tilt", [0.0, 0.3, -0.3])
def test_the_carina_is_the_last_slice_of_the_undivided_trachea(tilt: float) -> None:
    found = find_airways(chest(tilt=tilt))
    assert found is not None
    assert found.carina_slice == 20
    assert found.carina_zyx[1:] == pytest.approx((60.0, 80.0), abs=1.5)
    image = chest(tilt=tilt)
    lumen = image.hu[:, 10:110:1, 10:150] == -950
    assert found.lumen.sum() * found.step**2 == pytest.approx(lumen.sum(), rel=0.1)


def test_one_slice_in_which_the_airway_runs_into_the_lung_does_not_end_it() -> None:
    for leak in (19, 24, 40):
        image = chest()
        image.hu[leak, 56:64, :82] = -950
        found = find_airways(image)
        assert found is not None
        # Where both bronchi are cut off at once, the trachea is the last that is known.
        assert found.carina_slice == 20


@pytest.mark.parametrize(("times", "step"), [(1, 2), (2, 3), (3, 4)])
def test_pixels_of_any_size_are_seen_on_a_grid_of_one_and_a_half_millimetres(times: int, step: int) -> None:
    whole = chest()
    hu = whole.hu.repeat(times, axis=1).repeat(times, axis=2)
    found = find_airways(CTImage(hu, ImageGeometry(hu.shape, (1 / times, 1 / times, 2.0), (0.0, 0.0, 0.0))))
    assert found is not None
    # round(1.5 mm / pixel), a half to the even number.
    assert (found.step, found.carina_slice) == (step, 20)
    assert np.array(found.carina_zyx[1:]) / times == pytest.approx((60.0, 80.0), abs=1.5)


@pytest.mark.parametrize(("hu", "is_air"), [(-701, True), (-700, False)])
def test_air_lies_below_minus_700_hu(hu: int, is_air: bool) -> None:
    image = chest()
    image.hu[image.hu == -950] = hu
    found = find_airways(image)
    assert (found is not None) == is_air


def test_a_tube_that_does_not_divide_is_no_trachea() -> None:
    assert find_airways(chest(divides=False)) is None


def test_a_scan_that_begins_below_the_carina_has_none() -> None:
    whole = chest()
    low = CTImage(whole.hu[:18], ImageGeometry((18, 120, 160), SPACING_MM, (0.0, 0.0, 0.0)))
    assert find_airways(low) is None


def test_no_air_and_only_air_have_no_airways() -> None:
    for value in (40, -1000):
        hu = np.full((20, 64, 64), value, dtype=np.int16)
        assert find_airways(CTImage(hu, ImageGeometry(hu.shape, SPACING_MM, (0.0, 0.0, 0.0)))) is None


def test_the_carina_of_a_real_chest_is_where_it_was_seen_by_eye(shared_data: Path) -> None:
    found = find_airways(read_ct(shared_data / "chest" / "ct.nrrd"))
    assert found is not None
    # In slice 40 both main bronchi still touch, in slice 39 they are apart.
    assert found.carina_slice == 40
    assert found.carina_zyx[1:] == pytest.approx((276, 258), abs=6)
