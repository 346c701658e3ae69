import json

import pytest

from CACBoneAxisLib.bone.calibration import Bmd
from CACBoneAxisLib.bone.references import (
    acr_class,
    check_reference,
    hu_thresholds,
    load_t_score_references,
    t_score,
    t_score_of,
    t_score_references,
)
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError

# The published checks state T to two decimals.
T_TOLERANCE = 0.005


@pytest.mark.parametrize(
    ("bmd", "code"),
    [
        (120.0000001, "normal"),
        (120, "low-bone-mass"),
        (119.9, "low-bone-mass"),
        (80, "low-bone-mass"),
        (79.9999999, "osteoporosis"),
        (-20, "osteoporosis"),
        (400, "normal"),
    ],
)
def test_80_and_120_belong_to_the_middle_class(bmd, code):
    assert acr_class(bmd, "lumbar").code == code


def test_a_thoracic_class_says_that_thoracic_bmd_is_higher_and_none_is_a_who_class():
    assert "Therkildsen" in acr_class(100, "thoracic").note
    assert "not the WHO classes" in acr_class(100, "lumbar").note
    assert "ACR" in acr_class(100, "lumbar").source


def row(name, sex):
    return next(r for r in t_score_references() if (r.reference, r.sex) == (name, sex))


@pytest.mark.parametrize(
    ("name", "sex", "bmd", "value"),
    [
        ("budoff-2010", "F", 132.0, -2.5),
        ("budoff-2010", "M", 132.5, -2.5),
        ("budoff-2010", "F", 186.0, -1.0),
        ("budoff-2010", "M", 182.0, -1.0),
        ("farhat-2006", "F", 163.8, -0.18),
        ("farhat-2006", "F", 166.1, -0.09),
        ("farhat-2006", "F", 153.1, -0.59),
    ],
)
def test_t_scores_are_the_published_ones(name, sex, bmd, value):
    assert t_score(bmd, row(name, sex)).value == pytest.approx(value, abs=T_TOLERANCE)


@pytest.mark.parametrize(
    ("site", "material", "sex", "name", "code"),
    [
        ("lumbar", "HA", "F", "budoff-2010", "t-score-site"),
        ("thoracic", "K2HPO4", "F", "budoff-2010", "t-score-material"),
        ("thoracic", "HA", None, "budoff-2010", "t-score-sex"),
        ("lumbar", "HA", "F", "farhat-2006", "t-score-material"),
        ("lumbar", "as in SWAN", "M", "farhat-2006", "t-score-no-row"),
    ],
)
def test_a_t_score_is_refused_where_site_material_or_sex_do_not_match(site, material, sex, name, code):
    score, said = t_score_of("L1", site, Bmd(150, material), sex, name, t_score_references())
    assert score is None
    assert [f.code for f in said] == [code]


def test_a_bmd_stated_as_in_swan_can_be_compared_with_that_study():
    score, said = t_score_of("L1", "lumbar", Bmd(163.8, "as in SWAN"), "F", "farhat-2006", t_score_references())
    assert score is not None
    assert score.value == pytest.approx(-0.18, abs=T_TOLERANCE)
    assert said == ()


def test_an_unknown_reference_is_refused_with_the_known_names():
    with pytest.raises(UnusableInputError, match="budoff-2010, farhat-2006"):
        check_reference("mindways", t_score_references())


def test_a_site_can_bring_its_own_references(tmp_path):
    own = {"reference": "own", "site": "lumbar", "material": "K2HPO4", "sex": "F"}
    own |= {"mean_mg_cm3": 160, "sd_mg_cm3": 25, "source": "our cohort"}
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"rows": [own]}))
    score, _ = t_score_of("L1", "lumbar", Bmd(110, "K2HPO4"), "F", "own", load_t_score_references(path))
    assert score is not None
    assert (score.value, score.source) == (-2.0, "our cohort")


@pytest.mark.parametrize(
    "change",
    [{"sd_mg_cm3": 0}, {"mean_mg_cm3": "many"}, {"site": "hip"}, {"sex": "X"}, {"material": ""}, {"source": ...}],
)
def test_a_reference_file_with_a_bad_row_is_refused_in_one_sentence(tmp_path, change):
    own = {"reference": "own", "site": "lumbar", "material": "HA", "sex": "F"}
    own |= {"mean_mg_cm3": 160, "sd_mg_cm3": 25, "source": "our cohort"} | change
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"rows": [{k: v for k, v in own.items() if v is not ...}]}))
    with pytest.raises(UnusableInputError, match=r"own\.json") as error:
        load_t_score_references(path)
    assert "\n" not in str(error.value)


def test_a_missing_or_empty_reference_file_is_refused(tmp_path):
    with pytest.raises(UnusableInputError, match="does not exist"):
        load_t_score_references(tmp_path / "none.json")
    (tmp_path / "empty.json").write_text('{"rows": []}')
    with pytest.raises(UnusableInputError, match="no rows"):
        load_t_score_references(tmp_path / "empty.json")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(UnusableInputError, match="cannot be used"):
        load_t_score_references(tmp_path / "list.json")


def below(mean_hu, level, chosen="all"):
    return {t.name: t.below for t in hu_thresholds(mean_hu, level, chosen)}


def test_hu_thresholds_go_by_level_and_at_or_below_includes_the_threshold():
    assert below(110, "L1") == {
        "pickhardt-160": True,
        "pickhardt-110": True,
        "pickhardt-145": True,
        "uk-169": True,
        "uk-104": False,
        "fracture-90": False,
    }
    assert below(110.001, "L1")["pickhardt-110"] is False
    assert below(104, "L1")["uk-104"] is False
    assert below(90, "T12") == {"xue-t12-osteopenia": True, "xue-t12-osteoporosis": False}
    assert below(90, "T11") == {"xue-t11-osteopenia": True, "xue-t11-osteoporosis": True}
    assert below(120, "L1-L2") == {"zhou-osteopenia": True, "zhou-osteoporosis": False}
    assert below(90, "L2") == {}


def test_hu_thresholds_can_be_chosen_by_name():
    assert below(100, "L1", ("uk-104",)) == {"uk-104": True}
    assert below(100, "L1", "none") == {}


@pytest.mark.parametrize("table", ["hu_thresholds", "t_score_references"])
def test_every_row_says_where_it_comes_from(table):
    for entry in load_table(table)["rows"]:
        assert {"source", "population", "site", "material", "units", "confidence"} <= set(entry)
        assert entry["source"]
        assert entry["confidence"] in ("A", "B")
