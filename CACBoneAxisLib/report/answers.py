"""The top of the page: both answers side by side, each with its category, source and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report import calciummeaning, wording
from CACBoneAxisLib.report.markup import element, text
from CACBoneAxisLib.report.numbers import format_value


def answers(result: Mapping[str, Any]) -> str:
    """Return both answers as HTML, calcium on the left, bone on the right."""
    return element("div", calcium_card(result) + bone_card(result), "answers")


def calcium_card(result: Mapping[str, Any]) -> str:
    """Return the calcium answer: total, category with its scheme and source, arteries, verdict."""
    calcium = result["calcium"]
    total = calcium["total"]
    parts = ["<h2>Coronary calcium</h2>"]
    if total["agatston"] is None:
        parts.append('<p class="big">not measured</p>')
        parts.append(element("p", text(wording.calcium_missing(result))))
        if words := calciummeaning.contrast_words(result):
            parts.append(_line("Calcium on contrast CT", words))
    else:
        parts.append(f'<p class="big">{text(format_value(total["agatston"], "agatston"))} <small>Agatston</small></p>')
        if total["agatston"] == 0:
            parts.append(element("p", text(f"0 — {wording.zero_words(result)}"), "lead"))
    for number, entry in enumerate(wording.categories(result)):
        words = wording.category_words(entry)
        if number == 0:
            source = f"<small>Scheme: {text(entry['scheme'])}. {text(entry.get('source') or '')}</small>"
            parts.append(element("p", f"{text(words)} {source}", "lead"))
        else:
            parts.append(_line(entry["scheme"], words, entry.get("source") or ""))
    if percentile := calciummeaning.percentile_lead(result):
        parts.append(_line("Among people of the same age and sex", *percentile))
    if wording.anything_scored(result):
        parts.append(_line("Arteries with calcium", wording.arteries_words(result)))
        volume = format_value(total["volume_mm3"], "volume_mm3", unit=True)
        mass = format_value(total["mass_mg"], "mass_mg", unit=True)
        without = " (needs the scanner's calibration factor)" if total["mass_mg"] is None else ""
        parts.append(_line("Volume", f"{volume}. Mass: {mass}{without}"))
    parts.append(_verdict(result, "calcium"))
    missing = " missing" if total["agatston"] is None else ""
    return element("section", "\n".join(parts), f"card{missing}")


def bone_card(result: Mapping[str, Any]) -> str:
    """Return the bone answer: mean HU and BMD, class with its source, thresholds by level, verdict."""
    summary = result["bone"]["summary"]
    parts = ["<h2>Vertebral bone</h2>"]
    missing = summary.get("mean_hu") is None
    if missing:
        parts.append('<p class="big">not measured</p>')
        parts.append(element("p", text(wording.bone_missing(result))))
    else:
        mean = format_value(summary["mean_hu"], "mean_hu")
        parts.append(f'<p class="big">{text(mean)} <small>HU, {text(summary["label"])}</small></p>')
        acr, bmd = summary["acr_class"], summary["bmd"]
        if acr:
            parts.append(
                element("p", f"{text(wording.class_words(acr))} <small>{text(class_source(acr))}</small>", "lead")
            )
        elif lead := wording.threshold_lead(summary["hu_thresholds"]):
            words, source = lead
            parts.append(element("p", f"{text(words)} <small>{text(source)}</small>", "lead"))
        if bmd:
            parts.append(_line("Bone mineral density", wording.bmd_words(bmd)))
        else:
            why = wording.bone_value_missing(result, wording.NO_BMD_CODES)
            parts.append(_line("Bone mineral density", f"not given. {why}"))
        if summary["t_score"]:
            parts.append(
                _line("T-score", wording.t_score_words(summary["t_score"]), summary["t_score"].get("source") or "")
            )
        if summary["z_score"]:
            parts.append(_line("Z-score", wording.z_score_words(summary["z_score"]), summary["z_score"]["source"]))
        parts += [_line("Asked for", wording.estimate_words(item)) for item in summary["estimates"]]
        lines = wording.threshold_words(summary["hu_thresholds"])
        if lines:
            items = "".join(element("li", text(line)) for line in lines)
            parts.append(f'<p class="line"><b>Published HU thresholds; the mean is</b></p><ul>{items}</ul>')
    parts.append(_verdict(result, "bone"))
    return element("section", "\n".join(parts), "card missing" if missing else "card")


def class_source(acr: Mapping[str, Any]) -> str:
    """Return the source of a BMD class with what must be said beside it."""
    return f"{acr['source']}. {acr['note']}" if acr.get("note") else str(acr["source"])


def _line(name: str, words: str, source: str = "") -> str:
    small = f" <small>{text(source)}</small>" if source else ""
    return element("p", f"<b>{text(name)}:</b> {text(words)}{small}", "line")


def _verdict(result: Mapping[str, Any], question: str) -> str:
    """The verdict in words, with the findings that have this very effect."""
    fitness = result["suitability"][question]
    verdict = fitness["verdict"]
    words = wording.VERDICT_WORDS[question][verdict]
    effects = load_table("findings")["findings"]
    telling = [f for f in fitness["findings"] if effects.get(f["code"], {}).get(question) == verdict]
    reasons = list(dict.fromkeys(item["message"] for item in telling))
    listed = element("ul", "".join(element("li", text(reason)) for reason in reasons)) if reasons else ""
    content = f"<b>{text(verdict)}.</b> {text(words)}{listed}"
    return element("div", content, f"verdict {verdict}")
