"""The calcium protocol of a reading: a preset, its changed rules, or a reader's own."""

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

# The letters of a visual reading as it is kept: the four arteries, then the class of the whole heart.
VISUAL_FIELDS = ("lm", "lad", "lcx", "rca", "cac_drs")
UNREAD = "-"


def calcium_settings(parameters: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``calcium`` settings that a reading says.

    Of a protocol that has a name only its name is said, and the rules that the reader changed.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode
    kept : the ``calcium`` part of the settings that the panel has no fields for; of another
        protocol than the one chosen, its rules do not count
    """
    name = str(parameters.protocol)
    said = dict(kept)
    if name in presets() and said.get("protocol", DEFAULT_PROTOCOL) != name:
        said = {key: value for key, value in said.items() if key not in (*RULES, "protocol", "citation", "kvp")}
    said["protocol"] = name
    for field, value in (("threshold_hu", parameters.threshold), ("minimum_area_mm2", parameters.minimumArea)):
        if name in presets():
            said.pop(field, None)
        if float(value) != rules_of(said)[field]:
            said[field] = float(value)
    said["mass_factor_mg_per_mm3_per_hu"] = float(parameters.massFactor) or None
    said["contrast_threshold_hu"] = float(parameters.contrastThreshold) or None
    said["contrast_threshold_sd"] = float(parameters.contrastSd) or None
    return said


def protocol_of(parameters: Any) -> CalciumProtocol:
    """Return the protocol that a reading chooses.

    Raises
    ------
    UnusableInputError
        One sentence, when what was changed of it is no protocol any more.
    """
    said = calcium_settings(parameters, other_settings(parameters).get("calcium", {}))
    return _protocol(json.dumps(said, sort_keys=True))


@lru_cache(maxsize=16)
def _protocol(said: str) -> CalciumProtocol:
    """Return the protocol of settings in JSON; it is asked for several times at every click."""
    return Settings.from_mapping({"calcium": json.loads(said)}).calcium


def clicking_protocol(parameters: Any, analysis: IncrementalAnalysis) -> CalciumProtocol:
    """Return the protocol by whose threshold clicks find calcium: over enhanced blood on a scan with contrast agent.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode
    analysis : of its volume

    Raises
    ------
    UnusableInputError
        One sentence, when what was changed of the protocol is none any more.
    """
    protocol = protocol_of(parameters)
    if protocol.contrast_threshold_hu is None and protocol.contrast_threshold_sd is None:
        return protocol
    said = {"contrast": parameters.contrast.value}
    acquisition, _ = analysis.image.acquisition.merged(Acquisition(**said))
    blood = analysis.blood()
    enhanced = is_enhanced(acquisition.contrast, None if blood is None else blood.hu)
    return over_blood(protocol, blood) if enhanced else protocol


def rules_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return threshold and smallest area of a protocol as settings say it, where nothing was changed."""
    name = said.get("protocol", DEFAULT_PROTOCOL)
    base = CalciumProtocol(**preset_fields(name)) if name in presets() else CalciumProtocol()
    rules = {"threshold_hu": base.threshold_hu, "minimum_area_mm2": base.minimum_area_mm2}
    return {field: float(said.get(field, value)) for field, value in rules.items()}


def choose_protocol(parameters: Any, name: str) -> None:
    """Choose a named protocol: threshold and smallest area become its own."""
    rules = rules_of({"protocol": name})
    parameters.protocol = name
    parameters.threshold, parameters.minimumArea = rules["threshold_hu"], rules["minimum_area_mm2"]


def take_protocol(parameters: Any, content: Mapping[str, Any]) -> None:
    """Take the protocol of a settings file.

    Raises
    ------
    ValueError, UnusableInputError
        In one clause, when the file has no usable protocol.
    """
    said = own_protocol(content)
    other = other_settings(parameters)
    other["calcium"] = {**other.get("calcium", {}), **said}
    base = Settings.from_mapping({"calcium": said}).calcium
    parameters.otherSettings = json.dumps(other, allow_nan=False)
    parameters.protocol = said["protocol"]
    parameters.threshold, parameters.minimumArea = base.threshold_hu, base.minimum_area_mm2


def own_protocol(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``calcium`` part of a settings file, checked.

    Raises
    ------
    ValueError
        In one clause, when the file says nothing of calcium or what it says is no protocol.
    """
    said = content.get("calcium", content)
    if not isinstance(said, Mapping) or not said.get("protocol"):
        raise ValueError("the file has no calcium protocol")
    Settings.from_mapping({"calcium": dict(said)})
    return with_preset(dict(said))


def visual_settings(kept: str) -> dict[str, int | None]:
    """Return the visual reading that a text of five letters says (``0103-``)."""
    letters = kept.ljust(len(VISUAL_FIELDS), UNREAD)
    return {
        field: int(letter) if letter.isdigit() else None for field, letter in zip(VISUAL_FIELDS, letters, strict=False)
    }


def visual_text(said: Mapping[str, Any]) -> str:
    """Return a visual reading as a text of five letters."""
    values = [said.get(field) for field in VISUAL_FIELDS]
    return "".join(UNREAD if value is None else str(int(value)) for value in values)
