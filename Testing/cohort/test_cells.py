"""Numbers in tables as spreadsheets of several languages write them."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.cohort.frame import make_cohort, read_clinical, read_results
from CACBoneAxisLib.cohort.manifest import read_csv, read_manifest
from CACBoneAxisLib.imaging.findings import UnusableInputError


def table(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    return read_csv(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,x\n1,2.5\n2,\n3,NA\n", [2.5, None, None]),
        ("id;x\n1;2,5\n2;-\n3;30\n", [2.5, None, 30]),
        ("id;x\r\n1;,5\r\n2;#NV\r\n3;-1,25\r\n", [0.5, None, -1.25]),
        ("id\tx\n1\t1,234\n2\tNaN\n3\t2,5\n", [1.234, None, 2.5]),
        ('id,x\n1,"2,5"\n2,n/a\n3,4\n', [2.5, None, 4]),
        ("id;x\n1;\u22122.5\n2;\u20133\n3;4\n", [-2.5, -3, 4]),
        ("sep=;\nid;x\n1;1e3\n2;.\n3;7\n", [1000, None, 7]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_numbers_are_read_as_they_were_meant(tmp_path, text, expected, encoding):
    assert table(tmp_path, text, encoding).numbers("x") == expected


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["2.5", "3.5", "x"], 4),
        (["2.5", "<5", "7.1"], 3),
        (["25 kg", "26 kg", "27 kg"], 2),
        (["2.5", "2,5", "2.5"], 3),
        (["1", "2", "#DIV/0!"], 4),
        (["1", "inf", "3"], 3),
    ],
)
def test_a_cell_that_is_no_number_among_numbers_is_refused_by_place(tmp_path, cells, line):
    lines = "".join(f"{n};{cell}\n" for n, cell in enumerate(cells))
    with pytest.raises(UnusableInputError, match=f"line {line}, column x") as caught:
        table(tmp_path, f"id;x\n{lines}").numbers("x")
    assert caught.value.code == "cell-unreadable"


def test_a_comma_or_point_that_may_separate_thousands_is_refused(tmp_path):
    for text in ('id,x\n1,"1,234"\n', "id;x;y\n1;1.234;2,5\n"):
        with pytest.raises(UnusableInputError) as caught:
            table(tmp_path, text).numbers("x")
        assert caught.value.code == "cell-thousands"
    assert table(tmp_path, "id,x\n1,1.234\n").numbers("x") == [1.234]


def test_words_dates_and_answers_stay_words(tmp_path):
    text = "id;x;d;a\n1;never;01.02.2020;+\n2;NA;03.04.2021;-\n3;current;05.06.2022;+\n"
    read = table(tmp_path, text)
    assert [read.numbers(name) for name in "xda"] == [None, None, None]
    assert read.words("x") == ["never", None, "current"]
    assert read.words("a") == ["+", "-", "+"]


RESULTS = "study_id{0}agatston{0}mean_hu{0}sex\r\n0001{0}16{1}8{0}150{1}5{0}F\r\n0002{0}0{0}NA{0}female\r\n"


def test_results_that_a_spreadsheet_saved_are_the_same_numbers(tmp_path):
    (tmp_path / "a.csv").write_text(RESULTS.format(",", "."))
    (tmp_path / "b.csv").write_text(RESULTS.format(";", ","))
    for name in ("a.csv", "b.csv"):
        data = read_results(tmp_path / name)
        assert list(data["agatston"]) == [16.8, 0.0]
        assert data["mean_hu"][0] == 150.5 and data["mean_hu"].isna()[1]
        assert list(make_cohort(data).data["sex"]) == ["F", "F"]
    (tmp_path / "c.csv").write_text(RESULTS.format(";", ",").replace("NA", "150 HU"))
    with pytest.raises(UnusableInputError, match="line 3, column mean_hu"):
        read_results(tmp_path / "c.csv")


def test_ids_whose_zeros_a_spreadsheet_ate_are_said(tmp_path):
    (tmp_path / "a.csv").write_text(RESULTS.format(",", "."))
    (tmp_path / "clinical.csv").write_text("study_id,bmi\n1,25.5\n2,31\n")
    with pytest.raises(UnusableInputError, match="leading zeros"):
        make_cohort(read_results(tmp_path / "a.csv"), read_clinical(tmp_path / "clinical.csv"))


def test_a_manifest_takes_decimal_commas_and_leaves_out_what_is_missing(tmp_path):
    (tmp_path / "m.csv").write_text("study_id;image;age_years;sex\na;ct;63,5;NA\nb;ct;-;F\n")
    first, second = read_manifest(tmp_path / "m.csv")
    assert first.overrides() == {"patient": {"age_years": 63.5}}
    assert second.overrides() == {"patient": {"sex": "F"}}


ONE_RESULT = "study_id,patient_id,age_years,agatston,mean_hu,bmd_mg_cm3,kvp\na,p,63,10,120,98,120\n"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("age_years", value) for value in ("-5", "650", "1e300")),
        *(("agatston", value) for value in ("-5", "1e400")),
        *(("mean_hu", value) for value in ("1e308", "-1e12")),
        *(("bmd_mg_cm3", value) for value in ("9999", "-9999")),
        ("kvp", "12"),
    ],
)
def test_a_number_that_nobody_can_have_is_refused_with_its_column(tmp_path, column, value):
    header, line, _ = ONE_RESULT.split("\n")
    cells = dict(zip(header.split(","), line.split(","), strict=True)) | {column: value}
    (tmp_path / "results.csv").write_text(f"{header}\n{line}\n{','.join(cells.values())}\n")
    with pytest.raises(UnusableInputError, match=column) as caught:
        read_results(tmp_path / "results.csv")
    assert caught.value.code in ("value-impossible", "cell-unreadable")
    if column == "age_years":
        (tmp_path / "clinical.csv").write_text(f"patient_id,age_years\np,{value}\n")
        with pytest.raises(UnusableInputError, match=column):
            read_clinical(tmp_path / "clinical.csv")
