"""What the page and the terminal say a score means, and that they say it with its source or a reason."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from small_study import small_image, small_seeds

from CACBoneAxisLib.report import calciummeaning, terminal_summary
from CACBoneAxisLib.report.html import blocks_html, page_html
from CACBoneAxisLib.report.resultpage import result_page
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

KNOWN = {
    "age_years": 60,
    "sex": "M",
    "ethnicity": "White",
    "bmi_kg_m2": 25,
    "diabetes": False,
    "smoker": False,
    "total_cholesterol_mg_dl": 200,
    "hdl_mg_dl": 50,
    "systolic_mmhg": 120,
    "lipid_medication": False,
    "pressure_medication": False,
    "family_history": False,
}


def result(patient: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    chosen = Settings.from_mapping({"patient": patient or {}, **settings})
    return analyze(StudyInputs(small_image(), (small_seeds(),), settings=chosen)).to_dict()


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    return result(dict(KNOWN), visual={"lm": 0, "lad": 2, "lcx": 0, "rca": 1, "cac_drs": 1})


def test_every_line_has_a_source_and_a_value_or_a_reason(full: dict[str, Any]) -> None:
    for found in (full, result()):
        for name, words, source in calciummeaning.lines(found):
            assert name
            assert source
            assert words
    assert any(words.startswith("no value: not known: age, sex") for _, words, _ in calciummeaning.lines(result()))


def test_what_is_known_is_said_once_on_the_head_and_in_the_table(full: dict[str, Any]) -> None:
    page = page_html(result_page(full))
    assert page.count("between the 25th and the 50th percentile (MESA: White men, 55-64 years)") == 2
    assert "with the score" in page
    assert "3 of 12 (LM 0, LAD 2, LCX 0, RCA 1)" in page
    assert "CAC-DRS V1/N2" in page
    terminal = terminal_summary(full)
    assert "percentile: between the 25th" in terminal
    assert "10-year risk:" in terminal


def test_the_terminal_is_silent_about_what_is_not_known() -> None:
    terminal = terminal_summary(result())
    assert "percentile" not in terminal
    assert "10-year risk" not in terminal


def test_the_studys_own_protocol_leads_the_table_of_protocols(full: dict[str, Any]) -> None:
    table = blocks_html(calciummeaning.protocol_tables(full))
    assert table.index("This study (agatston-1990)") < table.index("Siemens")
    rows = full["calcium"]["under_protocols"]
    assert table.count("<tr") == 1 + len(rows) + 1 + len(rows[0]["lesions"])


def test_every_lesion_has_its_score_under_every_protocol(full: dict[str, Any]) -> None:
    changed = deepcopy(full)
    (first, second, *others), kept = changed["calcium"]["under_protocols"], changed["calcium"]["lesions"]
    scores = [[12.0, 40.0], [13.5, 40.0], *[[12.0, 40.0]] * len(others)]
    for entry, values in zip((first, second, *others), scores, strict=True):
        entry["lesions"] = [{"id": n, "agatston": a, "volume_mm3": 1.0} for n, a in enumerate(values, start=1)]
    changed["calcium"]["lesions"] = [dict(kept[0], id=1, territory="LAD"), dict(kept[0], id=2, territory=None)]
    table = blocks_html(calciummeaning.protocol_tables(changed))
    lesions = table[table.index("Agatston score of each lesion") :]
    # Two columns: what scores alike stands together.
    assert lesions.count('<th scope="col"') == 3
    assert f">this study, {others[0]['name']}" in lesions
    assert f">{second['name']}<" in lesions
    assert ">1 LAD<" in lesions
    assert ">2 in conflict<" in lesions
    assert lesions.count(">12.0<") == 1
    assert lesions.count(">13.5<") == 1
    assert lesions.count(">40.0<") == 2


def test_text_of_a_protocol_of_ones_own_is_escaped() -> None:
    own = {"protocol": "<b>mine</b>", "citation": "<script>x</script>", "minimum_area_mm2": 0.5}
    page = page_html(result_page(result(calcium=own)))
    assert "<script" not in page
    assert "<b>mine" not in page
    assert "&lt;b&gt;mine" in page


def test_an_older_result_without_these_parts_still_makes_a_page(example: Any) -> None:
    assert calciummeaning.lines(example.result) == []
    assert "What the calcium score means" not in page_html(result_page(example.result))


def test_calcium_on_contrast_ct_is_never_called_a_score(full: dict[str, Any]) -> None:
    changed = deepcopy(full)
    changed["calcium"]["total"] = dict.fromkeys(changed["calcium"]["total"])
    changed["calcium"]["contrast_calcium"] = {
        "threshold_hu": 450.0,
        "rule": "mean + 5 SD of the blood in the aorta",
        "volume_mm3": 27.0,
        "lesions": 1,
        "territories": {},
    }
    words = "27.0 mm3 in 1 lesions at 450.0 HU (mean + 5 SD of the blood in the aorta). Not an Agatston score"
    assert words in page_html(result_page(changed))
    assert "on contrast CT: 27.0 mm3" in terminal_summary(changed)


def test_suggestions_stand_in_a_table_of_their_own(full: dict[str, Any]) -> None:
    assert calciummeaning.suggestion_tables(full) == []
    changed = deepcopy(full)
    changed["calcium"]["suggestions"] = [
        {
            "territory": "LAD",
            "confidence": 0.5,
            "position_ras_mm": [1.0, 2.0, 3.0],
            "volume_mm3": 9.0,
            "voxels": 9,
            "peak_hu": 300.0,
        }
    ]
    changed["calcium"]["search"] = {
        "found_by": "lungs",
        "top": "carina",
        "carina_ras_mm": [0.0, 0.0, 90.0],
        "left_out": [
            {"reason": "airway", "position_ras_mm": [4.0, 5.0, 6.0], "volume_mm3": v, "voxels": 3, "peak_hu": 200.0}
            for v in (7.0, 8.5)
        ],
        "too_small": 11,
    }
    table = blocks_html(calciummeaning.suggestion_tables(changed))
    assert "LAD" in table
    assert "below the carina" in table
    # Two of them, of which the largest is told; those too small are only counted.
    assert "at an airway" in table
    assert "8.5" in table
    assert "7.0" not in table
    assert ">11<" in table
    assert "Suggested candidates" in page_html(result_page(changed))
