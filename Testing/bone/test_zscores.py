"""Every row of the reference is what the paper's table says, and none is used outside its group."""

import re

import pytest

from CACBoneAxisLib.bone.calibration import Bmd
from CACBoneAxisLib.bone.zscores import ancestry_of, z_score_of, z_score_references
from CACBoneAxisLib.data import load_table

# Li 2013, typed as the paper has it: age, then mean+-SD of White / Chinese / African / Hispanic American.
TABLE = {
    ("M", "thoracic"): """
        45-49 150.4+-35.9/160.6+-38.3/201.0+-53.9/167.0+-31.2
        50-54 150.2+-30.2/143.8+-29.4/180.2+-45.3/163.3+-37.1
        55-59 140.7+-32.6/138.5+-27.4/173.4+-52.0/157.9+-38.2
        60-64 133.2+-33.3/126.0+-34.0/181.3+-38.1/146.3+-32.2
        65-69 118.0+-35.2/125.4+-23.5/172.4+-38.8/131.7+-30.5
        70-74 123.9+-27.3/124.6+-37.4/147.6+-32.1/122.3+-29.6
        75-79 105.8+-30.7/119.7+-36.9/151.1+-46.8/116.3+-32.3
        80-85 95.0+-37.8/109.5+-16.3/105.4+-21.4/130.1+-30.9
    """,
    ("M", "lumbar"): """
        45-49 133.6+-25.4/147.7+-35.2/183.2+-35.7/144.6+-30.9
        50-54 135.3+-31.6/127.9+-22.8/161.3+-38.3/138.5+-33.3
        55-59 123.9+-25.6/115.3+-22.7/149.0+-35.9/140.4+-33.1
        60-64 115.1+-32.1/107.7+-32.5/149.0+-29.7/123.0+-32.3
        65-69 105.1+-28.7/108.5+-25.7/156.8+-49.1/115.3+-33.1
        70-74 105.8+-30.6/97.2+-18.0/137.2+-45.2/106.8+-26.6
        75-79 90.3+-29.0/100.6+-33.2/128.3+-50.7/102.1+-27.4
        80-85 79.6+-34.2/96.1+-21.9/85.4+-21.7/106.4+-31.2
    """,
    ("F", "thoracic"): """
        45-49 154.0+-43.6/155.9+-28.2/207.3+-50.6/187.5+-31.0
        50-54 145.6+-31.1/154.3+-34.4/188.4+-32.3/155.1+-30.1
        55-59 130.7+-31.2/136.4+-29.8/184.7+-49.1/151.7+-38.0
        60-64 135.3+-27.7/132.2+-32.1/162.0+-35.4/132.9+-23.7
        65-69 122.3+-34.3/103.7+-28.1/153.4+-38.7/128.7+-30.2
        70-74 109.2+-28.6/93.8+-21.5/143.6+-43.1/108.8+-30.8
        75-79 93.8+-24.8/77.5+-21.6/114.8+-27.0/107.9+-33.6
        80-85 93.3+-25.0/94.1+-17.7/115.1+-38.3/108.0+-25.4
    """,
    ("F", "lumbar"): """
        45-49 139.2+-39.2/139.9+-28.1/182.9+-39.7/159.1+-29.2
        50-54 131.3+-26.4/136.2+-29.7/162.0+-30.4/129.1+-30.3
        55-59 114.0+-27.8/116.4+-28.4/151.6+-41.6/122.1+-31.2
        60-64 115.1+-29.5/109.3+-30.9/146.6+-34.1/109.4+-25.1
        65-69 103.6+-30.4/95.9+-37.3/124.7+-34.4/105.1+-30.6
        70-74 91.8+-33.4/75.7+-24.1/115.5+-39.2/86.4+-28.1
        75-79 75.4+-21.8/62.9+-20.9/94.5+-25.5/84.8+-28.5
        80-85 74.8+-24.5/91.7+-22.3/93.0+-46.3/80.1+-16.6
    """,
}
ANCESTRIES = ("White", "Chinese", "Black", "Hispanic")


def published():
    for (sex, site), text in TABLE.items():
        for line in text.strip().splitlines():
            ages, values = line.split()
            first, last = map(int, ages.split("-"))
            for ancestry, value in zip(ANCESTRIES, values.split("/"), strict=True):
                mean, spread = map(float, value.split("+-"))
                yield sex, site, ancestry, first, last, mean, spread


ROWS = list(published())


def z(site="lumbar", bmd=100.0, sex="F", age=62.0, ancestry="White"):
    return z_score_of(site, Bmd(bmd, "HA"), sex, age, ancestry, "mesa-2013")


def test_the_table_has_every_published_row_and_no_other():
    assert len(ROWS) == len(z_score_references()) == 2 * 2 * 8 * 4


@pytest.mark.parametrize(("sex", "site", "ancestry", "first", "last", "mean", "spread"), ROWS)
def test_a_row_gives_0_at_its_mean_and_minus_2_two_sd_below_at_both_ends_of_its_ages(
    sex, site, ancestry, first, last, mean, spread
):
    for age in (first, last, last + 0.99):
        at_mean, _ = z(site, mean, sex, age, ancestry)
        below, _ = z(site, mean - 2 * spread, sex, age, ancestry)
        assert at_mean.value == 0
        assert below.value == pytest.approx(-2, abs=1e-12)
        assert at_mean.reference.sd_mg_cm3 == spread


def test_a_z_score_worked_by_hand():
    # White women, 60-64, lumbar: 115.1 +- 29.5.
    score, said = z(bmd=85.6)
    assert score.value == pytest.approx(-1.0)
    assert score.to_mapping()["group"] == "White women, 60-64 years, lumbar"
    assert [f.code for f in said] == ["z-score-material"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"age": 44.9}, "z-score-age", "44 years is outside its 45 to 85"),
        ({"age": 86}, "z-score-age", "86 years"),
        ({"age": None}, "z-score-patient", "age must be known"),
        ({"sex": None, "ancestry": None}, "z-score-patient", "sex and ancestry must be known"),
        ({"ancestry": "Martian"}, "z-score-ancestry", "no group Martian; it has White, Chinese, Black, Hispanic"),
    ],
)
def test_outside_ages_or_groups_there_is_none_and_why(changes, code, words):
    score, said = z(**changes)
    assert score is None
    assert [f.code for f in said] == [code]
    assert words in said[0].message


@pytest.mark.parametrize(
    ("stated", "name"), [("white", "White"), ("African  American", "Black"), ("latina", "Hispanic"), ("", None)]
)
def test_ancestry_is_known_by_the_words_on_file(stated, name):
    assert ancestry_of(stated) == name


def test_the_table_says_where_it_comes_from():
    table = load_table("z_score_references")
    assert {"source", "population", "units", "confidence"} <= set(table)
    assert re.search(r"Li 2013", table["source"])
