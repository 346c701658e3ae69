"""Every published cell of both percentile tables, retyped here, is where a score of that size lies."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.percentiles import Percentile, percentiles

# Hoff 2001: men, then women, 25th/50th/75th/90th.
HOFF = """
<40     0/1/3/14            0/0/1/3
40-44   0/1/9/59            0/0/1/4
45-49   0/3/36/154          0/0/2/22
50-54   1/15/103/332        0/0/5/55
55-59   4/48/215/554        0/1/23/121
60-64   13/113/410/994      0/3/57/193
65-69   32/180/566/1299     1/24/145/410
70-74   64/310/892/1774     3/52/210/631
>74     166/473/1071/1982   9/75/241/709
"""
# McClelland 2006, Table 2: 25th/50th/75th/90th/95th at 45-54, 55-64, 65-74, 75-84.
MESA = """
White    M 0/0/22/110/207 0/28/155/452/743 21/145/540/1345/2271 103/385/1200/2933/4619
White    F 0/0/0/8/31 0/0/16/102/209 0/13/119/391/674 20/106/370/921/1535
Chinese  M 0/0/14/89/184 0/5/67/242/429 0/34/174/487/803 11/81/305/769/1299
Chinese  F 0/0/0/12/44 0/0/18/105/213 0/5/70/246/436 0/32/146/398/656
Black    M 0/0/2/45/105 0/0/40/173/318 0/32/191/575/945 23/141/516/1281/2176
Black    F 0/0/0/9/38 0/0/5/74/173 0/0/77/310/561 0/47/214/582/953
Hispanic M 0/0/9/88/195 0/3/75/291/512 1/56/247/666/1091 36/153/494/1221/1943
Hispanic F 0/0/0/2/18 0/0/2/50/118 0/1/51/203/361 0/45/205/557/917
"""
Cell = tuple[str, Patient, int, int, int | None]


def of_row(table: str, patient: Patient, text: str, published: tuple[int, ...]) -> list[Cell]:
    values = [int(v) for v in text.split("/")]
    return [
        (table, patient, p, value, next((q for q, w in zip(published, values, strict=True) if w > value), None))
        for p, value in zip(published, values, strict=True)
    ]


def cells() -> list[Cell]:
    found: list[Cell] = []
    for line in HOFF.split("\n")[1:-1]:
        ages, men, women = line.split()
        first, last = {"<40": (18, 39), ">74": (75, 101)}.get(ages) or tuple(int(a) for a in ages.split("-"))
        for age in (first, last + 0.99):
            found += of_row("hoff", Patient(age, "M"), men, (25, 50, 75, 90))
            found += of_row("hoff", Patient(age, "F"), women, (25, 50, 75, 90))
    for line in MESA.split("\n")[1:-1]:
        group, sex, *texts = line.split()
        for first, text in zip((45, 55, 65, 75), texts, strict=True):
            for age in (first, first + 9.99):
                found += of_row("mesa", Patient(age, sex, group), text, (25, 50, 75, 90, 95))  # type: ignore[arg-type]
    return found


def test_all_cells_are_here() -> None:
    # 9 ages x 2 sexes x 4 and 8 groups x 4 ages x 5, each at both ends of its ages
    assert len(cells()) == 2 * (9 * 2 * 4 + 8 * 4 * 5)


@pytest.mark.parametrize(("table", "patient", "percentile", "value", "following"), cells())
def test_a_score_of_a_published_cell_is_at_its_percentile(
    table: str, patient: Patient, percentile: int, value: int, following: int | None
) -> None:
    place = percentiles(float(value), patient)[table]
    assert place.reason is None
    assert percentile in place.at
    assert place.below == following
    above = percentiles(value + 0.5, patient)[table]
    assert (above.above or 0) >= percentile
    assert percentile not in above.at
    if value:
        assert percentiles(value - 0.5, patient)[table].below is not None


@pytest.mark.parametrize(
    ("agatston", "words"),
    [
        (0.0, "below the 25th percentile"),
        (64.0, "at the 25th percentile"),
        (65.0, "between the 25th and the 50th percentile"),
        (1774.0, "at the 90th percentile"),
        (2000.0, "above the 90th percentile"),
    ],
)
def test_the_bracket_in_words(agatston: float, words: str) -> None:
    assert percentiles(agatston, Patient(72, "M"))["hoff"].words == words


def test_a_zero_that_several_percentiles_share_is_said_to_be_at_all_of_them() -> None:
    place = percentiles(0.0, Patient(50, "F", "White"))["mesa"]
    assert (place.at, place.below, place.words) == ((25, 50, 75), 90, "at the 25th to the 75th percentile")
    assert place.group == "White women, 45-54 years"


def reason(table: str, patient: Patient, agatston: float | None = 10.0) -> str:
    place: Percentile = percentiles(agatston, patient)[table]
    assert (place.above, place.at, place.below, place.words) == (None, (), None, None)
    assert place.reason is not None
    return place.reason


def test_outside_the_ages_and_groups_there_is_no_value_and_why() -> None:
    white = ("M", "White")
    assert "45 to 84" in reason("mesa", Patient(44.9, *white))  # type: ignore[arg-type]
    assert "45 to 84" in reason("mesa", Patient(85, *white))  # type: ignore[arg-type]
    assert "18" in reason("hoff", Patient(17, "M"))
    assert "White, Chinese, Black, Hispanic" in reason("mesa", Patient(60, "M", "Maori"))
    assert "diabetes" in reason("mesa", Patient(60, "M", "White", diabetes=True))
    assert reason("mesa", Patient()) == "not known: age, sex, ethnicity"
    assert reason("hoff", Patient()) == "not known: age, sex"
    assert reason("hoff", Patient(60, "M"), None) == "there is no total score"
