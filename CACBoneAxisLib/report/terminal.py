"""Both answers as plain text for a terminal, at most 100 columns wide."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from CACBoneAxisLib.report import calciummeaning, wording
from CACBoneAxisLib.report.numbers import NOT_MEASURED, format_value
from CACBoneAxisLib.report.quantities import Subject, quantities

WIDTH = 100


def terminal_summary(result: Mapping[str, Any]) -> str:
    """Return the summary of a result: both answers, arteries, vertebrae and cautions.

    Lines are at most 100 characters, control characters of input text are removed,
    and there is no line end after the last.
    """
    study = result["study"]
    lines = [f"{'CACBoneAxis'}  {study['id']}", ""]
    lines += [*_calcium(result), "", *_bone(result), ""]
    careful = [r for r in wording.remarks(result) if r.severity != "note"]
    if careful:
        lines += ["TO BE CAREFUL ABOUT"]
        for remark in careful:
            lines += _wrapped(remark.message, f"  {remark.severity}: ")
        lines.append("")
    lines.append(wording.RESEARCH_USE)
    return "\n".join(short for line in lines for short in _fit(line))


def _calcium(result: Mapping[str, Any]) -> list[str]:
    calcium = result["calcium"]
    total = calcium["total"]
    lines = ["CORONARY CALCIUM"]
    if total["agatston"] is None:
        lines += _wrapped(wording.calcium_missing(result), f"  Agatston score: {NOT_MEASURED} not measured. ")
        if words := calciummeaning.contrast_words(result):
            lines += _wrapped(words, "  on contrast CT: ")
    else:
        zero = f" - {wording.zero_words(result)}" if total["agatston"] == 0 else ""
        lines.append(f"  Agatston score: {format_value(total['agatston'], 'agatston')}{zero}")
    for entry in wording.categories(result):
        lines += _wrapped(f"{wording.category_words(entry)} - {entry['scheme']}", "  category: ")
    if percentile := calciummeaning.percentile_lead(result):
        lines += _wrapped(percentile[0], "  percentile: ")
    if (risk := (calcium.get("risk") or {}).get("mesa_chd_10_year")) and risk["with_cac_percent"] is not None:
        words = f"{format_value(risk['with_cac_percent'], 'rate_percent', unit=True)} with the score, "
        words += f"{format_value(risk['without_cac_percent'], 'rate_percent', unit=True)} without - {risk['source']}"
        lines += _wrapped(words, "  10-year risk: ")
    lines += _wrapped(wording.VERDICT_WORDS["calcium"][_verdict(result, "calcium")], _label(result, "calcium"))
    if not wording.anything_scored(result):
        return lines
    rows = []
    territories = calcium["territories"]
    known = [t for t in wording.territory_table() if t["code"] in territories]
    named = " ".join(seed.upper() for one in calcium["lesions"] for seed in one["seeds"])
    for coronary in (True, False):
        for territory in (t for t in known if t["coronary"] is coronary):
            code = territory["code"]
            values = territories[code]
            if coronary or values["lesions"] or (values["agatston"] is None and re.search(rf"\\b{code}", named)):
                rows.append(_cells(f"{code}  {territory['name']}", "territory", values))
        if coronary:
            rows.append(_cells("Total of the coronary arteries", "territory", total))
    others = len(rows) - 1 - sum(t["coronary"] for t in known)
    table = _table(("", *(one.heading("{title} {unit}") for one in quantities("territory", "terminal"))), rows)
    if others:
        table.insert(len(table) - others, "  beside the coronary arteries, not in the total:")
    return lines + table


def _cells(name: str, subject: Subject, values: Mapping[str, Any]) -> list[str]:
    return [name, *(format_value(one.of(values), one.key) for one in quantities(subject, "terminal"))]


def _bone(result: Mapping[str, Any]) -> list[str]:
    bone = result["bone"]
    summary = bone["summary"]
    lines = ["VERTEBRAL BONE"]
    if summary.get("mean_hu") is None:
        lines += _wrapped(wording.bone_missing(result), f"  Mean: {NOT_MEASURED} not measured. ")
    else:
        mean = format_value(summary["mean_hu"], "mean_hu", unit=True)
        bmd = summary["bmd"]
        lines.append(f"  {summary['label']}: {mean}" + (f", {wording.bmd_words(bmd)}" if bmd else ""))
        for name, words, source in wording.bone_lines(summary):
            # The thresholds themselves follow, each with its side.
            if name != "side":
                label = "  " if name == "estimate" else f"  {name}: "
                lines += _wrapped(f"{words} - {source}" if name == "class" else words, label)
    lines += _wrapped(wording.VERDICT_WORDS["bone"][_verdict(result, "bone")], _label(result, "bone"))
    rows = []
    for v in bone["vertebrae"]:
        note = wording.short_class_words(v["acr_class"])
        if v["status"] != "measured":
            note = wording.STATUS_WORDS.get(v["status"], v["status"])
        rows.append([*_cells(v["level"], "vertebra", v), note])
    if rows:
        titles = [one.heading("{title} {unit}") for one in quantities("vertebra", "terminal")]
        lines += _table(("", *titles, ""), rows, text_columns=(0, len(titles) + 1))
    return lines


def _verdict(result: Mapping[str, Any], question: str) -> str:
    return str(result["suitability"][question]["verdict"])


def _label(result: Mapping[str, Any], question: str) -> str:
    return f"  scan: {_verdict(result, question)}. "


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], text_columns: Sequence[int] = (0,)) -> list[str]:
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    return [
        ("  " + "  ".join(c.ljust(w) if n in text_columns else c.rjust(w) for n, (c, w) in cells)).rstrip()
        for cells in (list(enumerate(zip(row, widths, strict=True))) for row in [head, *rows])
    ]


def _wrapped(text: str, label: str) -> list[str]:
    text = " ".join(text.split())
    return textwrap.wrap(label + text, WIDTH, subsequent_indent="    ", drop_whitespace=True)


def _fit(line: str) -> list[str]:
    clean = "".join(c if c.isprintable() else " " for c in line)
    if len(clean) <= WIDTH:
        return [clean]
    return textwrap.wrap(clean, WIDTH, subsequent_indent="    ")
