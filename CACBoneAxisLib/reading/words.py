"""What became of a click or a key, in one line."""

from __future__ import annotations

from CACBoneAxisLib.reading.editing import Outcome
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.report.numbers import format_value

# Reasons for which a reader leaves a lesion unscored, as they are kept and as they are offered.
EXCLUSIONS = ("stent", "valve", "clip", "noise")


def exclusion_words() -> dict[str, str]:
    """Return what each reason is called in the menu."""
    return {
        "stent": _("Stent"),
        "valve": _("Valve or prosthesis"),
        "clip": _("Clip or wire"),
        "noise": _("Noise or artefact"),
    }


def reason_words() -> dict[str, str]:
    """Return why a candidate is not offered, by the reason's name in the library."""
    return {
        "bone": _("connected to bone"),
        "large": _("larger than a lesion"),
        "small": _("below the smallest area"),
        "outside": _("outside the heart region"),
        "aorta": _("wall of the descending aorta"),
        "airway": _("airway"),
    }


def step_words(text: str) -> str:
    """Return what a step of history is called: what the reader did in words, or what differs where nobody said."""
    words = {
        "points": _("a seed changed by hand"),
        "seeds": _("another list of seeds"),
        "vertebrae": _("another segmentation"),
        "heart": _("heart region"),
        "heartSegmentation": _("another segmentation of the heart"),
        "limitToHeart": _("heart region on or off"),
        "protocol": _("protocol"),
        "threshold": _("threshold"),
        "minimumArea": _("smallest area"),
        "massFactor": _("mass factor"),
        "contrastThreshold": _("threshold on contrast"),
        "contrastSd": _("threshold on contrast"),
        "visual": _("what is seen by eye"),
        "noneFound": _("none found"),
        "kvp": _("tube voltage"),
        "contrast": _("contrast agent"),
        "ageYears": _("age"),
        "sex": _("sex"),
        "otherSettings": _("a setting"),
    }
    return str(words.get(text, text))


def outcome_words(outcome: Outcome) -> str:
    """Return what became of an action, as one line for the reader."""
    values = dict(outcome.values)
    shown = values | {
        "hu": format_value(values.get("hu"), "mean_hu", unit=True),
        "threshold": format_value(values.get("threshold_hu"), "threshold_hu", unit=True),
        "volume": format_value(values.get("volume_mm3"), "volume_mm3", unit=True),
        "limit": format_value(values.get("limit_mm3"), "volume_mm3", unit=True),
        "radius": format_value(values.get("radius_mm"), "length_mm", unit=True),
    }
    return str(_sentences()[outcome.what].format(**shown))


def trail_words(outcome: Outcome) -> str:
    """Return an action as the trail keeps it: in English, whatever language the panel speaks."""
    values = outcome.values
    if outcome.what == "suggestions":
        return f"suggestions taken by the reader: {values['seeds']}"
    name = values.get("seed") or values.get("artery", "")
    details = [str(values[key]) for key in ("reason",) if key in values]
    if "radius_mm" in values:
        details.append(f"radius {values['radius_mm']:g} mm")
    return " ".join([f"{outcome.what}: {name}", *details])


def _sentences() -> dict[str, str]:
    return {
        "taken": _("{seed} taken, {volume}."),
        "moved": _("The lesion is {artery} now."),
        "same": _("This lesion is {artery} already."),
        "accepted": _("Accepted for {artery} in spite of its size."),
        "large": _(
            "{seed} has {volume}, more than the {limit} of a lesion: cut it, or click again to take it as it is."
        ),
        "cut": _("{artery} taken within {radius} of the click."),
        "slice": _("Only this slice of the lesion is {artery}."),
        "removed": _("{seed} removed."),
        "excluded": _("{seed} is listed and not scored: {reason}."),
        "included": _("{seed} is scored again."),
        "below": _("Nothing to take here: {hu}, below the threshold of {threshold}."),
        "bone": _("Connected to bone ({volume}): take the calcium with Cut, or with Slice only."),
        "outside-scan": _("This place is outside the scan."),
        "outside-heart": _("Outside the heart region ({hu}): move its box, or switch it off under Candidates."),
        "suggestions": _("{count} suggestions taken: {seeds}."),
        "no-suggestion": _("There is no suggestion to take."),
        "none": _("There is no lesion to do that with."),
    }
