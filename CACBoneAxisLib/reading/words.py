"""Name reasons, choices and steps: translated on screen, English in the trail."""

from __future__ import annotations

from collections.abc import Callable

from CACBoneAxisLib.reading.i18n import tr as _

# Reasons to exclude a lesion, as stored and as offered.
EXCLUSIONS = ("stent", "valve", "clip", "noise")


def exclusion_words() -> dict[str, str]:
    """Return the menu text of each reason to exclude a lesion."""
    return {
        "stent": _("Stent"),
        "valve": _("Valve or prosthesis"),
        "clip": _("Clip or wire"),
        "noise": _("Noise or artefact"),
    }


def vertebra_exclusions() -> dict[str, str]:
    """Return the stored and displayed reasons to exclude a vertebra."""
    return {
        "fracture": _("fracture"),
        "hardware": _("hardware"),
        "degenerative": _("degenerative"),
        "haemangioma": _("haemangioma"),
    }


def reason_words() -> dict[str, str]:
    """Return the display texts of candidate rejection reasons, by library name."""
    return {
        "bone": _("connected to bone"),
        "large": _("larger than a lesion"),
        "small": _("below the smallest area"),
        "outside": _("outside the heart region"),
        "aorta": _("wall of the descending aorta"),
        "airway": _("airway"),
    }


def verdict_words() -> dict[str, str]:
    """Return the display names of the suitability verdicts."""
    return {"standard": _("standard"), "opportunistic": _("opportunistic"), "unsuitable": _("unsuitable")}


def field_words(_: Callable[[str], str] = _) -> dict[str, str]:
    """Return the display names of a reading's choices, English if untranslated."""
    return {
        "points": _("a seed changed by hand"),
        "seeds": _("another list of seeds"),
        "vertebrae": _("another segmentation"),
        "heart": _("heart region"),
        "heartSegmentation": _("another segmentation of the heart"),
        "secondVolume": _("another scan at a second energy"),
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


def deleted_words() -> dict[str, str]:
    """Return the step names for deleting a reading's node, by role."""
    return {
        "seeds": _("list of seeds deleted"),
        "vertebrae": _("segmentation of the vertebrae deleted"),
        "heartSegmentation": _("segmentation of the heart deleted"),
        "secondVolume": _("scan at a second energy deleted"),
        "heart": _("heart region deleted"),
        "baseline": "",
    }


def step_words(text: str) -> str:
    """Return a step's name: the reader's action, else the differences."""
    return field_words().get(text, text)
