"""Format the answers of a result, with their warnings, as rich text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.wording import (
    arteries_words,
    bmd_words,
    bone_lines,
    bone_missing,
    calcium_missing,
    categories,
    category_words,
    class_words,
)

# Why a requested score or estimate is missing, or what it depends on.
SCORE_CODES = ("t-score-", "z-score-", "estimate-")


def calcium_answer(result: Mapping[str, Any]) -> str:
    """Return the score with its warnings as rich text, or the reason for none."""
    calcium = result["calcium"]
    total = calcium["total"]["agatston"]
    if total is None:
        reason = calcium_missing(result)
        more = [sentence for sentence in doubts(calcium["findings"]) if sentence not in escape(reason)]
        return "<br>".join([_("No Agatston score: {reason}").format(reason=escape(reason)), *more])
    lines = [_("Agatston score <b>{score}</b>").format(score=format_value(total, "agatston"))]
    for headline in categories(result)[:1]:
        lines[0] += escape(f", {category_words(headline)} [{headline['scheme']}]")
    return "<br>".join([*lines, arteries_words(result), *doubts(calcium["findings"])])


def bone_answer(result: Mapping[str, Any]) -> str:
    """Return the density with its warnings as rich text, or the reason for none."""
    summary = result["bone"]["summary"]
    if not summary or summary.get("mean_hu") is None:
        return _("No bone density: {reason}").format(reason=escape(bone_missing(result)))
    lines = [f"{escape(summary['label'])}: <b>{format_value(summary['mean_hu'], 'mean_hu', unit=True)}</b>"]
    if summary["bmd"]:
        lines[0] += f", <b>{escape(bmd_words(summary['bmd']))}</b>, {escape(class_words(summary['acr_class']))}"
    for name, words, source in bone_lines(summary):
        if name in ("T-score", "Z-score"):
            lines.append(f"{name} {escape(words)}")
        elif name in ("side", "estimate"):
            lines.append(escape(f"{words}, {source}" if source else words))
    about = [*result["bone"]["findings"], *(summary.get("findings") or ())]
    lines += [escape(item["message"]) for item in about if item["code"].startswith(SCORE_CODES)]
    said = [item for vertebra in result["bone"]["vertebrae"] for item in vertebra["findings"]]
    return "<br>".join(dict.fromkeys([*lines, *doubts([*about, *said])]))


def not_current(answer: str) -> str:
    """Return an answer in grey, saying that it is not of what is chosen now."""
    words = _("Not current: something changed since this was measured.")
    return f'<span style="color: gray">{answer}</span><br><b>{words}</b>'


def readout_words(vertebra: Mapping[str, Any]) -> str:
    """Return a region's measurements with warnings as rich text.

    Without measurements the text gives the reason.
    """
    level = f"<b>{escape(vertebra['level'])}</b>"
    said = doubts(vertebra["findings"])
    if vertebra["mean_hu"] is None:
        reasons = said or [escape(item["message"]) for item in vertebra["findings"]]
        return "<br>".join([f"{level}: " + _("not measured"), *reasons])
    numbers = _("mean {mean}, median {median}, SD {sd} HU, {voxels} voxels").format(
        mean=format_value(vertebra["mean_hu"], "mean_hu"),
        median=format_value(vertebra["median_hu"], "median_hu"),
        sd=format_value(vertebra["sd_hu"], "sd_hu"),
        voxels=format_value(vertebra["voxels"], "voxels"),
    )
    bmd = f"; {bmd_words(vertebra['bmd'])}" if vertebra["bmd"] else ""
    return "<br>".join([f"{level}: {numbers}{bmd}", *said])


def protocol_words(protocol: CalciumProtocol) -> str:
    """Return the scoring protocol and the rules the reader changed."""
    changes = protocol.changed()
    if not changes:
        return str(protocol.citation)
    said = _("{citation}; changed: {changes}.")
    return str(said.format(citation=protocol.citation, changes="; ".join(changes)))


def contrast_words(found: Mapping[str, Any]) -> str:
    """Return the volume and number of lesions on a contrast-enhanced scan."""
    said = _(
        "Calcium on a contrast-enhanced scan at {threshold} ({rule}): {volume} in {count} lesions; no Agatston score."
    )
    return str(
        said.format(
            threshold=format_value(found["threshold_hu"], "threshold_hu", unit=True),
            rule=found["rule"],
            volume=format_value(found["volume_mm3"], "volume_mm3", unit=True),
            count=format_value(found["lesions"], "count"),
        )
    )


def visual_words(found: Mapping[str, Any]) -> str:
    """Return the sum of the visual classes and the CAC-DRS class."""
    parts = []
    if found["sum"] is not None:
        parts.append(_("Visual score {sum} of 12").format(sum=found["sum"]))
    if found["cac_drs"]:
        parts.append(f"CAC-DRS {found['cac_drs']}")
    return str(", ".join(parts))


def doubts(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the distinct warnings and errors as rich text."""
    serious = [escape(item["message"]) for item in findings if item["severity"] != "note"]
    return list(dict.fromkeys(serious))
