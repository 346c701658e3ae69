"""Which voxels each vertebra has before it is measured."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.candidates import found_vertebrae
from CACBoneAxisLib.bone.given import VertebraRegion
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.regions import Region

SIZE = (20.0, 16.0, 10.0)


def roi(level, z):
    return VertebraRegion(level, Region((0.0, 0.0, z), SIZE))


def test_they_come_from_the_head_down_whatever_order_they_were_given_in(spine):
    found, said = found_vertebrae(spine(), [roi("L2", 0.0), roi("T12", 64.0), roi("L1", 32.0)], None, BoneProtocol())
    assert [c.level for c in found] == ["T12", "L1", "L2"]
    assert said == ()
    # An elliptic cylinder of 20 x 16 x 10 mm on voxels of 2 mm3: pi / 4 x 3200 / 2, give or take its edge.
    assert all(c.mask.count == pytest.approx(np.pi / 4 * 20 * 16 * 10 / 2, rel=0.15) for c in found)


def test_a_level_given_twice_is_refused(spine):
    with pytest.raises(UnusableInputError, match="more than one region for L1"):
        found_vertebrae(spine(), [roi("L1", 32.0), VertebraRegion("L1", point_mm=(0, 0, 32))], None, BoneProtocol())


def test_a_region_and_a_label_of_one_level_are_one_vertebra(spine, labelled):
    image = spine()
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[28:37, 30:60, 30:60] = 20
    labels[12:21, 30:60, 30:60] = 21
    found, _ = found_vertebrae(image, [roi("L1", 32.0)], labelled(labels, image.geometry), BoneProtocol())
    assert [(c.level, c.source) for c in found] == [("L1", "roi"), ("L2", "labelmap")]
    assert "region-and-label" in [f.code for f in found[0].findings]
