"""The statistics of a cohort: a law that was put in is found, and what cannot be said is said in words."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.cohort.frame import make_cohort, read_clinical, read_results
from CACBoneAxisLib.cohort.groups import scheme_of, table_one
from CACBoneAxisLib.cohort.models import Model, models
from CACBoneAxisLib.cohort.statistics import CohortStatistics, statistics
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError

pandas = pytest.importorskip("pandas")
pytest.importorskip("statsmodels")
pytest.importorskip("matplotlib")

BONE_PER_10 = -0.25


def cohort_table(n: int = 160, seed: int = 1, **changes: object) -> object:
    """Return results in which ln(Agatston + 1) falls by 0.25 with every 10 mg/cm3, and rises with age and in men."""
    random = np.random.default_rng(seed)
    age, man = random.uniform(45, 85, n), np.arange(n) % 2
    bmd = 170 - 1.4 * (age - 45) + random.normal(0, 20, n)
    mean = 3.2 + BONE_PER_10 * (bmd - 115) / 10 + 0.3 * (age - 65) / 10 + 0.4 * man
    calcium = np.expm1(np.maximum(0, mean + random.normal(0, 0.5, n)))
    table = {
        "study_id": [f"s{i:03d}" for i in range(n)],
        "age_years": age,
        "sex": np.where(man, "M", "F"),
        "agatston": calcium,
        "mean_hu": (bmd - 8) / 0.8,
        "bmd_mg_cm3": bmd,
        "bmd_material": "K2HPO4",
        "bone_levels": "L1 L2",
        "acr_class": np.where(bmd < 80, "osteoporosis", np.where(bmd <= 120, "low-bone-mass", "normal")),
        **changes,
    }
    return pandas.DataFrame(table)


def stored(table: object, path: Path) -> Path:
    table.to_csv(path, index=False)
    return path


def computed(table: object, tmp_path: Path, clinical: object = None, **options: object) -> CohortStatistics:
    data = read_results(stored(table, tmp_path / "results.csv"))
    more = None if clinical is None else read_clinical(stored(clinical, tmp_path / "clinical.csv"))
    return statistics(make_cohort(data, more), **options)


def bone_of(found: CohortStatistics, kind: str = "linear", adjusted: bool = True) -> Model:
    return next(m for m in found.models if m.kind == kind and (m.adjustment != "unadjusted") == adjusted)


def test_the_law_is_within_the_interval_and_not_where_bone_is_shuffled(tmp_path):
    table = cohort_table()
    bone = bone_of(computed(table, tmp_path)).coefficients[0]
    assert bone.low < BONE_PER_10 < bone.high < 0
    shuffled = table.assign(bmd_mg_cm3=np.random.default_rng(2).permutation(table["bmd_mg_cm3"]))
    bone = bone_of(computed(shuffled, tmp_path)).coefficients[0]
    assert bone.low < 0 < bone.high
    assert not bone.low < BONE_PER_10 < bone.high


def test_intervals_hold_the_law_as_often_as_they_say(tmp_path):
    # 40 cohorts: 95 % intervals miss it twice on average, and more than six times once in two hundred.
    missed = 0
    for seed in range(40):
        data = make_cohort(read_results(stored(cohort_table(120, seed + 10), tmp_path / "results.csv"))).data
        linear = models(data, "bmd_mg_cm3", "mg/cm3", "agatston", ["age_years", "sex"])[1]
        bone = linear.coefficients[0]
        missed += not bone.low < BONE_PER_10 < bone.high
    assert missed <= 6


def test_coefficients_are_those_of_least_squares(tmp_path):
    table = cohort_table(50)
    bone, constant = bone_of(computed(table, tmp_path), adjusted=False).coefficients
    slope, intercept = np.polyfit(table["bmd_mg_cm3"] / 10, np.log1p(table["agatston"]), 1)
    assert (bone.value, constant.value) == (pytest.approx(slope), pytest.approx(intercept))


def test_odds_are_those_of_a_table_of_four(tmp_path):
    # Bone of two values only: the odds ratio is that of the table 10/20 against 25/5, so ln(5 * 2) for one step.
    calcium = [5.0] * 10 + [0.0] * 20 + [5.0] * 25 + [0.0] * 5
    bone = [130.0] * 30 + [120.0] * 30
    table = cohort_table(60, agatston=calcium, bmd_mg_cm3=bone)
    model = bone_of(computed(table, tmp_path), "logistic", adjusted=False)
    assert model.coefficients[0].value == pytest.approx(-np.log(10), rel=1e-6)


def test_table_1_is_that_of_counting_by_hand(tmp_path):
    table = cohort_table(
        6,
        agatston=[0.0, 0.0, 50.0, 100.0, 400.0, 400.5],
        bmd_mg_cm3=[100.0, 110.0, 90.0, None, 80.0, 70.0],
        sex=["F", "M", "F", "F", "M", "M"],
    )
    data = make_cohort(read_results(stored(table, tmp_path / "results.csv"))).data
    groups = {(g.sex, g.category): g for g in table_one(data, "bmd_mg_cm3", scheme_of("ahmadi"))}
    assert [groups["all", c].n for c in ("all", "0", "1-100", "100-400", ">400")] == [6, 2, 2, 1, 1]
    assert groups["all", "0"].bone_mean == 105
    assert groups["all", "0"].bone_sd == pytest.approx(50**0.5)
    assert (groups["all", "1-100"].bone_n, groups["all", "1-100"].bone_sd) == (1, None)
    assert groups["F", "all"].with_calcium_percent == pytest.approx(100 * 2 / 3)
    assert groups["M", "100-400"].n == 1
    drs = {(g.sex, g.category): g.n for g in table_one(data, "bmd_mg_cm3", scheme_of("cac-drs"))}
    assert [drs["all", c] for c in ("A0", "A1", "A2", "A3")] == [2, 1, 1, 2]
    classes = [{"category": "low", "lower": 0}, {"category": "high", "lower": 100}]
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"scheme": "Trial arms", "classes": classes}), encoding="utf-8")
    own = {(g.sex, g.category): g.n for g in table_one(data, "bmd_mg_cm3", scheme_of(str(file)))}
    assert [own["all", c] for c in ("low", "high")] == [3, 3]


def test_tests_are_those_of_scipy(tmp_path):
    from scipy.stats import ttest_ind

    table = cohort_table(80)
    found = computed(table, tmp_path, scheme="standard")
    women, men = (table.loc[table["sex"] == s, "bmd_mg_cm3"] for s in "FM")
    t = next(t for t in found.tests if t.test == "Welch's t test")
    assert t.p == pytest.approx(ttest_ind(women, men, equal_var=False).pvalue)
    trend = next(t for t in found.tests if t.what == "All: bone across categories" and "trend" in t.test)
    assert trend.statistic < 0
    assert trend.p < 0.001


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sex": "F"}, "only one sex"),
        ({"sex": "F"}, "sex is the same in all"),
        ({"agatston": 0.0}, "calcium is the same in all"),
        ({"agatston": np.arange(1.0, 41.0)}, "all of the 40 studies have calcium"),
        ({"bmd_mg_cm3": 100.0}, "bone is the same in all"),
        ({"age_years": None}, "No age_years is known"),
        ({"agatston": np.where(np.arange(40) < 39, 0.0, 5.0)}, "Few events"),
    ],
)
def test_what_cannot_be_computed_is_said_in_words(tmp_path, changes, said):
    found = computed(cohort_table(40, **changes), tmp_path)
    words = [*found.remarks, *(t.words for t in found.tests), *(c.words for c in found.correlations)]
    words += [w for m in found.models for w in m.words]
    assert any(said in w for w in words), words


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_small_cohorts_have_words_instead_of_models(tmp_path, n):
    found = computed(cohort_table(n), tmp_path)
    adjusted = bone_of(found)
    assert not adjusted.coefficients
    assert "too few" in adjusted.words[-1] or "same" in adjusted.words[-1]


def test_complete_separation_is_said(tmp_path):
    bone = np.linspace(60, 180, 40)
    found = computed(cohort_table(40, bmd_mg_cm3=bone, agatston=np.where(bone < 110, 50.0, 0.0)), tmp_path)
    model = bone_of(found, "logistic", adjusted=False)
    assert not model.coefficients
    assert "separate" in model.words[-1]


def test_who_is_left_out_is_counted_with_the_reason(tmp_path):
    table = cohort_table(60)
    table.loc[:3, "agatston"] = None
    table.loc[2:8, "bmd_mg_cm3"] = None
    clinical = pandas.DataFrame({"study_id": table["study_id"], "bmi": [None, *np.linspace(20, 35, 59)]})
    clinical = clinical.drop(index=[20, 21])
    found = computed(table, tmp_path, clinical)
    model = bone_of(found)
    # s000 to s003 have no score, s004 to s008 no bone, s020 and s021 no clinical row.
    assert model.left_out == ("4 without Agatston score", "5 without bone", "2 without bmi")
    assert model.n == 60 - 4 - 5 - 2
    assert "adjusted for age_years, sex, bmi" in model.adjustment
    assert "2 of 60 studies have no row in the clinical table." in found.remarks


def test_the_clinical_table_may_be_by_patient_and_each_patient_counts_once(tmp_path):
    table = cohort_table(40)
    table["patient_id"] = [f"p{i // 2}" for i in range(40)]
    table["scan_date"] = ["2020-01-01", "2015-01-01"] * 20
    clinical = pandas.DataFrame(
        {"patient_id": [f"p{i}" for i in range(20)], "smoker": ["yes", "no"] * 10, "bmi": np.linspace(20, 30, 20)}
    )
    found = computed(table, tmp_path, clinical, adjust=["smoker"])
    assert sorted(found.cohort.data["study_id"]) == [f"s{i:03d}" for i in range(1, 40, 2)]
    assert any("20 later scans" in remark for remark in found.remarks)
    terms = [c.term for c in bone_of(found).coefficients]
    assert "smoker: yes against no" in terms


@pytest.mark.parametrize(
    ("clinical", "said"),
    [
        ("id,bmi\n1,2\n", "neither study_id nor patient_id"),
        ("study_id,bmi\ns000,2\ns000,3\n", "repeat a study_id"),
        ("study_id,bmi,bmi\ns000,2,3\n", "two columns bmi"),
        ("study_id,bmi\ns000,2,3\n", "more cells"),
    ],
)
def test_clinical_tables_that_are_wrong_are_one_sentence(tmp_path, clinical, said):
    (tmp_path / "clinical.csv").write_text(clinical)
    with pytest.raises(UnusableInputError, match=said):
        read_clinical(tmp_path / "clinical.csv")


def test_densities_in_two_materials_are_not_mixed(tmp_path):
    table = cohort_table(20, bmd_material=["HA", "K2HPO4"] * 10)
    with pytest.raises(UnusableInputError, match="HA and K2HPO4"):
        computed(table, tmp_path)
    assert computed(table, tmp_path, bone="hu").unit == "HU"


def test_the_command_writes_page_tables_and_figures(tmp_path, capsys):
    results = stored(cohort_table(90), tmp_path / "results.csv")
    second = cohort_table(90)
    second["agatston"] += np.random.default_rng(3).normal(0, 2, 90).clip(-1, 1)
    second = stored(second.assign(agatston=second["agatston"].clip(lower=0)), tmp_path / "second.csv")
    clinical = pandas.DataFrame({"study_id": [f"s{i:03d}" for i in range(90)], "<b>x": np.arange(90.0) % 7})
    words = ["cohort", str(results), "--clinical", str(stored(clinical, tmp_path / "clinical.csv")), "--adjust", "<b>x"]
    words += ["--against", str(second), "--output", str(tmp_path / "out")]
    assert main(words) == 0
    assert "linear, adjusted" in capsys.readouterr().out
    out = tmp_path / "out"
    page = (out / "cohort.html").read_text(encoding="utf-8")
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page
    for row in load_table("published_cohorts")["rows"]:
        assert f"{row['mean_mg_cm3']:.1f} ± {row['sd_mg_cm3']:.1f}" in page
    svg = sorted(path.name for path in out.glob("*.svg"))
    assert svg == ["bland-altman-agatston.svg", "bland-altman-bmd.svg", "bone-by-category.svg", "joint-grid.svg",
                   "published.svg", "scatter.svg"]  # fmt: skip
    for name in svg:
        assert ElementTree.parse(out / name).getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert not re.search(r'(src|href)="http', page)
    numbers = json.loads((out / "cohort.json").read_text(encoding="utf-8"))
    assert numbers["schema"] == "cacboneaxis/cohort/1"
    assert len(numbers["models"]) == 4
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(words) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--scheme", "mine"], "known are"),
        (["--scheme", "mine.json"], "mine.json"),
        (["--adjust", "bmi2"], "bmi2"),
        (["--clinical", "missing.csv"], "missing.csv"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path, capsys, more, said):
    results = stored(cohort_table(20), tmp_path / "results.csv")
    assert main(["cohort", str(results), "--output", str(tmp_path / "out"), *more]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
