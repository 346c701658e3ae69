"""Convert the panel's parameter node to nodes and settings of a reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.mrml.choices import other_settings
from CACBoneAxisLib.mrml.inputs import ReadingNodes
from CACBoneAxisLib.mrml.protocols import calcium_settings, visual_settings
from CACBoneAxisLib.study.settings import merge

# Fields of these calibration kinds; the others use all fields.
FIELDS_OF_KIND = {
    "linear": ("slope", "intercept", "material", "kvp", "source"),
    "phantom": ("phantom", "rods", "rod_centers_ras_mm", "rod_radius_mm", "source"),
    "tissue": ("source",),
}


def settings_from_parameters(parameters: Any) -> dict[str, Any]:
    """Return the settings, as in a settings file, from a parameter node.

    Zero in a field that cannot be zero means not stated, as does None as the value of a choice.
    ``otherSettings`` (JSON) holds settings without a field (mrml/choices.py). An incomplete
    calibration counts as none.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode, or anything with the same attributes
    """
    patient = {
        "age_years": float(parameters.ageYears) or None,
        "sex": parameters.sex.value,
    }
    acquisition = {
        "kvp": float(parameters.kvp) or None,
        "contrast": parameters.contrast.value,
    }
    other = other_settings(parameters)
    if isinstance(bone := other.get("bone"), dict) and "calibration" in bone:
        calibration = effective_calibration(bone["calibration"])
        if calibration["kind"] == "dual-energy" and parameters.secondVolume is None:
            calibration = {"kind": "none"}
        other["bone"] = {**bone, "calibration": calibration}
    merged = merge(other, {"patient": patient, "acquisition": acquisition})
    merged["calcium"] = calcium_settings(parameters, other.get("calcium", {}))
    merged["visual"] = visual_settings(str(parameters.visual))
    return merged


def effective_calibration(calibration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calibration fields of the selected kind, None if incomplete.

    Values typed for another kind are kept but ignored.
    """
    kind = calibration.get("kind", "none")
    if kind == "none" or unfinished_calibration(calibration):
        return {"kind": "none"}
    names = FIELDS_OF_KIND.get(kind, tuple(calibration))
    kept = {name: value for name, value in calibration.items() if name in ("kind", *names)}
    mapped = kind == "linear" or (kind == "dual-energy" and kept.get("slope") is not None)
    if kind == "dual-energy" and not mapped:
        kept = {name: value for name, value in kept.items() if name not in ("intercept", "material")}
    return {"intercept": 0.0, **kept} if mapped else kept


def unfinished_calibration(calibration: Mapping[str, Any] | None) -> str:
    """Return the missing part of a calibration: slope, phantom, file or the like.

    Empty if complete.

    A reader selects the kind first, then types or loads the rest; until then there is no BMD.
    """
    said = calibration or {}
    kind = said.get("kind", "none")
    if kind == "asynchronous" and said.get("slope") is None:
        return "file"
    if kind == "phantom" and not said.get("phantom"):
        return "phantom"
    if kind == "dual-energy" and not (said.get("energies_kev") or said.get("ha_hu_per_100")):
        return "energies"
    if kind == "dual-energy" and said.get("slope") and not said.get("material"):
        return "material"
    if kind == "linear":
        return next((name for name in ("slope", "material") if not said.get(name)), "")
    return ""


def nodes_from_parameters(parameters: Any) -> ReadingNodes:
    """Return the nodes selected in a parameter node.

    An empty point list does not mean a score of 0; that needs the statement that nothing was found.
    """
    return ReadingNodes(
        parameters.volume,
        seeds_given(parameters),
        tuple(existing_regions(parameters)),
        parameters.vertebrae,
        second_volume(parameters),
        parameters.heartSegmentation,
    )


def second_volume(parameters: Any) -> Any:
    """Return the second-energy scan for dual-energy calibration, or None."""
    calibration = other_settings(parameters).get("bone", {}).get("calibration") or {}
    return parameters.secondVolume if calibration.get("kind") == "dual-energy" else None


def seeds_given(parameters: Any) -> tuple[Any, ...] | None:
    """Return the point lists read for calcium, None if calcium was not read."""
    if parameters.seeds is not None and parameters.seeds.GetNumberOfDefinedControlPoints():
        return (parameters.seeds,)
    return () if parameters.noneFound else None


def existing_regions(parameters: Any) -> list[Any]:
    """Return the regions of a parameter node that are still in the scene."""
    return [node for node in parameters.regions if node is not None and node.GetScene() is not None]
