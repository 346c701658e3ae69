import pytest

from CACBoneAxisLib.bone.calibration import Bmd
from CACBoneAxisLib.bone.estimates import estimate, estimate_names, unmet_levels
from CACBoneAxisLib.data import load_table


def run(name, bmd, material="HA", level="L1", sex="F", contrast=False, kvp=120.0):
    return estimate(name, level, Bmd(bmd, material), sex=sex, contrast=contrast, kvp=kvp)


@pytest.mark.parametrize(
    ("arguments", "value", "material", "what"),
    [
        # T12 is 4.9 % (women) and 3.1 % (men) over L1-L3: 104.9 and 103.1 stand for 100.
        ({"name": "budoff-2012-t12", "bmd": 104.9, "level": "T12"}, 100.0, "HA", "at L1-L3"),
        ({"name": "budoff-2012-t12", "bmd": 103.1, "level": "T12", "sex": "M"}, 100.0, "HA", "at L1-L3"),
        # HA = 1.15 K - 7.32
        ({"name": "faulkner-1993", "bmd": 100.0, "material": "K2HPO4"}, 107.68, "HA", "in HA"),
        ({"name": "faulkner-1993", "bmd": 107.68}, 100.0, "K2HPO4", "in K2HPO4"),
        ({"name": "goodsitt-1992-80kvp", "bmd": 100.0, "kvp": 80.0}, 86.0, "K2HPO4", "in K2HPO4"),
        ({"name": "goodsitt-1992-140kvp", "bmd": 81.0, "material": "K2HPO4", "kvp": 140.0}, 100.0, "HA", "in HA"),
        # -2.287 + 0.964 x 150 and -4.517 + 0.978 x 150
        ({"name": "toelly-2017-arterial", "bmd": 150.0, "contrast": True}, 142.313, "HA", "without contrast agent"),
        ({"name": "toelly-2017-venous", "bmd": 150.0, "contrast": True}, 142.183, "HA", "without contrast agent"),
    ],
)
def test_equations_give_what_is_worked_by_hand_and_keep_the_measured_value(arguments, value, material, what):
    made, said = run(**arguments)
    assert said == ()
    assert made.bmd.value_mg_cm3 == pytest.approx(value, abs=1e-9)
    assert made.bmd.material == material
    assert made.what.startswith(what)
    assert made.to_mapping()["measured"] == arguments["bmd"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"name": "budoff-2012-t12", "level": "T12", "sex": None}, "sex is not known"),
        ({"name": "faulkner-1993", "material": "as in SWAN"}, "the density is in as in SWAN"),
        ({"name": "goodsitt-1992-80kvp", "kvp": 120.0}, "it is for 80 kVp"),
        ({"name": "goodsitt-1992-80kvp", "kvp": None}, "it is for 80 kVp"),
        ({"name": "toelly-2017-venous", "contrast": False}, "no contrast agent is known"),
    ],
)
def test_an_equation_that_does_not_hold_is_not_applied_and_says_why(arguments, why):
    made, said = run(bmd=100.0, **arguments)
    assert made is None
    assert [f.code for f in said] == ["estimate-not-applied"]
    assert why in said[0].message


def test_every_equation_says_where_it_comes_from():
    rows = load_table("bmd_conversions")["rows"]
    assert len({row["name"] for row in rows}) == len(estimate_names()) == 6
    for row in rows:
        assert row["source"]
        assert row["confidence"] in ("A", "B")


def test_a_level_equation_is_silent_at_other_levels_and_said_once_where_its_level_is_missing():
    assert run("budoff-2012-t12", 100.0, level="L1") == (None, ())
    assert unmet_levels(("budoff-2012-t12",), ["T12", "L1"]) == ()
    (said,) = unmet_levels(("budoff-2012-t12", "faulkner-1993"), ["L1", "L2"])
    assert said.message == "The equation budoff-2012-t12 is not applied, because T12 was not measured."
