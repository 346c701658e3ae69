"""Two results of the small study compared: changes, what speaks against it, files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from small_study import LAD_AGATSTON, RCA_AGATSTON, small_image, small_seeds, write_small_study

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.comparison import comparison_figures, comparison_page, summary_words
from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.study import Settings, StudyInputs, analyze
from CACBoneAxisLib.study.comparison import compare, read_result

SAID = Acquisition(kvp=120.0, kernel="Qr36", manufacturer="A", model="B", contrast=False, ecg_gated=True)


def grown() -> CTImage:
    """The small study with three times the area of LAD calcium."""
    image = small_image(SAID)
    image.hu[4, 10:16, 10:28] = 250
    return image


def result(image: CTImage, **settings: Any) -> dict[str, Any]:
    return analyze(StudyInputs(image, (small_seeds(),), settings=Settings.from_mapping(settings))).to_dict()


@pytest.fixture
def pair() -> tuple[dict[str, Any], dict[str, Any]]:
    return result(small_image(SAID)), result(grown())


def codes(comparison: dict[str, Any]) -> list[str]:
    return [f["code"] for f in comparison["findings"]]


def test_changes_per_artery_and_total(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    comparison = compare(*pair, 2.0)
    total, lad, rca = (comparison["changes"][what]["agatston"] for what in ("total", "LAD", "RCA"))
    assert (lad["absolute"], lad["percent"], lad["per_year"]) == (2 * LAD_AGATSTON, 200, LAD_AGATSTON)
    assert (rca["absolute"], rca["root"]) == (0, 0)
    assert (total["baseline"], total["followup"]) == (LAD_AGATSTON + RCA_AGATSTON, 3 * LAD_AGATSTON + RCA_AGATSTON)
    # 36 exceeds 4.93 x sqrt(26) = 25.1
    assert "exceeds measurement error" in summary_words(comparison)
    assert "does not exceed" in summary_words(compare(pair[0], pair[0]))
    assert codes(comparison) == ["compare-opportunistic"] * codes(comparison).count("compare-opportunistic")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"acquisition": {"kvp": 100.0}}, "tube voltage"),
        ({"acquisition": {"kernel": "Br40"}}, "kernel"),
        ({"acquisition": {"model": "C"}}, "scanner"),
        ({"calcium": {"protocol": "siemens"}}, "calcium.minimum_area_mm2"),
        ({"calcium": {"minimum_area_mm2": 0.5}}, "calcium.minimum_area_mm2"),
    ],
)
def test_what_differs_is_a_warning(change: dict[str, Any], word: str) -> None:
    comparison = compare(result(small_image(SAID)), result(grown(), **change))
    assert any(f["code"] == "compare-differs" and word in f["message"] for f in comparison["findings"])


def test_increment_unknown_scanner_patient_and_missing_scores_are_said(pair: tuple[dict, dict]) -> None:
    baseline, followup = pair
    followup["study"]["image"]["slice_increment_mm"] = 2.5
    followup["study"]["acquisition"]["model"] = None
    baseline["study"]["patient"] |= {"sex": "F", "age_years": 70.0}
    followup["study"]["patient"] |= {"sex": "M", "age_years": 60.0}
    followup["calcium"]["total"] |= {"agatston": None, "volume_mm3": None}
    comparison = compare(baseline, followup)
    found = codes(comparison)
    assert found.count("compare-patient") == 2
    assert {"compare-differs", "compare-unknown", "compare-no-score"} <= set(found)
    assert comparison["changes"]["total"]["agatston"]["absolute"] is None
    assert "cannot be given" in summary_words(comparison)


@pytest.mark.parametrize(("ages", "said"), [((70.0, 70.0), False), ((70.0, 69.0), True), ((None, 69.0), False)])
def test_a_patient_may_be_as_old_as_before_but_not_younger(
    pair: tuple[dict, dict], ages: tuple[float | None, float], said: bool
) -> None:
    for scan, age in zip(pair, ages, strict=True):
        scan["study"]["patient"]["age_years"] = age
    assert ("compare-patient" in codes(compare(*pair))) is said


def test_each_result_is_named_with_its_own_checksum(pair: tuple[dict, dict]) -> None:
    first, second = "a" * 64, "b" * 64
    made = compare(*pair, sha256=(first, second))
    assert (made["baseline"]["sha256"], made["followup"]["sha256"]) == (first, second)
    assert compare(*pair)["baseline"]["sha256"] is None


def test_years_that_are_none_are_refused(pair: tuple[dict, dict]) -> None:
    for years in (0.0, -1.0, 200.0):
        with pytest.raises(UnusableInputError) as error:
            compare(*pair, years)
        assert error.value.code == "compare-years"


def test_only_results_can_be_compared(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"schema": "other"}')
    for path in (tmp_path, tmp_path / "none", tmp_path / "result.json"):
        with pytest.raises(UnusableInputError) as error:
            read_result(path)
        assert error.value.code == "compare-unreadable"


def test_both_scans_are_pictured_at_every_artery_with_calcium(pair: tuple[dict, dict]) -> None:
    images = (small_image(SAID), grown())
    figures = comparison_figures(compare(*pair), images)
    assert [f.key for f in figures] == ["LAD", "RCA"]
    assert "baseline: Agatston 18.0" in figures[0].caption
    assert "follow-up: Agatston 54.0" in figures[0].caption
    pair[1]["calcium"]["lesions"] = [x for x in pair[1]["calcium"]["lesions"] if x["territory"] != "RCA"]
    assert "follow-up: no lesion here" in comparison_figures(compare(*pair), images)[1].caption


def test_an_image_that_is_not_the_results_is_refused(pair: tuple[dict, dict]) -> None:
    image = small_image(SAID)
    other = CTImage(image.hu[:-1], image.geometry.__class__((11, 60, 60), (0.5, 0.5, 3.0), (0.0, 0.0, 0.0)))
    with pytest.raises(UnusableInputError) as error:
        compare(*pair, images=(image, other))
    assert error.value.code == "compare-image"


def test_names_are_escaped_on_the_page(pair: tuple[dict, dict]) -> None:
    pair[0]["study"]["id"] = "<script>alert(1)</script>"
    assert "<script" not in page_html(comparison_page(compare(*pair)))


def test_the_command_line_compares_what_analyze_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_small_study(tmp_path)
    for name in ("one", "two"):
        words = ["analyze", str(files["image"]), "--seeds", str(files["seeds"]), "--output", str(tmp_path / name)]
        assert main(words) == 0
    words = ["compare", str(tmp_path / "one"), str(tmp_path / "two" / "result.json"), "--output", str(tmp_path / "out")]
    words += ["--years", "3", "--baseline-image", str(files["image"]), "--followup-image", str(files["image"])]
    assert main(words) == 0
    assert main(words) == 0, "an earlier comparison is replaced"
    assert "does not exceed measurement error" in capsys.readouterr().out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "comparison.json",
        "change.csv",
        "bone_change.csv",
        "lesion_change.csv",
        "report.html",
    }
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(content, load_table("comparison.schema"))
    with (tmp_path / "out" / "change.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 9
    assert rows[0]["what"] == "total"
    assert "data:image/png" in (tmp_path / "out" / "report.html").read_text()
    assert main([*words[:3], "--years", "0", "--output", str(tmp_path / "bad")]) == 2
    assert not (tmp_path / "bad").exists()
