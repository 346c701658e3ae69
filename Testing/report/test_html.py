"""The page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from html_page import HtmlPage

from CACBoneAxisLib.report.figures import lesion_figures, vertebra_figures
from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.resultpage import result_page
from CACBoneAxisLib.report.terminal import terminal_summary
from CACBoneAxisLib.report.wording import remarks


def page_of(example: Any) -> HtmlPage:
    return HtmlPage(source_of(example))


def source_of(example: Any) -> str:
    lesions = lesion_figures(example.result["calcium"], example.image, example.calcium_masks)
    vertebrae = vertebra_figures(example.result["bone"], example.image, example.bone_masks)
    return page_html(result_page(example.result, lesions, vertebrae))


def test_the_page_is_well_formed_and_accessible(example: Any) -> None:
    page = page_of(example)
    tags = [tag for tag, _ in page.elements]
    assert ("html", {"lang": "en"}) in page.elements
    assert all(attrs.get("alt") for tag, attrs in page.elements if tag == "img")
    assert all(attrs.get("scope") for tag, attrs in page.elements if tag == "th")
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table") == 3
    assert tags.count("img") == 6


def test_nothing_is_loaded_from_anywhere_and_nothing_runs(example: Any) -> None:
    source = source_of(example)
    page = HtmlPage(source)
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
    assert all(a["src"].startswith("data:image/png;base64,") for t, a in page.elements if t == "img" and a["src"])
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    without_pictures = re.sub(r"data:image/png;base64,[^\"]+", "", source)
    assert not re.search(r"https?:|url\(|@import", without_pictures)
    assert "default-src 'none'" in without_pictures


def test_the_blood_decides_what_the_page_says_of_contrast_agent(example: Any) -> None:
    acquisition = example.result["study"]["acquisition"]
    for stated, blood, words in ((True, 40.0, "no contrast agent"), (False, 300.0, "contrast-enhanced")):
        acquisition["contrast"] = stated
        example.result["calcium"]["blood"] = {"hu": blood, "noise_hu": 10.0, "where": "region", "slices": 3}
        assert words in source_of(example)


def test_planted_markup_is_shown_and_not_run(example: Any) -> None:
    planted = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;"
    result = example.result
    result["study"]["id"] = planted
    result["study"]["image"]["name"] = planted
    result["study"]["acquisition"] |= {"kernel": planted, "manufacturer": planted}
    result["provenance"]["settings"] = {planted: planted}
    result["provenance"]["inputs"][0]["name"] = planted
    result["calcium"]["protocol"]["citation"] = planted
    result["calcium"]["lesions"][2]["reason"] = planted
    result["calcium"]["lesions"][2]["seeds"] = [planted]
    result["calcium"]["categories"]["standard"] |= {"scheme": planted, "label": planted, "source": planted}
    result["bone"]["calibration"]["source"] = planted
    result["bone"]["summary"]["label"] = planted
    result["bone"]["summary"]["acr_class"] |= {"label": planted, "source": planted, "note": planted}
    vertebra = result["bone"]["vertebrae"][0]
    vertebra["bmd"]["material"] = planted
    vertebra["level"] = planted
    example.bone_masks[planted] = example.bone_masks["L1"]
    result["calcium"]["findings"].append({"code": "x", "severity": "warning", "message": planted})
    page = page_of(example)
    assert "script" not in {tag for tag, _ in page.elements}
    assert not any("onerror" in attrs for _, attrs in page.elements)
    assert page.text.count("<script>alert(1)</script>") >= 15


def test_every_finding_of_the_result_appears_once_in_its_section(example: Any) -> None:
    source = source_of(example)
    part = source[source.index('<section class="panel" id="careful">') : source.index('id="calcium"') - 22]
    careful = HtmlPage(f"<body>{part}</body>")
    found = remarks(example.result)
    assert len(found) >= 7
    for remark in found:
        assert careful.text.count(remark.message) == 1


def test_the_answers_come_first_with_scheme_and_source(example: Any) -> None:
    text = page_of(example).text
    top = text[: text.index("What to be careful about")]
    total = example.result["calcium"]["total"]
    assert f"{format_value(total['agatston'], 'agatston')} Agatston" in top
    assert "Scheme: Agatston 0 / 1-10 / 11-100 / 101-400 / >400" in top
    assert "CAC-DRS: A" in top
    assert "LM, LAD, RCA (3 of 4 arteries)" in top
    assert f"{format_value(example.result['bone']['summary']['mean_hu'], 'mean_hu')} HU, mean of L1" in top
    assert "mg/cm3 K2HPO4" in top
    assert "Pickhardt 2013" in top
    assert "ACR-SPR-SSR" in top
    assert top.count("opportunistic.") == 2
    assert "Research use only. Not for diagnosis." in top


def test_the_verdict_is_explained_by_what_led_to_it_only(example: Any) -> None:
    text = page_of(example).text
    top = text[: text.index("What to be careful about")]
    assert "Nothing says whether the scan was ECG-gated" in top
    assert "The slice increment is" not in top


def test_zero_is_said_in_words_and_null_with_its_reason(example: Any) -> None:
    total = example.result["calcium"]["total"]
    total["agatston"] = 0
    assert "0 — no calcium at or above 130 HU" in page_of(example).text
    total["agatston"] = None
    for entry in example.result["calcium"]["categories"].values():
        entry |= {"category": None, "label": None}
    reason = "No seeds were given, so calcium was not scored."
    example.result["calcium"]["findings"] = [{"code": "no-seeds", "severity": "note", "message": reason}]
    text = page_of(example).text
    top = text[: text.index("What to be careful about")]
    assert f"not measured {reason}" in top
    assert "0 Agatston" not in top


@pytest.mark.parametrize("empty", [True, False])
def test_a_result_without_bone_says_so(example: Any, empty: bool) -> None:
    bone = example.result["bone"]
    bone["vertebrae"] = [] if empty else bone["vertebrae"][:1]
    for vertebra in bone["vertebrae"]:
        vertebra |= dict.fromkeys(("mean_hu", "median_hu", "sd_hu", "p10_hu", "p90_hu", "bmd", "acr_class"))
        vertebra |= {"status": "not-measured", "voxels": None, "volume_mm3": None}
        vertebra["findings"] = [{"code": "region-empty", "severity": "error", "message": "T12 holds no voxel."}]
    bone["summary"] = {"levels": [], "label": "no level", "mean_hu": None, "bmd": None, "findings": []}
    bone["findings"] = [{"code": "no-regions", "severity": "note", "message": "No region was given."}]
    text = page_of(example).text
    assert f"not measured {'No region was given.' if empty else 'No region was given. T12 holds no voxel.'}" in text


def test_aortic_calcium_stands_apart_from_the_total(example: Any) -> None:
    text = page_of(example).text
    total, apart = text.index("Total of the coronary arteries"), text.index("never part of the total")
    assert text.index("RCA Right coronary") < total < apart < text.index("DA Descending aorta")


def test_page_and_terminal_write_the_same_numbers(example: Any) -> None:
    text, summary = page_of(example).text, " ".join(terminal_summary(example.result).split())
    calcium = example.result["calcium"]
    for code in ("LM", "LAD", "RCA", "DA"):
        numbers = [format_value(calcium["territories"][code][key], key) for key in ("agatston", "volume_mm3")]
        assert " ".join(numbers) in text
        assert " ".join(numbers) in summary
    for vertebra in example.result["bone"]["vertebrae"]:
        mean, median, sd = (format_value(vertebra[key], key) for key in ("mean_hu", "median_hu", "sd_hu"))
        assert f"{mean} {median} {sd}" in text
        assert f"{mean} {sd}" in summary


def test_settings_and_provenance_are_printed(example: Any) -> None:
    text = page_of(example).text
    for words in ("growth_connectivity 26", "calibration.slope 0.75397275", "CACBoneAxis 0.1.0", "SHA-256 aa2b94ee"):
        assert words in text


def test_a_hard_blank_between_number_and_unit_is_kept(example: Any) -> None:
    assert re.search(r"S\u00a0-?\d+\.\d\u00a0mm", source_of(example))
