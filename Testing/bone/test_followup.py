"""Changes against the least significant change, by hand; and everything that forbids comparing."""

from copy import deepcopy

import pytest

from CACBoneAxisLib.bone.followup import bone_comparison, compare_bone


def result(bmd=100.0, hu=120.0, **changes):
    region = {"protocol": "qct-ellipse", "shape": "elliptic-cylinder", "size_mm": [20.0, 16.0, 9.0]}
    made = {
        "study": {
            "acquisition": {"kvp": 120, "manufacturer": "A", "model": "B", "kernel": "K", "contrast": False},
            "patient": {"sex": "F", "age_years": 66},
        },
        "calcium": {"blood": None},
        "bone": {
            "summary": {"levels": ["L1"]},
            "calibration": {"kind": "phantom", "phantom": "mindways", "material": "K2HPO4", "slope": 0.8},
            "vertebrae": [
                {
                    "level": "L1",
                    "mean_hu": hu,
                    "bmd": {"value": bmd, "material": "K2HPO4"} if bmd is not None else None,
                    "region": region,
                }
            ],
        },
    }
    for path, value in changes.items():
        part = made
        *parents, last = path.split("__")
        for key in parents:
            part = part[key] if not key.isdigit() else part[int(key)]
        part[last] = value
    return made


@pytest.mark.parametrize(("later", "exceeds"), [(94.9, True), (95.1, False), (105.1, True), (104.9, False)])
def test_a_bmd_must_change_by_more_than_5_per_cent(later, exceeds):
    (change,), said = compare_bone(result(100.0), result(later), years=2.0)
    assert said == ()
    assert (change.quantity, change.least_significant, change.exceeds) == ("BMD", pytest.approx(5.0), exceeds)
    assert change.per_year == pytest.approx((later - 100) / 2)
    assert change.population_per_year == -0.70
    assert change.to_mapping()["change_percent"] == pytest.approx(later - 100)


def test_a_site_can_state_its_own_precision():
    (change,), _ = compare_bone(result(200.0), result(190.0), cv_percent=1.0)
    # 2.77 x 1 % of 200
    assert change.least_significant == pytest.approx(5.54)
    assert change.per_year is None
    assert change.population_per_year is None


@pytest.mark.parametrize(("later", "exceeds"), [(103.9, True), (104.1, False)])
def test_without_bmd_hu_must_change_by_more_than_16(later, exceeds):
    (change,), _ = compare_bone(result(None, 120.0), result(None, later), years=1.0)
    assert (change.quantity, change.exceeds, change.population_per_year) == ("HU", exceeds, None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"study__acquisition__kvp": 100}, "tube voltage: 120 and 100"),
        ({"study__acquisition__kvp": None}, "tube voltage: 120 and not known"),
        ({"study__acquisition__model": "C"}, "scanner model: B and C"),
        ({"study__acquisition__kernel": "S"}, "kernel: K and S"),
        ({"study__acquisition__contrast": True}, "contrast agent was given"),
        ({"calcium__blood": {"hu": 130.0}}, "contrast agent was given"),
        ({"bone__calibration__kind": "linear"}, "calibration: phantom and linear"),
        ({"bone__calibration__material": "HA"}, "material: K2HPO4 and HA"),
        ({"study__patient__sex": "M"}, "the patient's sex"),
        ({"bone__vertebrae": []}, "no level was measured in both"),
    ],
)
def test_scans_of_another_kind_are_not_compared_and_why(changes, why):
    found, said = compare_bone(result(), result(**changes))
    assert found == ()
    assert [f.code for f in said] == ["bone-not-compared"]
    assert why in said[0].message


def test_a_tag_that_the_blood_denies_forbids_nothing():
    found, said = compare_bone(result(), result(study__acquisition__contrast=True, calcium__blood={"hu": 40.0}))
    assert (len(found), said) == (1, ())


def test_unknown_on_both_sides_does_not_agree():
    found, said = compare_bone(result(study__acquisition__model=None), result(study__acquisition__model=None))
    assert found == ()
    assert "scanner model: not known and not known" in said[0].message


def test_another_region_of_a_level_is_not_compared():
    other = {"protocol": "sphere", "shape": "ellipsoid", "size_mm": [20.0, 20.0, 20.0]}
    found, said = compare_bone(result(), result(bone__vertebrae__0__region=other))
    assert found == ()
    assert [f.code for f in said] == ["bone-level-not-compared"]
    assert "region protocol: qct-ellipse and sphere" in said[0].message


def test_a_drawn_region_may_differ_by_5_per_cent_in_size():
    drawn = {"shape": "ellipsoid", "size_mm": [20.0, 20.0, 10.0]}
    for size, count in (([20.9, 20.0, 10.0], 1), ([22.0, 20.0, 10.0], 0)):
        later = deepcopy(drawn) | {"size_mm": size}
        found, _ = compare_bone(result(bone__vertebrae__0__region=drawn), result(bone__vertebrae__0__region=later))
        assert len(found) == count


def test_a_line_of_another_day_must_be_the_same_one():
    lines = [{"kind": "linear", "material": "HA", "slope": s, "intercept": 0.0} for s in (0.8, 0.81)]
    first, second = (result(bone__calibration=line) for line in lines)
    assert compare_bone(first, second)[0] == ()
    assert len(compare_bone(first, deepcopy(first))[0]) == 1


def test_the_mean_of_two_levels_is_compared_where_both_are():
    both = [result(100.0), result(90.0)]
    for made, value in zip(both, (96.0, 88.0), strict=True):
        vertebrae = made["bone"]["vertebrae"]
        vertebrae.append({**vertebrae[0], "level": "L2", "bmd": {"value": value, "material": "K2HPO4"}})
        mean = (vertebrae[0]["bmd"]["value"] + value) / 2
        made["bone"]["summary"] = {"levels": ["L1", "L2"], "mean_hu": 120.0, "bmd": {"value": mean}}
    changes, _ = compare_bone(*both)
    assert [(c.level, c.change) for c in changes] == [("L1", -10), ("L2", -8), ("mean of L1 and L2", -9)]


def test_scans_that_nobody_read_for_bone_have_no_comparison_of_it():
    assert bone_comparison(result(bone__vertebrae=[]), result(bone__vertebrae=[])) is None
    made = bone_comparison(result(100.0), result(90.0), years=2.0, cv_percent=1.0)
    assert (made["cv_percent"], made["changes"][0]["per_year"]) == (1.0, -5.0)
