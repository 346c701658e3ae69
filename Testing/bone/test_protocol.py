import json

import pytest

from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.references import TScoreReference


def test_the_protocol_prints_every_decision():
    printed = json.loads(json.dumps(BoneProtocol(numbering={"7": "L1"}).to_mapping()))
    assert printed["region"]["shape"] == "elliptic-cylinder"
    assert printed["region"]["erosion_mm"] == 4.0
    assert printed["numbering"] == {"7": "L1"}
    assert (printed["t_score_reference"], printed["hu_thresholds"]) == (None, "all")


@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ({"shape": "egg"}, "bone.region.shape must be one of box"),
        ({"erosion_mm": -1}, "bone.region.erosion_mm must not be negative"),
        ({"erosion_mm": float("inf")}, "bone.region.erosion_mm must be a number"),
        ({"erosion_mm": "4"}, "bone.region.erosion_mm must be a number"),
        ({"outside_tolerance": 2}, "bone.region.outside_tolerance must be a fraction"),
    ],
)
def test_a_region_setting_of_no_meaning_is_refused_in_one_clause(values, clause):
    with pytest.raises(ValueError, match=clause):
        RegionProtocol(**values)


@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ({"hu_thresholds": "some"}, "bone.hu_thresholds must be all, none or a list"),
        ({"hu_thresholds": ["acme"]}, "'acme' is not known; known are pickhardt-160"),
        ({"numbering": "icd"}, "bone.numbering must be one of auto"),
        ({"numbering": {"a": "L1"}}, "whole numbers"),
        ({"numbering": {1: "L9"}}, "levels T1 to L5"),
        ({"numbering": {}}, "at least one level"),
        ({"numbering": {1: "L1", 2: "L1"}}, "each level one number"),
        ({"t_score_reference": 3}, "name of a reference"),
    ],
)
def test_a_bone_setting_of_no_meaning_is_refused_in_one_clause(values, clause):
    with pytest.raises(ValueError, match=clause):
        BoneProtocol(**values)


def test_a_fraction_may_be_the_whole():
    assert RegionProtocol(outside_tolerance=1).outside_tolerance == 1


def test_a_list_of_thresholds_is_kept_as_a_tuple():
    assert BoneProtocol(hu_thresholds=["uk-104"]).hu_thresholds == ("uk-104",)


def test_a_reference_of_the_site_has_a_name_of_its_own():
    def named(name):
        return BoneProtocol(site_references=(TScoreReference(name, "thoracic", "HA", "F", 180.0, 32.0, "our own"),))

    assert named("ours").site_references[0].reference == "ours"
    with pytest.raises(ValueError, match="'budoff-2010' is the name of a published reference"):
        named("budoff-2010")
