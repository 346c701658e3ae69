"""The command that holds calibration files against each other."""

import csv
import json

import pytest

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.report.qahistory import history_figure, history_page

ENTRY = {
    "kind": "asynchronous",
    "slope": 0.8,
    "intercept": 4.0,
    "material": "HA",
    "phantom": "b-mas200",
    "source": "test",
    "date": "2026-01-05",
    "r2": 0.9999,
    "residuals_hu": [1.0, -2.5],
    "kvp": 120.0,
    "manufacturer": "A",
    "model": "<B>",
    "kernel": "K",
    "table_height_mm": 150.0,
}


def write(folder, name, **changes):
    path = folder / name
    path.write_text(json.dumps({"bone": {"calibration": ENTRY | changes}}))
    return str(path)


def test_table_page_and_words_say_what_drifted(tmp_path, capsys):
    files = [write(tmp_path, "a.json"), write(tmp_path, "b.json", intercept=9.0, date="2026-03-05")]
    assert main(["qa", *files, "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "100 mg/cm3 reads 105.0 (+5.0 %)" in said
    assert "warning: b.json" in said
    rows = list(csv.DictReader((tmp_path / "out" / "qa.csv").open(encoding="utf-8-sig")))
    assert [float(r["reads_mg_cm3"]) for r in rows] == [100.0, 105.0]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;B&gt;" in page
    assert "<B>" not in page
    assert "data:image/png" in page
    history = json.loads((tmp_path / "out" / "qa.json").read_text())
    assert history_figure(history["series"][0]).png.startswith(b"\x89PNG")
    assert "drift" in page_html(history_page(history))
    # An earlier history is replaced; a folder of somebody else's is not.
    assert main(["qa", *files, "--output", str(tmp_path / "out")]) == 0
    assert main(["qa", *files, "--output", str(tmp_path)]) == 2


def test_what_is_no_calibration_is_refused_and_nothing_is_written(tmp_path, capsys):
    (tmp_path / "x.json").write_text("{}")
    assert main(["qa", str(tmp_path / "x.json"), "--output", str(tmp_path / "out")]) == 2
    assert "holds no calibration" in capsys.readouterr().err
    assert main(["qa", write(tmp_path, "a.json", date=None), "--output", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"slope": 1e308},
        {"slope": 5e-324},
        {"slope": float("inf")},
        {"slope": 1e9},
        {"slope": -1},
        {"slope": "0.8"},
        {"intercept": float("nan")},
        {"intercept": 1e11},
        {"kvp": [120]},
        {"date": 20260105},
        {"date": "2026-13-05"},
        {"material": "\ud800"},
        {"residuals_hu": [1, "x"]},
        {"phantom": {}},
    ],
)
def test_impossible_calibrations_are_refused_in_a_sentence(tmp_path, capsys, changes):
    assert main(["qa", write(tmp_path, "a.json", **changes), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
