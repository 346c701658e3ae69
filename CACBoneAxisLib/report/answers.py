"""The top of the page: both answers side by side, each with its category, source and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report import calciummeaning, wording
from CACBoneAxisLib.report.blocks import Block, Bullets, Group, Heading, Paragraph, Span
from CACBoneAxisLib.report.numbers import format_value


def answers(result: Mapping[str, Any]) -> Group:
    """Return both answers, calcium on the left, bone on the right."""
    return Group("cards", [calcium_card(result), bone_card(result)])


def calcium_card(result: Mapping[str, Any]) -> Group:
    """Return the calcium answer: total, category with its scheme and source, arteries, verdict."""
    calcium = result["calcium"]
    total = calcium["total"]
    missing = total["agatston"] is None
    parts: list[Block] = [Heading("Coronary calcium", 2)]
    if missing:
        parts += [Paragraph("not measured", "big"), Paragraph(wording.calcium_missing(result))]
        if words := calciummeaning.contrast_words(result):
            parts.append(_line("Calcium on contrast CT", words))
    else:
        parts.append(_big(format_value(total["agatston"], "agatston"), "Agatston"))
        if total["agatston"] == 0:
            parts.append(Paragraph(f"0 — {wording.zero_words(result)}", "lead"))
    for number, entry in enumerate(wording.categories(result)):
        words, source = wording.category_words(entry), entry.get("source") or ""
        if number == 0:
            parts.append(_lead(words, f"Scheme: {entry['scheme']}. {source}"))
        else:
            parts.append(_line(entry["scheme"], words, source))
    if percentile := calciummeaning.percentile_lead(result):
        parts.append(_line("Among people of the same age and sex", *percentile))
    if wording.anything_scored(result):
        parts.append(_line("Arteries with calcium", wording.arteries_words(result)))
        volume = format_value(total["volume_mm3"], "volume_mm3", unit=True)
        mass = format_value(total["mass_mg"], "mass_mg", unit=True)
        without = " (needs the scanner's calibration factor)" if total["mass_mg"] is None else ""
        parts.append(_line("Volume", f"{volume}. Mass: {mass}{without}"))
    return Group("missing" if missing else "card", [*parts, _verdict(result, "calcium")])


def bone_card(result: Mapping[str, Any]) -> Group:
    """Return the bone answer: mean HU and BMD, class with its source, thresholds by level, verdict."""
    summary = result["bone"]["summary"]
    missing = summary.get("mean_hu") is None
    parts: list[Block] = [Heading("Vertebral bone", 2)]
    if missing:
        parts += [Paragraph("not measured", "big"), Paragraph(wording.bone_missing(result))]
    else:
        parts += [_big(format_value(summary["mean_hu"], "mean_hu"), f"HU, {summary['label']}"), *_density(result)]
    return Group("missing" if missing else "card", [*parts, _verdict(result, "bone")])


def _density(result: Mapping[str, Any]) -> list[Block]:
    """Return the lines below the mean HU: class, BMD, scores, estimates and thresholds."""
    summary = result["bone"]["summary"]
    why = wording.bone_value_missing(result, wording.NO_BMD_CODES)
    bmd = _line("Bone mineral density", wording.bmd_words(summary["bmd"]) if summary["bmd"] else f"not given. {why}")
    leads, lines, thresholds = list[Block](), list[Block](), list[str]()
    for name, words, source in wording.bone_lines(summary):
        if name in ("class", "side"):
            leads.append(_lead(words, source))
        elif name == "threshold":
            thresholds.append(words)
        else:
            lines.append(_line({"estimate": "Asked for"}.get(name, name), words, source))
    if thresholds:
        lines += [Paragraph([Span("Published HU thresholds; the mean is")], "line"), Bullets(thresholds)]
    return [*leads, bmd, *lines]


def _big(number: str, unit: str) -> Paragraph:
    return Paragraph([f"{number} ", Span(unit, "small")], "big")


def _lead(words: str, source: str) -> Paragraph:
    return Paragraph([f"{words} ", Span(source, "small")], "lead")


def _line(name: str, words: str, source: str = "") -> Paragraph:
    said: list[str | Span] = [Span(f"{name}:"), f" {words}"]
    return Paragraph([*said, " ", Span(source, "small")] if source else said, "line")


def _verdict(result: Mapping[str, Any], question: str) -> Group:
    """Return the verdict in words, with the findings that led to it."""
    fitness = result["suitability"][question]
    verdict = fitness["verdict"]
    effects = load_table("findings")["findings"]
    telling = [f for f in fitness["findings"] if effects.get(f["code"], {}).get(question) == verdict]
    reasons = list(dict.fromkeys(item["message"] for item in telling))
    said = Paragraph([Span(f"{verdict}."), f" {wording.VERDICT_WORDS[question][verdict]}"])
    return Group(verdict, [said, *([Bullets(reasons)] if reasons else [])])
