"""Words for results, shared by page, terminal and panel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report.numbers import format_value

RESEARCH_USE = "Research use only. Not for diagnosis."
SEVERITIES = ("error", "warning", "note")

VERDICT_WORDS: dict[str, dict[str, str]] = {
    "calcium": {
        "standard": "The scan meets the conditions of a calcium scoring scan.",
        "opportunistic": (
            "The scan was not shown to be a calcium scoring scan. The score indicates how much calcium there is; "
            "it is not interchangeable with one from a dedicated scan."
        ),
        "unsuitable": "The scan does not allow an Agatston score; any number shown must not be read as one.",
    },
    "bone": {
        "standard": "The scan meets the conditions for measuring vertebral density.",
        "opportunistic": (
            "The scan was not shown to be made for measuring bone. Low density found here is a reason to look "
            "further, not a measurement of its own."
        ),
        "unsuitable": "The scan does not allow vertebral density to be measured; any number shown must not be used.",
    },
}

STATUS_WORDS = {
    "scored": "scored",
    "excluded": "excluded by the reader",
    "conflict": "not scored: seeds of two territories",
    "undecided": "in the total: seeds of two coronary arteries",
    "implausible": "not scored: larger than a lesion can be",
    "measured": "measured",
    "not-measured": "not measured",
}

CLASS_WORDS = {"low-bone-mass": "low bone mass"}


# Findings that explain a missing BMD where there is a mean HU.
NO_BMD_CODES = (
    "no-calibration",
    "calibration-kvp",
    "calibration-differs",
    "rods-none",
    "rods-missing",
    "rods-many",
    "rods-swapped",
    "phantom-wrong",
)


class Said(NamedTuple):
    """A line of an answer: what it is about, the words, and their source."""

    name: str
    words: str
    source: str = ""


@dataclass(frozen=True)
class Remark:
    """A finding as the report shows it: once, with the questions it concerns."""

    code: str
    severity: str
    message: str
    concerns: tuple[str, ...]


def remarks(result: Mapping[str, Any]) -> list[Remark]:
    """Return every finding of a result once, errors first, then warnings, then notes.

    Findings with the same code and sentence are merged; ``concerns`` lists the
    questions (``calcium``, ``bone``) they were raised for.
    """
    merged: dict[tuple[str, str, str], list[str]] = {}
    for concern, findings in _finding_lists(result):
        for item in findings:
            concerns = merged.setdefault((item["severity"], item["code"], item["message"]), [])
            if concern not in concerns:
                concerns.append(concern)
    found = [Remark(code, severity, message, tuple(c)) for (severity, code, message), c in merged.items()]
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda remark: order.get(remark.severity, len(order)))


def _finding_lists(result: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[Mapping[str, str]]]]:
    for question in ("calcium", "bone"):
        yield question, result["suitability"][question]["findings"]
        yield question, result[question]["findings"]
    yield "bone", result["bone"]["summary"].get("findings") or ()
    for vertebra in result["bone"]["vertebrae"]:
        yield "bone", vertebra["findings"]


def lesion_state(lesion: Mapping[str, Any]) -> str:
    """Return a lesion's status, or ``undecided`` where it counts in the total and in no single artery."""
    return "undecided" if lesion["status"] == "conflict" and lesion["in_total"] else str(lesion["status"])


def has_score(lesion: Mapping[str, Any]) -> bool:
    """Return whether the score of a lesion counts, in the coronary total or in a territory beside it."""
    return lesion["agatston"] is not None and (lesion["in_total"] or lesion["status"] == "scored")


def why_missing(findings: Iterable[Mapping[str, str]], codes: Sequence[str] = ()) -> str:
    """Return, in the findings' own words, why a number is missing.

    Takes the sentences of errors and of the given codes, else of all findings; without
    findings it says that no reason was recorded. A sentence contained in another is dropped.
    """
    items = list(findings)
    telling = [item for item in items if item["severity"] == "error" or item["code"] in codes] or items
    sentences = list(dict.fromkeys(item["message"] for item in telling))
    told = [s for s in sentences if not any(s in other for other in sentences if other != s)]
    return " ".join(told) or "No reason was recorded."


def categories(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the categories of the total that could be given, the headline first."""
    return [entry for entry in result["calcium"]["categories"].values() if entry["category"] is not None]


def anything_scored(result: Mapping[str, Any]) -> bool:
    """Return whether any territory has a score, even 0."""
    return any(values["agatston"] is not None for values in result["calcium"]["territories"].values())


def territory_table() -> list[dict[str, Any]]:
    """Return the territories in the order in which they are reported."""
    return list(load_table("territories")["territories"])


def calcium_missing(result: Mapping[str, Any]) -> str:
    """Return why there is no total Agatston score."""
    calcium = result["calcium"]
    return why_missing([*calcium["findings"], *_errors(result["suitability"]["calcium"])], ("no-seeds",))


def bone_missing(result: Mapping[str, Any]) -> str:
    """Return why there is no mean density."""
    bone = result["bone"]
    own = [item for vertebra in bone["vertebrae"] for item in vertebra["findings"]]
    summary = bone["summary"].get("findings") or []
    codes = ("no-regions", "vertebra-excluded")
    return why_missing([*bone["findings"], *summary, *own, *_errors(result["suitability"]["bone"])], codes)


def bone_value_missing(result: Mapping[str, Any], codes: Sequence[str]) -> str:
    """Return the sentences of the bone findings with these codes, e.g. why there is no BMD."""
    found = [r.message for r in remarks(result) if r.code in codes and "bone" in r.concerns]
    return " ".join(found) or "No reason was recorded."


def _errors(fitness: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [item for item in fitness["findings"] if item["severity"] == "error"]


def zero_words(result: Mapping[str, Any]) -> str:
    """Return what a score of 0 says, with the protocol's threshold."""
    threshold = result["calcium"]["protocol"].get("threshold_hu", 130)
    return f"no calcium at or above {format_value(threshold, 'threshold_hu')} HU"


def category_words(entry: Mapping[str, Any]) -> str:
    """Return a category in words, e.g. ``moderate (101-400)``; always shown beside its scheme."""
    category, label = entry.get("category"), entry.get("label")
    if category is None:
        return "no category"
    if not label or re.findall(r"\d+", label) == re.findall(r"\d+", category):
        return str(label or category)
    return f"{category} ({label})" if re.search(r"\d", label) else f"{label} ({category})"


def arteries_words(result: Mapping[str, Any]) -> str:
    """Return the coronary arteries that hold calcium, in words."""
    territories = result["calcium"]["territories"]
    coronary = [t for t in territory_table() if t["coronary"] and t["code"] in territories]
    scores = {t["code"]: territories[t["code"]]["agatston"] for t in coronary}
    involved = [code for code, score in scores.items() if score]
    unknown = [code for code, score in scores.items() if score is None]
    if len(unknown) == len(coronary):
        return "not known"
    text = f"{', '.join(involved)} ({len(involved)} of {len(coronary)} arteries)" if involved else "no artery"
    return text + (f"; not known: {', '.join(unknown)}" if unknown else "")


def bmd_words(bmd: Mapping[str, Any] | None, *, unit: bool = True) -> str:
    """Return a BMD with unit and material, or the dash of a value that is missing."""
    if bmd is None or bmd["value"] is None:
        return format_value(None, "bmd")
    return f"{format_value(bmd['value'], 'bmd', unit=unit)} {bmd['material']}"


def class_words(acr_class: Mapping[str, Any] | None) -> str:
    """Return a BMD class as a reader knows it."""
    if acr_class is None:
        return "no class"
    return str(acr_class.get("label") or CLASS_WORDS.get(acr_class["class"], acr_class["class"]))


def class_source(acr_class: Mapping[str, Any]) -> str:
    """Return the source of a BMD class with what must be said beside it."""
    return f"{acr_class['source']}. {acr_class['note']}" if acr_class.get("note") else str(acr_class["source"])


def short_class_words(acr_class: Mapping[str, Any] | None) -> str:
    """Return a BMD class without its limits, for a table; empty where there is none."""
    return "" if acr_class is None else class_words(acr_class).partition(" (")[0]


def threshold_lead(thresholds: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Return the side of an HU threshold for low bone density that the mean lies on, and its source.

    The threshold is the lowest that the mean does not exceed, else the highest; None where
    no threshold is about low density.
    """
    about = [item for item in thresholds if "osteop" in str(item["meaning"])]
    if not about:
        return None
    passed = [item for item in about if item["below"]]
    item = min(passed, key=_limit) if passed else max(about, key=_limit)
    condition, effect = _condition(item)
    return f"{condition[0].upper()}{condition[1:]} ({effect})", str(item["source"])


def _limit(item: Mapping[str, Any]) -> float:
    return float(item["threshold_hu"])


def _condition(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the side of a threshold that the mean lies on, and the threshold's meaning."""
    condition, _, effect = str(item["meaning"]).rpartition("below: ")
    condition += "below"
    if not item["below"]:
        condition = "above" if condition == "at or below" else f"not {condition}"
    return f"{condition} {format_value(item['threshold_hu'], 'threshold_hu', unit=True)}", effect


def threshold_words(thresholds: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return, per source of HU thresholds, the side of each that the mean lies on and its meaning."""
    by_source: dict[str, list[str]] = {}
    for item in sorted(thresholds, key=_limit, reverse=True):
        condition, effect = _condition(item)
        by_source.setdefault(str(item["source"]), []).append(f"{condition} ({effect})")
    return [f"{', '.join(texts)} - {source}" for source, texts in by_source.items()]


def bone_lines(summary: Mapping[str, Any]) -> list[Said]:
    """Return the lines beside a mean HU: class or side of a threshold, scores, estimates, thresholds."""
    lines = []
    if acr := summary["acr_class"]:
        lines.append(Said("class", class_words(acr), class_source(acr)))
    elif lead := threshold_lead(summary["hu_thresholds"]):
        lines.append(Said("side", *lead))
    if score := summary["t_score"]:
        lines.append(Said("T-score", t_score_words(score), score.get("source") or ""))
    if score := summary["z_score"]:
        lines.append(Said("Z-score", z_score_words(score), score["source"]))
    lines += [Said("estimate", estimate_words(item)) for item in summary["estimates"]]
    return lines + [Said("threshold", words) for words in threshold_words(summary["hu_thresholds"])]


def t_score_words(t_score: Mapping[str, Any] | None) -> str:
    """Return a T-score with its reference named."""
    if t_score is None or t_score["value"] is None:
        return format_value(None, "t_score")
    return f"{format_value(t_score['value'], 't_score')} against {t_score['reference']}"


def z_score_words(z_score: Mapping[str, Any] | None) -> str:
    """Return a Z-score with the group it compares with, and that group's mean and SD."""
    if z_score is None:
        return format_value(None, "z_score")
    spread = f"{format_value(z_score['mean'], 'bmd')} ± {format_value(z_score['sd'], 'bmd', unit=True)}"
    return f"{format_value(z_score['value'], 'z_score')} against {z_score['group']} ({spread}, {z_score['reference']})"


def estimate_words(item: Mapping[str, Any]) -> str:
    """Return an estimate together with the measured value it was computed from."""
    measured = format_value(item["measured"], "bmd")
    return f"estimate {item['what']}: {bmd_words(item)}, measured {measured} ({item['name']}, {item['source']})"
