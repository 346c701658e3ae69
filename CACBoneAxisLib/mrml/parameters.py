"""The panel's parameter node as nodes and settings of a reading."""

from __future__ import annotations

import json
from typing import Any

from CACBoneAxisLib.mrml.reading import ReadingNodes
from CACBoneAxisLib.study.settings import merge


def settings_from_parameters(parameters: Any) -> dict[str, Any]:
    """Return the settings (as in a settings file) that a parameter node says.

    A zero in a field that cannot be zero means that nothing was said, and so does None
    as the value of a choice. ``otherSettings`` (JSON) holds what the panel has no field for.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode, or anything with the same attributes
    """
    calcium: dict[str, Any] = {
        "threshold_hu": float(parameters.threshold),
        "minimum_area_mm2": float(parameters.minimumArea),
        "mass_factor_mg_per_mm3_per_hu": float(parameters.massFactor) or None,
    }
    linear = parameters.calibration.value == "linear"
    bone: dict[str, Any] = {
        "region": {"shape": parameters.regionShape.value},
        "calibration": {
            "kind": parameters.calibration.value,
            "slope": float(parameters.slope) if linear else None,
            "intercept": float(parameters.intercept) if linear else None,
            "material": parameters.material.value if linear else None,
            "kvp": (float(parameters.calibrationKvp) or None) if linear else None,
        },
        "t_score_reference": parameters.tScoreReference.value,
    }
    patient = {
        "age_years": float(parameters.ageYears) or None,
        "sex": parameters.sex.value,
    }
    acquisition = {
        "kvp": float(parameters.kvp) or None,
        "contrast": parameters.contrast.value,
    }
    other = json.loads(parameters.otherSettings or "{}")
    kept = other.get("bone", {})
    # What the panel has no choice for shows there as "none" and stays what the other settings say.
    if bone["calibration"]["kind"] == "none" and kept.get("calibration", {}).get("kind") in ("phantom", "asynchronous"):
        del bone["calibration"]
    own = [row["reference"] for row in kept.get("site_references", [])]
    if bone["t_score_reference"] is None and kept.get("t_score_reference") in own:
        del bone["t_score_reference"]
    chosen = {"calcium": calcium, "bone": bone, "patient": patient, "acquisition": acquisition}
    return merge(other, chosen)


def nodes_from_parameters(parameters: Any) -> ReadingNodes:
    """Return the nodes that a parameter node chooses.

    An empty point list says nothing about calcium; only the statement that nothing was
    found makes the score 0.
    """
    return ReadingNodes(
        parameters.volume, seeds_given(parameters), tuple(existing_regions(parameters)), parameters.vertebrae
    )


def seeds_given(parameters: Any) -> tuple[Any, ...] | None:
    """Return the point lists read for calcium; None when nobody said anything about it."""
    if parameters.seeds is not None and parameters.seeds.GetNumberOfDefinedControlPoints():
        return (parameters.seeds,)
    return () if parameters.noneFound else None


def existing_regions(parameters: Any) -> list[Any]:
    """Return the regions of a parameter node that are still in the scene."""
    return [node for node in parameters.regions if node is not None and node.GetScene() is not None]
