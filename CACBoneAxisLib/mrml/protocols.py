"""Convert a reading's calcium protocol: preset, changed rules or custom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from CACBoneAxisLib.calcium.contrastcalcium import over_blood
from CACBoneAxisLib.calcium.protocol import (
    DEFAULT_PROTOCOL,
    RULES,
    CalciumProtocol,
    preset_fields,
    presets,
    with_preset,
)
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.contrast import is_enhanced
from CACBoneAxisLib.mrml.choices import other_settings
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.incremental import IncrementalAnalysis

# Characters of a stored visual reading: the four arteries, then the whole heart.
VISUAL_FIELDS = ("lm", "lad", "lcx", "rca", "cac_drs")
UNREAD = "-"


def calcium_settings(parameters: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``calcium`` settings of a reading.

    A named protocol gives only its name and the rules the reader changed.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode
    kept : ``calcium`` settings without panel fields; rules of a protocol other than the selected
        one are ignored
    """
    name = str(parameters.protocol)
    settings = dict(kept)
    if name in presets() and settings.get("protocol", DEFAULT_PROTOCOL) != name:
        settings = {key: value for key, value in settings.items() if key not in (*RULES, "protocol", "citation", "kvp")}
    settings["protocol"] = name
    for field, value in (("threshold_hu", parameters.threshold), ("minimum_area_mm2", parameters.minimumArea)):
        if name in presets():
            settings.pop(field, None)
        if float(value) != rules_of(settings)[field]:
            settings[field] = float(value)
    settings["mass_factor_mg_per_mm3_per_hu"] = float(parameters.massFactor) or None
    settings["contrast_threshold_hu"] = float(parameters.contrastThreshold) or None
    settings["contrast_threshold_sd"] = float(parameters.contrastSd) or None
    return settings


def protocol_of(parameters: Any) -> CalciumProtocol:
    """Return the selected protocol of a reading.

    Raises
    ------
    UnusableInputError
        One sentence, if the changes make the protocol invalid.
    """
    settings = calcium_settings(parameters, other_settings(parameters).get("calcium", {}))
    return _protocol(json.dumps(settings, sort_keys=True))


@lru_cache(maxsize=16)
def _protocol(text: str) -> CalciumProtocol:
    """Return the protocol of JSON settings, cached as each click asks repeatedly."""
    return Settings.from_mapping({"calcium": json.loads(text)}).calcium


def clicking_protocol(parameters: Any, analysis: IncrementalAnalysis) -> CalciumProtocol:
    """Return the protocol whose threshold clicks use.

    On a contrast-enhanced scan the threshold is above enhanced blood.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode
    analysis : analysis of its volume

    Raises
    ------
    UnusableInputError
        One sentence, if the changes make the protocol invalid.
    """
    protocol = protocol_of(parameters)
    if protocol.contrast_threshold_hu is None and protocol.contrast_threshold_sd is None:
        return protocol
    acquisition, _ = analysis.image.acquisition.merged(Acquisition(contrast=parameters.contrast.value))
    blood = analysis.blood()
    enhanced = is_enhanced(acquisition.contrast, None if blood is None else blood.hu)
    return over_blood(protocol, blood) if enhanced else protocol


def rules_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default threshold and minimum area of a protocol in settings."""
    name = settings.get("protocol", DEFAULT_PROTOCOL)
    base = CalciumProtocol(**preset_fields(name)) if name in presets() else CalciumProtocol()
    rules = {"threshold_hu": base.threshold_hu, "minimum_area_mm2": base.minimum_area_mm2}
    return {field: float(settings.get(field, value)) for field, value in rules.items()}


def choose_protocol(parameters: Any, name: str) -> None:
    """Select a named protocol with its own threshold and minimum area."""
    rules = rules_of({"protocol": name})
    parameters.protocol = name
    parameters.threshold, parameters.minimumArea = rules["threshold_hu"], rules["minimum_area_mm2"]


def take_protocol(parameters: Any, content: Mapping[str, Any]) -> None:
    """Use the protocol of a settings file.

    Raises
    ------
    ValueError, UnusableInputError
        In one clause, if the file has no usable protocol.
    """
    settings = own_protocol(content)
    other = other_settings(parameters)
    other["calcium"] = {**other.get("calcium", {}), **settings}
    base = Settings.from_mapping({"calcium": settings}).calcium
    parameters.otherSettings = json.dumps(other, allow_nan=False)
    parameters.protocol = settings["protocol"]
    parameters.threshold, parameters.minimumArea = base.threshold_hu, base.minimum_area_mm2


def own_protocol(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``calcium`` part of a settings file, checked.

    Raises
    ------
    ValueError
        In one clause, if the file has no calcium settings or an invalid protocol.
    """
    settings = content.get("calcium", content)
    if not isinstance(settings, Mapping) or not settings.get("protocol"):
        raise ValueError("the file has no calcium protocol")
    Settings.from_mapping({"calcium": dict(settings)})
    return with_preset(dict(settings))


def visual_settings(kept: str) -> dict[str, int | None]:
    """Return the visual reading encoded in five characters (``0103-``)."""
    letters = kept.ljust(len(VISUAL_FIELDS), UNREAD)
    return {
        field: int(letter) if letter.isdigit() else None for field, letter in zip(VISUAL_FIELDS, letters, strict=False)
    }


def visual_text(settings: Mapping[str, Any]) -> str:
    """Return a visual reading encoded in five characters."""
    values = [settings.get(field) for field in VISUAL_FIELDS]
    return "".join(UNREAD if value is None else str(int(value)) for value in values)
