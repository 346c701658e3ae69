"""Dense and light parts that were put into a vertebra are named for what they look like."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.foci import foci_findings
from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import Region

REGION = Region((0.0, 0.0, 32.0), (26.0, 20.0, 16.0))


def said(image, hu=None):
    hu = image.hu if hu is None else hu
    mask = REGION.voxels(image.geometry).mask
    median = float(np.median(mask.values(hu)))
    found = foci_findings("L1", median, hu, image.geometry, mask, RegionProtocol(), np.array(REGION.axes))
    return {f.code: f.message for f in found}


def with_box(image, value, x, y, z):
    """HU with a box of this value; the ranges are LPS mm."""
    hu = image.hu.copy()
    low = np.rint(image.geometry.to_index([x[0], y[0], z[0]])).astype(int)
    high = np.rint(image.geometry.to_index([x[1], y[1], z[1]])).astype(int)
    hu[low[2] : high[2], low[1] : high[1], low[0] : high[0]] = value
    return hu


@pytest.mark.parametrize(
    ("value", "z", "code", "cause"),
    [
        (450, (29, 35), "region-dense-focus", "a bone island or sclerosis"),
        (450, (36, 41), "region-dense-focus", "an endplate"),
        (1200, (29, 35), "region-dense-focus", "cement"),
        (-150, (29, 35), "region-light-focus", "fat, as in a haemangioma"),
        (-700, (29, 35), "region-light-focus", "gas"),
    ],
)
def test_a_focus_is_called_what_it_looks_like(spine, value, z, code, cause):
    image = spine(noise_hu=20.0)
    found = said(image, with_box(image, value, (-6, 1), (-6, 1), z))
    assert cause in found[code]


def test_bone_alone_says_nothing(spine):
    assert said(spine(noise_hu=40.0)) == {}


@pytest.mark.parametrize(("value", "named"), [(90, True), (140, False)])
def test_the_vein_is_named_where_it_enters(spine, value, named):
    image = spine(noise_hu=15.0)
    found = said(image, with_box(image, value, (-5, 5), (3, 10), (29, 35)))
    assert ("region-vein" in found) == named
    # The same patch in front is no vein.
    assert "region-vein" not in said(image, with_box(image, value, (-5, 5), (-10, -3), (29, 35)))


@pytest.mark.parametrize(
    ("spacing", "voxels", "named"),
    # More than 100 mm3, and at least ten voxels: of 2 mm3 that takes 51, of 12 mm3 ten.
    [
        ((1.0, 1.0, 2.0), 50, False),
        ((1.0, 1.0, 2.0), 51, True),
        ((2.0, 2.0, 3.0), 9, False),
        ((2.0, 2.0, 3.0), 10, True),
    ],
)
def test_a_focus_has_more_than_100_mm3_and_at_least_ten_voxels(spacing, voxels, named):
    geometry = ImageGeometry((8, 20, 20), spacing, (0.0, 0.0, 0.0))
    hu = np.full(geometry.shape, 100, dtype=np.int16)
    hu[4, 5:16, 5:15] = np.where(np.arange(110) < voxels, 251, 100).reshape(11, 10)
    mask = Mask((0, 0, 0), np.ones(geometry.shape, dtype=bool))
    found = foci_findings("L1", 100.0, hu, geometry, mask, RegionProtocol(), None)
    assert ("region-dense-focus" in {f.code for f in found}) is named
    # 150 HU apart are not more than 150.
    assert not foci_findings("L1", 101.0, hu, geometry, mask, RegionProtocol(), None)
