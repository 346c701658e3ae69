"""Which voxels each vertebra has before it is measured."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.vertebramasks import names_findings, vertebra_masks
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

SIZE = (20.0, 16.0, 10.0)


def roi(level, z):
    return VertebraRegion(level, Region((0.0, 0.0, z), SIZE))


def test_they_come_from_the_head_down_whatever_order_they_were_given_in(spine):
    found, said = vertebra_masks(spine(), [roi("L2", 0.0), roi("T12", 64.0), roi("L1", 32.0)], None, BoneProtocol())
    assert [c.level for c in found] == ["T12", "L1", "L2"]
    assert [f.code for f in said] == ["heights-region"]
    # An elliptic cylinder of 20 x 16 x 10 mm on voxels of 2 mm3: pi / 4 x 3200 / 2, give or take its edge.
    assert all(c.mask.count == pytest.approx(np.pi / 4 * 20 * 16 * 10 / 2, rel=0.15) for c in found)


def test_a_level_given_twice_is_refused(spine):
    with pytest.raises(UnusableInputError, match="more than one region for L1"):
        vertebra_masks(spine(), [roi("L1", 32.0), VertebraRegion("L1", point_mm=(0, 0, 32))], None, BoneProtocol())


def test_a_region_and_a_label_of_one_level_are_one_vertebra(spine, labelled):
    image = spine()
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[28:37, 30:60, 30:60] = 20
    labels[12:21, 30:60, 30:60] = 21
    found, _ = vertebra_masks(image, [roi("L1", 32.0)], labelled(labels, image.geometry), BoneProtocol())
    assert [(c.level, c.source) for c in found] == [("L1", "roi"), ("L2", "labelmap")]
    assert "region-and-label" in [f.code for f in found[0].findings]


def test_a_body_found_from_a_point_has_heights_also_where_it_is_excluded_and_a_region_says_why_it_has_none():
    torso = make_torso(TorsoParameters.spine(rods=False, z_range_mm=(-84.0, 40.0), slice_increment_mm=2.0))
    middles = {row["level"]: row["center_lps_mm"] for row in torso.truth["bone"]["vertebrae"]}
    given = [
        VertebraRegion("T12", Region(middles["T12"], SIZE)),
        VertebraRegion("L1", excluded="fracture", point_mm=middles["L1"]),
        VertebraRegion("L2", point_mm=middles["L2"]),
    ]
    found, said = vertebra_masks(torso.image, given, None, BoneProtocol())
    assert found[0].heights is None
    assert found[1].excluded
    # The torso's bodies are 25.5 (L1) and 26.5 mm high, hollowed by up to 1.1 mm at each end.
    assert found[1].heights.posterior_mm == pytest.approx(24.4, abs=2.0)
    assert found[2].heights.posterior_mm == pytest.approx(25.4, abs=2.0)
    assert [f.code for f in said] == ["heights-region"]
    assert "(T12)" in said[0].message
    labels = LabelImage(torso.vertebrae, torso.image.geometry)
    (l1,) = (c for c in vertebra_masks(torso.image, given, labels, BoneProtocol())[0] if c.level == "L1")
    # The label's heights go first, and the neighbours that only the labels name tell the crush.
    assert l1.heights.posterior_mm != found[1].heights.posterior_mm
    assert l1.heights.crush == pytest.approx(0, abs=0.1)


def test_a_region_larger_than_any_vertebra_is_not_measured_and_takes_no_time(spine):
    huge = VertebraRegion("L1", Region((0.0, 0.0, 32.0), (18000.0, 16000.0, 10000.0)))
    found, _ = vertebra_masks(spine(), [huge], None, BoneProtocol())
    assert found[0].mask is None
    assert [f.code for f in found[0].findings] == ["region-large"]
    assert "18000 x 16000 x 10000 mm" in found[0].findings[0].message


def test_names_that_the_lungs_end_contradicts_are_doubted_and_right_ones_are_not():
    torso = make_torso(TorsoParameters.small())
    middles = {row["level"]: row["center_lps_mm"] for row in torso.truth["bone"]["vertebrae"]}

    def said(**named):
        given = [VertebraRegion(level, Region(middles[true], SIZE)) for level, true in named.items()]
        return names_findings(torso.image, vertebra_masks(torso.image, given, None, BoneProtocol())[0])

    assert said(T12="T12", L1="L1") == ()
    assert said(L1="L1") == ()
    (doubt,) = said(T12="L1", L1="L2")
    assert doubt.severity == "warning"
    assert "sure to about one" in doubt.message
    (doubt,) = said(L4="L1")
    assert "L4 where L" in doubt.message or "L4 where T12" in doubt.message


def test_names_are_not_doubted_where_a_scan_shows_no_lung(spine):
    found, _ = vertebra_masks(spine(), [roi("T4", 32.0)], None, BoneProtocol())
    assert names_findings(spine(), found) == ()
